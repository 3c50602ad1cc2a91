// Our entries for the token endpoint benchmark: straight under node:http(s), and mounted in an Express application.
const opaque = ['basic-opaque', 'post-opaque', 'wrong-secret', 'fixed-rate', 'tls-client-auth', 'self-signed-tls'];
const assertions = ['private-key-jwt-es256', 'private-key-jwt-rs256', 'client-secret-jwt-hs256'];

// Issuers are https here, also where the benchmark speaks plain HTTP.
const assertionAudience = 'https://127.0.0.1:4310';

const contender = (name, env) => ({
  name,
  command: ['node', 'server.js'],
  tokenPath: '/oauth2/token',
  assertionAudience,
  env,
  workloads: Object.fromEntries([...opaque, 'basic-jwt', ...assertions].map((workload) => [workload, {}])),
});

export default [
  contender('express-client-auth', { MOUNT: 'node' }),
  contender('express-client-auth-in-express', { MOUNT: 'express' }),
];
