// What every server of the benchmark is told, and the parts that all but ours share: see bench/README.md.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { answerSeeds } from './seeds.js';

const { env } = process;
const json = (path) => JSON.parse(readFileSync(path, 'utf8'));

export const settings = {
  issuer: env.ISSUER,
  method: env.AUTH_METHOD,
  format: env.TOKEN_FORMAT,
  resource: env.RESOURCE,
  /** Seconds. */
  lifetime: 3600,
};
export { person, redirectUri } from '../harness/constants.js';
export const signingJwk = env.SIGNING_KEY_FILE ? json(env.SIGNING_KEY_FILE) : undefined;
export const now = () => Math.floor(Date.now() / 1000);
export const sha256 = (data) => createHash('sha256').update(data).digest();
export const randomToken = () => randomBytes(32).toString('base64url');

/** Registered clients by client_id, each with the digest its secret is compared by. */
export const clients = new Map(
  json(env.CLIENTS_FILE).map((client) => [
    client.client_id,
    { ...client, secretDigest: client.client_secret && sha256(client.client_secret) },
  ]),
);

export function secretMatches(client, secret) {
  return typeof secret === 'string' && timingSafeEqual(sha256(secret), client.secretDigest);
}

/** Keeps the newest 50 000 entries at least and 100 000 at most: when a half is full, the older half goes. */
export class BoundedStore {
  #newer = new Map();
  #older = new Map();

  set(key, value) {
    if (this.#newer.size === 50_000) [this.#older, this.#newer] = [this.#newer, new Map()];
    this.#newer.set(key, value);
  }

  get(key) {
    return this.#newer.get(key) ?? this.#older.get(key);
  }

  /** False where somebody was first. */
  claim(key) {
    if (this.get(key) !== undefined) return false;
    this.set(key, true);
    return true;
  }

  delete(key) {
    this.#newer.delete(key);
    this.#older.delete(key);
  }
}

export const accessTokens = new BoundedStore();
export const refreshTokens = new BoundedStore();
export const codes = new BoundedStore();
const used = new BoundedStore();

/** Whether nobody has used this id of this client's before. */
export const isFirstUse = (clientId, jti) => used.claim(`${clientId} ${jti}`);

/** The claims of a JWT access token (RFC 9068 2.2). */
export function accessTokenClaims(clientId, { sub = clientId, scope }) {
  const iat = now();
  return {
    iss: settings.issuer,
    sub,
    client_id: clientId,
    aud: settings.resource,
    scope,
    iat,
    exp: iat + settings.lifetime,
    jti: randomToken(),
  };
}

const certificates = new WeakMap();

/** The certificate of a connection, parsed once; undefined without one. */
export function certificateOf(socket) {
  if (!certificates.has(socket)) certificates.set(socket, socket.getPeerX509Certificate());
  return certificates.get(socket);
}

export function listen(handler, seeds = {}) {
  const server = env.TLS_KEY_FILE
    ? https.createServer(
        {
          key: readFileSync(env.TLS_KEY_FILE),
          cert: readFileSync(env.TLS_CERT_FILE),
          ca: readFileSync(env.TLS_CLIENT_CA_FILE),
          requestCert: true,
          rejectUnauthorized: false,
        },
        handler,
      )
    : http.createServer(handler);
  server.listen(Number(env.PORT), env.HOST ?? '127.0.0.1');
  answerSeeds(seeds);
  process.on('SIGTERM', () => process.exit(0));
}
