import { createHmac, type KeyObject, randomUUID, sign } from 'node:crypto';
import { assertionType, issuer, signer } from './methods.js';
import type { SpecServer } from './spec-server.js';
import { noteSecret } from './suite-log.js';

/** What a caller and an operator see of one token request. */
export interface Outcome {
  readonly status: number;
  readonly error?: string;
  readonly reason?: string;
}

export const accepted: Outcome = { status: 200, error: undefined, reason: undefined };
export const refused = (reason: string): Outcome => ({ status: 401, error: 'invalid_client', reason });

/** Asks for a token with an assertion; `more` are further body parameters. */
export async function present(
  server: SpecServer,
  clientAssertion: string,
  more: Record<string, string> = {},
): Promise<Outcome> {
  // A short string is no credential, and would be found in every log.
  if (clientAssertion.length > 100) noteSecret(clientAssertion);
  const { status, body } = await server.token({
    grant_type: 'client_credentials',
    client_assertion: clientAssertion,
    client_assertion_type: assertionType,
    ...more,
  });
  return { status, error: body.error, reason: server.last().reason };
}

/** Right claims of a client, fresh each time; a claim of undefined is left out when they become JSON. */
export function rightClaims(clientId = 'private-key-client', claims: Record<string, unknown> = {}) {
  const now = Math.floor(Date.now() / 1000);
  return { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), iat: now, exp: now + 60, ...claims };
}

export interface Forgery {
  /** An object, or the JSON text itself. Absent: that of the spec's signer. */
  readonly header?: Record<string, unknown> | string;
  readonly claims?: Record<string, unknown> | string;
  /** Answers the signature's octets. Absent: a right ES256 one. */
  readonly sign?: (input: string) => Buffer;
  /** Changes the encoded parts, before the signature is made. */
  readonly encode?: (part: string, which: 'header' | 'claims') => string;
}

/** A compact JWS in which every octet is chosen, and the signature fits: so that only the named flaw can refuse it. */
export function forge({ header = { alg: 'ES256', kid: 'signer-1' }, claims, ...options }: Forgery = {}): string {
  const encode = options.encode ?? ((part) => part);
  const text = (value: Record<string, unknown> | string) => (typeof value === 'string' ? value : JSON.stringify(value));
  const parts = [encode(base64url(text(header)), 'header'), encode(base64url(text(claims ?? rightClaims())), 'claims')];
  const input = parts.join('.');
  return `${input}.${(options.sign ?? es256())(input).toString('base64url')}`;
}

export function base64url(text: string | Buffer): string {
  return Buffer.from(text).toString('base64url');
}

export function es256(key: KeyObject = signer.privateKey): (input: string) => Buffer {
  return (input) => sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

export function hmac(key: string | Buffer, bits = 256): (input: string) => Buffer {
  return (input) => createHmac(`sha${bits}`, key).update(input).digest();
}

/** A right claims object as JSON text with `text` as its first members. */
export function claimsBeginningWith(text: string, claims: Record<string, unknown> = rightClaims()): string {
  return `{${text},${JSON.stringify(claims).slice(1)}`;
}
