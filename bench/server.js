// Our server as the token endpoint benchmark wants it: told what to do by environment variables, see bench/README.md.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import express from 'express';
import { clientCredentials, grantRouter, standardStrategies } from '../dist/index.js';

const { env } = process;
const issuer = new URL(env.ISSUER).href.replace(/^http:/, 'https:').replace(/\/$/, '');
const pem = (path) => readFileSync(path, 'utf8');

const router = grantRouter({
  issuer,
  clients: JSON.parse(pem(env.CLIENTS_FILE)).map((client) => ({
    ...client,
    grant_types: ['client_credentials'],
    scope: 'read',
  })),
  strategies: standardStrategies(),
  grants: [clientCredentials()],
  scopes: { read: {} },
  access_token_format: env.TOKEN_FORMAT,
  audience: env.RESOURCE || undefined,
  root_cas: env.TLS_CLIENT_CA_FILE ? [pem(env.TLS_CLIENT_CA_FILE)] : [],
});
await router.ready();

const handler = env.MOUNT === 'express' ? express().use(router) : router;
const server = env.TLS_KEY_FILE
  ? https.createServer(
      { key: pem(env.TLS_KEY_FILE), cert: pem(env.TLS_CERT_FILE), requestCert: true, rejectUnauthorized: false },
      handler,
    )
  : http.createServer(handler);
server.listen(Number(env.PORT), env.HOST ?? '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)));
