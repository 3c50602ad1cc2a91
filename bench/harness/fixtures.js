// Registered clients, what they authenticate with, and the keys of the server: made for a run, below one directory.
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { redirectUri } from './constants.js';

const mostClients = 500;
/** Each connection has a certificate of its own. */
const mostCertificates = 16;
/** RSA keys take long to make. */
const mostRsaKeys = 10;

export class Fixtures {
  #directory;
  #made = new Map();

  constructor(directory) {
    this.#directory = directory;
  }

  /** Path of the private ES256 key of JWT access tokens, as JWK. */
  get signingKeyFile() {
    return this.#file('signing-key.json', () =>
      JSON.stringify({ ...keyPair('ES256').privateJwk, kid: 'signing-key', alg: 'ES256', use: 'sig' }),
    );
  }

  /** Paths of the server's key and certificate, and of the CA of both sides. */
  get tls() {
    if (!existsSync(this.#path('ca-cert.pem'))) this.#certificate('ca', '/CN=bench-ca', { isCa: true });
    if (!existsSync(this.#path('server-cert.pem'))) {
      this.#certificate('server', '/CN=127.0.0.1', { issuer: 'ca', extensions: ['subjectAltName=IP:127.0.0.1'] });
    }
    const [key, cert, ca] = ['server-key.pem', 'server-cert.pem', 'ca-cert.pem'].map((name) => this.#path(name));
    return { key, cert, ca };
  }

  /** The clients of a workload: a path of their metadata, and beside it what each proves itself with. */
  clients({ method, alg, tls }, wanted) {
    const count = wanted ?? (tls ? mostCertificates : mostClients);
    const name = [method, alg, count].filter(Boolean).join('-');
    if (!this.#made.has(name)) this.#made.set(name, this.#makeClients(name, { method, alg }, count));
    return this.#made.get(name);
  }

  #makeClients(name, { method, alg }, count) {
    const rsaKeys = alg === 'RS256' ? Array.from({ length: mostRsaKeys }, () => keyPair('RS256')) : [];
    const made = Array.from({ length: count }, (_, index) => {
      const id = `${method.replaceAll('_', '-')}-${index}`;
      return this.#client(id, { method, alg, pair: rsaKeys[index % mostRsaKeys] });
    });
    const file = this.#file(`${name}.json`, () => JSON.stringify(made.map(({ metadata }) => metadata)));
    return { file, credentials: made.map(({ credentials }) => credentials) };
  }

  #client(id, { method, alg, pair }) {
    const metadata = {
      client_id: id,
      token_endpoint_auth_method: method,
      ...(alg && { token_endpoint_auth_signing_alg: alg }),
      grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      redirect_uris: [redirectUri],
      scope: 'read offline_access',
    };
    if (method.startsWith('client_secret')) {
      const secret = randomBytes(32).toString('base64url');
      return { metadata: { ...metadata, client_secret: secret }, credentials: { id, secret } };
    }
    if (method === 'private_key_jwt') {
      const { publicJwk, privateJwk } = pair ?? keyPair(alg);
      const jwks = { keys: [{ ...publicJwk, kid: 'key-1', alg, use: 'sig' }] };
      return {
        metadata: { ...metadata, jwks },
        credentials: { id, key: createPrivateKey({ key: privateJwk, format: 'jwk' }) },
      };
    }
    const isChained = method === 'tls_client_auth';
    const certificate = this.#certificate(id, `/CN=${id}`, isChained ? { issuer: 'ca' } : {});
    const names = isChained
      ? { tls_client_auth_subject_dn: `CN=${id}` }
      : { jwks: { keys: [certificateJwk(certificate.cert)] } };
    return { metadata: { ...metadata, ...names }, credentials: { id, certificate } };
  }

  #certificate(name, subject, { issuer, isCa = false, extensions = [] } = {}) {
    if (issuer && !existsSync(this.#path(`${issuer}-cert.pem`))) this.tls;
    const [key, cert] = [this.#path(`${name}-key.pem`), this.#path(`${name}-cert.pem`)];
    const signedBy = issuer ? ['-CA', this.#path(`${issuer}-cert.pem`), '-CAkey', this.#path(`${issuer}-key.pem`)] : [];
    const added = [`basicConstraints=critical,CA:${isCa ? 'TRUE' : 'FALSE'}`, ...extensions];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
    const files = ['-subj', subject, '-keyout', key, '-out', cert];
    execFileSync('openssl', [...request, ...files, ...signedBy, ...added.flatMap((each) => ['-addext', each])], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  }

  #path(name) {
    return join(this.#directory, name);
  }

  #file(name, content) {
    const path = this.#path(name);
    if (!existsSync(path)) writeFileSync(path, content());
    return path;
  }
}

function certificateJwk(pem) {
  const certificate = new X509Certificate(pem);
  const x5c = [certificate.raw.toString('base64')];
  return { ...certificate.publicKey.export({ format: 'jwk' }), use: 'sig', x5c };
}

// By way of PEM: on Node 20 the export of a key that was just made can hang while garbage is collected.
function keyPair(alg) {
  const encoding = {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  };
  const { publicKey, privateKey } =
    alg === 'RS256'
      ? generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding })
      : generateKeyPairSync('ec', { namedCurve: 'P-256', ...encoding });
  return {
    publicJwk: createPublicKey(publicKey).export({ format: 'jwk' }),
    privateJwk: createPrivateKey(privateKey).export({ format: 'jwk' }),
  };
}
