import crypto, { constants } from 'node:crypto';
import { promisify } from 'node:util';
import type { SigningAlgorithm, SigningKey } from './signing-key.js';

const rsaPadding: Readonly<Partial<Record<SigningAlgorithm, number>>> = {
  RS256: constants.RSA_PKCS1_PADDING,
  PS256: constants.RSA_PKCS1_PSS_PADDING,
};

const inAThread = promisify<string, Buffer, crypto.SignKeyObjectInput, Buffer>(crypto.sign);

/** Headers as they stand in a JWT, by `typ`: they are the same in every one that a key signs. */
const headers = new WeakMap<SigningKey, Map<string, string>>();

/**
 * A compact JWT (RFC 7519) of these claims; undefined members are left out. By node:crypto, because Web Crypto asks a
 * thread for what takes no time: docs/performance.md. RSA does take its time, and gets a thread.
 */
export async function signJwt(claims: object, typ: string, key: SigningKey): Promise<string> {
  const input = `${headerOf(key, typ)}.${base64url(claims)}`;
  const signature = await signatureOf(Buffer.from(input, 'latin1'), key);
  return `${input}.${signature.toString('base64url')}`;
}

function signatureOf(input: Buffer, { alg, privateKey: key }: SigningKey): Buffer | Promise<Buffer> {
  if (alg === 'ES256') return crypto.sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
  if (alg === 'Ed25519') return crypto.sign(null, input, key);
  const padding = rsaPadding[alg];
  return inAThread('sha256', input, { key, padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST });
}

function headerOf(key: SigningKey, typ: string): string {
  const known = headers.get(key) ?? new Map<string, string>();
  const header = known.get(typ) ?? base64url({ alg: key.alg, kid: key.kid, typ });
  if (known.size === 0) headers.set(key, known);
  known.set(typ, header);
  return header;
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
