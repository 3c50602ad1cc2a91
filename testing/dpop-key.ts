import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { signToken } from './json-web-token.js';

/** What a proof is made for. */
export interface ProofRequest {
  readonly method: string;
  /** Without query and fragment, as the server's public URL has it. */
  readonly url: string;
  /** The access token that goes with it. */
  readonly accessToken?: string;
  /** The `DPoP-Nonce` of an earlier reply. */
  readonly nonce?: string;
}

/** A client's key for DPoP (RFC 9449), P-256. */
export interface DpopKey {
  /** RFC 7638 thumbprint: what tokens are bound to as `cnf.jkt`, and the parameter `dpop_jkt`. */
  readonly jkt: string;
  /** A new proof, the value of the header `DPoP`. Good once. */
  proof(request: ProofRequest): string;
}

/** A new key for DPoP. */
export function dpopKey(): DpopKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const { crv, kty, x, y } = createPublicKey(publicKey).export({ format: 'jwk' });
  // RFC 7638 3.2: these members, in this order.
  const jwk = { crv, kty, x, y };
  return {
    jkt: hash(JSON.stringify(jwk)),
    proof: ({ method, url, accessToken, nonce }) =>
      signToken(
        { typ: 'dpop+jwt', jwk },
        { htm: method, htu: url, ...(accessToken && { ath: hash(accessToken) }), ...(nonce && { nonce }) },
        { privateKey },
      ),
  };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
