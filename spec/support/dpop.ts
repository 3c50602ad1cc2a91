import { createHash, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, type JWK, type JWTPayload, SignJWT } from 'jose';
import { type ClientKeyPair, clientKey } from './client-keys.js';

/** What differs from a right proof. A claim or header parameter of undefined is left out. */
export interface ProofChanges {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  /** Who signs, where it is not the key in `jwk`. */
  readonly signer?: Parameters<SignJWT['sign']>[0];
  /** Milliseconds. */
  readonly now?: number;
}

/** A client's DPoP key. */
export class ProofMaker {
  readonly pair: ClientKeyPair;
  readonly alg: string;

  constructor(type: Parameters<typeof clientKey>[0] = 'P-256', alg = 'ES256') {
    this.pair = clientKey(type);
    this.alg = alg;
  }

  /** RFC 7638 SHA-256 thumbprint. */
  get jkt(): Promise<string> {
    return calculateJwkThumbprint(this.pair.jwk as JWK);
  }

  /** A proof for one request (RFC 9449 4.2). */
  proof(method: string, url: string, { claims, header, signer, now = Date.now() }: ProofChanges = {}): Promise<string> {
    const right = { jti: randomUUID(), htm: method, htu: url, iat: Math.floor(now / 1000), ...claims };
    const all = { alg: this.alg, typ: 'dpop+jwt', jwk: this.pair.jwk, ...header };
    return new SignJWT(present(right) as JWTPayload)
      .setProtectedHeader(present(all) as { alg: string })
      .sign(signer ?? this.pair.privateKey, { crit: { urn: true } as never });
  }

  /** A proof that goes with an access token. */
  forToken(token: string, method: string, url: string, { claims, ...changes }: ProofChanges = {}): Promise<string> {
    return this.proof(method, url, { ...changes, claims: { ath: tokenHash(token), ...claims } });
  }
}

/** RFC 9449 4.2: `ath`. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

function present(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
