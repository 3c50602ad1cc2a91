import { createHmac, timingSafeEqual } from 'node:crypto';
import type { RegisteredClient, SecretVerdict } from '../clients/client.js';
import { type FailureReason, OAuthError } from '../errors.js';
import type { AuthenticationContext, Evidence, Verification } from './strategy.js';

/** A client_id and a client_secret as presented, decoded. */
export interface SecretEvidence extends Evidence {
  readonly secret: string;
}

const reasons: Readonly<Record<Exclude<SecretVerdict, 'match'>, FailureReason>> = {
  mismatch: 'secret_mismatch',
  expired: 'secret_expired',
  none: 'secret_missing',
};

/** Which live secret of the client this is. Throws OAuthError when it is none. */
export function checkSecret(secret: string, client: RegisteredClient, context: AuthenticationContext): Verification {
  const found = client.secrets.match(secret, context.now());
  if (found.verdict !== 'match') throw new OAuthError(reasons[found.verdict]);
  return found.secret ? { secret: found.secret } : {};
}

const decoyKey = Buffer.alloc(32, 1);
const decoyDigest = Buffer.alloc(32, 2);

/** What checking a secret costs: one HMAC and one comparison. */
export function rehearseSecret({ secret }: SecretEvidence): void {
  timingSafeEqual(createHmac('sha256', decoyKey).update(secret).digest(), decoyDigest);
}
