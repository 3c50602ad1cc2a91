// Our entries for a token endpoint benchmark that starts contenders by command: straight under node:http(s), mounted in
// an Express application, and the floor. Each server is told what to do by environment variables: see bench/README.md.
const workloads = [
  'basic-opaque',
  'post-opaque',
  'basic-jwt',
  'wrong-secret',
  'fixed-rate',
  'tls-client-auth',
  'self-signed-tls',
  'private-key-jwt-es256',
  'private-key-jwt-rs256',
  'client-secret-jwt-hs256',
];

const contender = (name, file, more) => ({
  name,
  command: ['node', `servers/${file}`],
  workloads: Object.fromEntries(workloads.map((workload) => [workload, {}])),
  ...more,
});
// Issuers are https with us, also where the benchmark speaks plain HTTP.
const ours = { tokenPath: '/oauth2/token', assertionAudience: 'https://127.0.0.1:4310' };

export default [
  contender('floor-http', 'floor-http.js'),
  contender('express-client-auth', 'express-client-auth.js', { ...ours, env: { MOUNT: 'node' } }),
  contender('express-client-auth-in-express', 'express-client-auth.js', { ...ours, env: { MOUNT: 'express' } }),
];
