// Whether a reply is what its workload asks for. Every reply is looked at; of JWTs every hundredth signature is verified.
import { createPublicKey, verify } from 'node:crypto';

export class Replies {
  #workload;
  #keys;
  #seen = new Set();
  #count = 0;

  /** `keys`: the JWKs by which the server signs access tokens. */
  constructor(workload, keys) {
    this.#workload = workload;
    this.#keys = keys;
  }

  /** The body of a reply. Throws where it is not as it must be. */
  checked({ status, text }) {
    const { method, failure, endpoint, grant, format } = this.#workload;
    const body = parsed(status, text);
    const must = (condition, what) => {
      if (!condition) throw new Error(`${what}: ${status} ${text.slice(0, 300)}`);
    };
    if (failure) {
      // 400 is allowed to those that were shown no Authorization header (RFC 6749 5.2).
      const allowed = method === 'client_secret_basic' ? [401] : [400, 401];
      must(allowed.includes(status) && body.error === 'invalid_client', 'expected 401 invalid_client');
      return body;
    }
    must(status === 200, 'expected 200');
    if (endpoint === 'introspection') {
      must(
        body.active === true && body.scope?.includes('read') && body.client_id && body.exp,
        'expected an active token',
      );
      return body;
    }
    const { access_token: token, refresh_token: refresh } = body;
    must(typeof token === 'string' && token.length >= 20, 'no access token');
    must(body.token_type?.toLowerCase() === 'bearer', 'token_type is not Bearer');
    must(Math.abs(body.expires_in - 3600) <= 1, 'expires_in is not 3600');
    must(`${body.scope}`.split(' ').includes('read'), 'scope is not read');
    must(!grant || typeof refresh === 'string', 'no refresh token');
    must(!this.#seen.has(token) && !this.#seen.has(refresh), 'a token came twice');
    must((token.split('.').length === 3) === (format === 'jwt'), `not a token of format ${format}`);
    if (format === 'jwt' && this.#count++ % 100 === 0) must(this.#isSigned(token), 'not signed, or claims are missing');
    this.#seen.add(token).add(refresh ?? token);
    return body;
  }

  /** Forgets which tokens there were. */
  forget() {
    this.#seen.clear();
  }

  #isSigned(token) {
    const [head, body, signature] = token.split('.');
    const [{ alg, kid }, claims] = [head, body].map((part) => JSON.parse(Buffer.from(part, 'base64url')));
    const jwk = this.#keys.find((key) => key.kid === kid);
    if (alg !== 'ES256' || !jwk || !claims.aud || claims.exp - claims.iat < 3599) return false;
    const key = createPublicKey({ key: { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y }, format: 'jwk' });
    const options = { key, dsaEncoding: 'ieee-p1363' };
    return verify('sha256', Buffer.from(`${head}.${body}`), options, Buffer.from(signature, 'base64url'));
  }
}

function parsed(status, text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`not JSON: ${status} ${text.slice(0, 300)}`);
  }
}
