// Who is measured, with which workloads. `needs`: a package that only the benchmark depends on.
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { workloads } from './workloads.js';

const all = Object.keys(workloads);
const without = (...parts) => all.filter((name) => !parts.some((part) => name.includes(part)));
const onStores = ['basic-opaque', 'basic-jwt', 'private-key-jwt-es256', 'authorization-code', 'refresh-token'];

const ours = {
  file: 'express-client-auth.js',
  workloads: all,
  paths: { token: '/oauth2/token', introspection: '/oauth2/introspect', keys: '/.well-known/jwks.json' },
};

export const contenders = {
  'floor-http': { file: 'floor-http.js', workloads: all },
  'floor-lean-express': { file: 'floor-http.js', workloads: all, env: { MOUNT: 'express' } },
  'express-client-auth': ours,
  'express-client-auth-in-express': { ...ours, env: { MOUNT: 'express' } },
  // Its introspection does not know its own JWTs.
  'oidc-provider': { file: 'oidc-provider.js', workloads: without('introspection-jwt'), needs: 'oidc-provider' },
  'node-oauth': {
    file: 'node-oauth.js',
    workloads: without('introspection', 'es256', 'rs256', 'hs256', 'tls', 'certificate', 'self-signed'),
    needs: '@node-oauth/oauth2-server',
  },
  oauth2orize: { file: 'oauth2orize.js', workloads: without('introspection'), needs: 'oauth2orize' },
  'express-client-auth-lmdb': {
    ...ours,
    workloads: onStores,
    store: () => `lmdb:${join(tmpdir(), `bench-${randomUUID()}`)}`,
  },
  'express-client-auth-redis': {
    ...ours,
    workloads: onStores,
    store: () => `${process.env.REDIS_URL ?? 'redis://127.0.0.1:6379'}?prefix=bench:${randomUUID()}:`,
  },
  'express-client-auth-postgres': {
    ...ours,
    workloads: onStores,
    store: () =>
      `${process.env.DATABASE_URL ?? 'postgres://postgres@127.0.0.1:5432/test'}?schema=bench_${randomUUID().slice(0, 8)}`,
  },
};

/** Those of a run in which nobody else was asked for. */
export const quick = Object.keys(contenders).filter((name) => !contenders[name].store);
