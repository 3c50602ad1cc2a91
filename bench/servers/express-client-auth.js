// Our server, as the benchmark wants it: see bench/README.md. MOUNT=express: inside an Express application.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import express from 'express';
import {
  authorizationCode,
  clientCredentials,
  grantRouter,
  migrateStore,
  openStore,
  refreshToken,
  standardStrategies,
} from '../../dist/index.js';
import { person, redirectUri } from '../harness/constants.js';
import { answerSeeds } from './seeds.js';

const { env } = process;
const pem = (path) => readFileSync(path, 'utf8');
// Issuers are https here, also where the benchmark speaks plain HTTP.
const issuer = new URL(env.ISSUER).href.replace(/^http:/, 'https:').replace(/\/$/, '');
const grants = env.GRANT ? ['authorization_code', 'refresh_token'] : [];
const registered = JSON.parse(pem(env.CLIENTS_FILE)).map((client) => ({
  ...client,
  grant_types: ['client_credentials', ...grants],
  scope: 'read offline_access',
  trusted: true,
}));

const aMillion = { max_attempts: 1_000_000 };
const router = grantRouter({
  issuer,
  clients: env.CLIENTS_BY === 'find' ? found(registered) : registered,
  strategies: standardStrategies(),
  grants: [clientCredentials(), authorizationCode(), refreshToken()],
  scopes: { read: {}, offline_access: {} },
  signing_keys: ['ES256'],
  access_token_format: env.TOKEN_FORMAT,
  audience: env.RESOURCE || undefined,
  root_cas: env.TLS_CLIENT_CA_FILE ? [pem(env.TLS_CLIENT_CA_FILE)] : [],
  store: await store(env.STORE_URL),
  secret_keys: [env.SECRET_KEY ?? randomBytes(32).toString('base64')],
  token_ttls: { authorization_code: 600 },
  // Failures are counted as ever; nobody is turned away before a million of them.
  rate_limits: { client: aMillion, source: aMillion, workspace: aMillion },
  authenticateUser: () => ({ id: person }),
});
await router.ready();

const handler = slowed(env.MOUNT === 'express' ? express().use(router) : router);
const server = env.TLS_KEY_FILE
  ? https.createServer(
      { key: pem(env.TLS_KEY_FILE), cert: pem(env.TLS_CERT_FILE), requestCert: true, rejectUnauthorized: false },
      handler,
    )
  : http.createServer(handler);
server.listen(Number(env.PORT), env.HOST ?? '127.0.0.1');
process.on('SIGTERM', () => server.close(() => process.exit(0)) && server.closeAllConnections());
answerSeeds({
  code: (clientIds) => inTurn(clientIds, codeFor),
  refresh_token: (clientIds) => inTurn(clientIds, tokenFor),
});

/** As from a database: one client for each question. */
function found(list) {
  const byId = new Map(list.map((client) => [client.client_id, client]));
  return { find: (id) => byId.get(id) };
}

async function store(url = 'memory:?acknowledge=single-process') {
  if (url.startsWith('postgres')) await migrateStore(url);
  return openStore(url);
}

/** BUSY_MICROSECONDS: CPU spent for nothing in every request, by which `check.js` proves that it can fail. */
function slowed(handler) {
  const busy = Number(env.BUSY_MICROSECONDS ?? 0);
  if (busy === 0) return handler;
  return (request, response) => {
    const start = process.cpuUsage();
    for (let used = start; used.user + used.system < busy || used === start; ) used = process.cpuUsage(start);
    handler(request, response);
  };
}

async function inTurn(clientIds, make) {
  const made = [];
  for (const clientId of clientIds) made.push(await make(clientId));
  return made;
}

/** By the authorization endpoint itself. */
async function codeFor(clientId) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    scope: 'read offline_access',
    code_challenge: env.CODE_CHALLENGE,
    code_challenge_method: 'S256',
  });
  const reply = await fetch(`http://127.0.0.1:${env.PORT}/oauth2/authorize?${query}`, { redirect: 'manual' });
  const code = new URL(reply.headers.get('location') ?? 'about:blank').searchParams.get('code');
  if (!code) throw new Error(`no code: ${reply.status} ${await reply.text()}`);
  return code;
}

async function tokenFor(clientId) {
  const { client_secret: secret } = registered.find((client) => client.client_id === clientId);
  const reply = await fetch(`http://127.0.0.1:${env.PORT}/oauth2/token`, {
    method: 'POST',
    headers: { Authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code: await codeFor(clientId),
      redirect_uri: redirectUri,
      code_verifier: env.CODE_VERIFIER,
    }),
  });
  const body = await reply.json();
  if (!body.refresh_token) throw new Error(`no refresh token: ${JSON.stringify(body)}`);
  return body.refresh_token;
}
