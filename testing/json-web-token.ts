import { createHmac, createPrivateKey, randomUUID, sign } from 'node:crypto';

type JsonObject = Readonly<Record<string, unknown>>;

/** How a token is signed: with a client secret, or with a P-256 key as PKCS #8 PEM. */
export type TokenSigner = { readonly secret: string } | { readonly privateKey: string };

const encoded = (value: JsonObject) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * A JWT with `iat` and a `jti` of its own, as HS256 or ES256. Signed at once and not by a promise, so that a request
 * goes on being one: `authenticated(...).expect(200)`.
 */
export function signToken(header: JsonObject, claims: JsonObject, signer: TokenSigner): string {
  const alg = 'secret' in signer ? 'HS256' : 'ES256';
  const issued = { jti: randomUUID(), iat: Math.floor(Date.now() / 1000) };
  const input = `${encoded({ alg, ...header })}.${encoded({ ...issued, ...claims })}`;
  return `${input}.${signature(input, signer).toString('base64url')}`;
}

function signature(input: string, signer: TokenSigner): Buffer {
  if ('secret' in signer) return createHmac('sha256', signer.secret).update(input).digest();
  // RFC 7518 3.4: the two numbers side by side, not in DER.
  return sign('sha256', Buffer.from(input), { key: createPrivateKey(signer.privateKey), dsaEncoding: 'ieee-p1363' });
}
