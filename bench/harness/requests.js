// The requests of a workload, one after the other; whatever may be used once is new in each.
import { createHmac, randomUUID, sign } from 'node:crypto';
import { codeVerifier, issuer, redirectUri } from './constants.js';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Signing one takes the load generator most of a millisecond. */
const mostRsaSignatures = 4000;
/** Requests that are made in advance and sent again and again. */
const mostReady = 20_000;

export class Requests {
  #workload;
  #credentials;
  #path;
  #port;
  #seed;
  #next = 0;
  #ready = [];
  #things = [];

  /** `seed(kind, clientIds)` makes codes and refresh tokens at the server. */
  constructor({ workload, credentials, path, port, seed }) {
    this.#workload = workload;
    this.#credentials = credentials;
    this.#path = path;
    this.#port = port;
    this.#seed = seed;
  }

  /** Makes what costs time, for so many requests, and answers how many may be sent now. */
  async prepare(count) {
    const { grant, endpoint, alg, method } = this.#workload;
    if (grant === 'authorization_code') await this.#makeThings('code', count);
    if (grant === 'refresh_token' && this.#things.length === 0) await this.#makeThings('refresh_token', 100);
    if (endpoint === 'introspection') return this.#ready.length === 0 ? 0 : Number.POSITIVE_INFINITY;
    const wanted = alg === 'RS256' ? Math.min(count, mostRsaSignatures) : count;
    if (alg) while (this.#ready.length < wanted) this.#ready.push(this.#made());
    else if (!grant && !method.includes('tls') && this.#ready.length === 0) {
      const picked = this.#credentials.length > mostReady ? this.#someCredentials() : this.#credentials;
      this.#ready = picked.map((credentials) => this.#made({}, credentials));
    }
    if (alg) return this.#ready.length;
    return grant === 'authorization_code' ? this.#things.length : Number.POSITIVE_INFINITY;
  }

  /** Tokens to ask about, with the credentials of the clients that got them. */
  introspect(tokens) {
    this.#ready = tokens.map((token, index) =>
      this.#made({ token }, this.#credentials[index % this.#credentials.length]),
    );
  }

  /** The next request for this connection; undefined when there is nothing that may be sent. */
  take(connection) {
    const { grant, alg, tls } = this.#workload;
    if (tls) return this.#ofConnection(connection);
    if (alg) return this.#ready.pop();
    if (!grant) return this.#ready[this.#next++ % this.#ready.length];
    const thing = this.#things.shift();
    return thing && this.#flow(thing);
  }

  #ofConnection(connection) {
    this.#ready[connection] ??= this.#made({}, this.#credentials[connection]);
    return this.#ready[connection];
  }

  /** Notes what a reply hands out for later requests. */
  heard({ refresh_token: value }, credentials) {
    if (this.#workload.grant === 'refresh_token' && value) this.#things.push({ value, credentials });
  }

  #someCredentials() {
    return Array.from(
      { length: mostReady },
      () => this.#credentials[Math.floor(Math.random() * this.#credentials.length)],
    );
  }

  async #makeThings(kind, count) {
    const owners = Array.from(
      { length: count - this.#things.length },
      (_, index) => this.#credentials[index % this.#credentials.length],
    );
    if (owners.length <= 0) return;
    const values = await this.#seed(
      kind,
      owners.map(({ id }) => id),
    );
    this.#things.push(...values.map((value, index) => ({ value, credentials: owners[index] })));
  }

  #flow({ value, credentials }) {
    const form =
      this.#workload.grant === 'refresh_token'
        ? { grant_type: 'refresh_token', refresh_token: value }
        : { grant_type: 'authorization_code', code: value, redirect_uri: redirectUri, code_verifier: codeVerifier };
    return this.#made(form, credentials);
  }

  #made(form = {}, credentials = this.#credentials[this.#next++ % this.#credentials.length]) {
    const base = form.grant_type || form.token ? form : { grant_type: 'client_credentials', scope: 'read', ...form };
    const proof = proofs[this.#workload.method](credentials, this.#workload, this.#credentials);
    const body = new URLSearchParams({ ...base, ...proof.form }).toString();
    const lines = [
      `POST ${this.#path} HTTP/1.1`,
      `Host: 127.0.0.1:${this.#port}`,
      'Content-Type: application/x-www-form-urlencoded',
      `Content-Length: ${body.length}`,
      ...(proof.headers ?? []),
      ...(this.#workload.tls === 'handshake' ? ['Connection: close'] : []),
    ];
    return { bytes: Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'latin1'), credentials };
  }
}

const secretOf = ({ secret }, { failure }) => (failure ? `${secret.slice(0, -4)}oops` : secret);
const byAssertion = (credentials, workload) => ({
  form: { client_assertion_type: assertionType, client_assertion: signedAssertion(credentials, workload) },
});
/** With somebody else's name, where that is what is wrong. */
const byCertificate = (credentials, { failure }, all) => ({
  form: { client_id: failure ? all[(all.indexOf(credentials) + 1) % all.length].id : credentials.id },
});
const proofs = {
  client_secret_basic: (credentials, workload) => ({
    headers: [`Authorization: Basic ${btoa(`${credentials.id}:${secretOf(credentials, workload)}`)}`],
  }),
  client_secret_post: (credentials, workload) => ({
    form: { client_id: credentials.id, client_secret: secretOf(credentials, workload) },
  }),
  client_secret_jwt: byAssertion,
  private_key_jwt: byAssertion,
  tls_client_auth: byCertificate,
  self_signed_tls_client_auth: byCertificate,
};

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signedAssertion({ id, secret, key }, { alg, failure }) {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: id, sub: id, aud: issuer, jti: randomUUID(), iat, exp: iat + 300 };
  const input = `${encoded({ alg, typ: 'JWT', ...(key && { kid: 'key-1' }) })}.${encoded(claims)}`;
  const signed = Buffer.from(failure === 'signature' ? `${input}.` : input);
  const signature = secret
    ? createHmac('sha256', secret).update(signed).digest()
    : sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}
