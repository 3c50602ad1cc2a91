import { hash, type KeyObject } from 'node:crypto';
import { canonicalAlgorithm } from '../clients/assertion-algorithms.js';
import type { RegisteredClient } from '../clients/client.js';
import { OAuthError } from '../errors.js';
import { loggable } from '../loggable-value.js';
import { following, rescued, type Soon } from '../soon.js';
import { claimSoon } from '../stores/soon-store.js';
import { rehearseSignature, signerOf } from './assertion-signature.js';
import type { AssertionEvidence } from './client-assertion.js';
import type { AuthenticationContext } from './strategy.js';

/** Seconds an assertion may live. The longer one is for old clients, such as Authlib, that hard-code an hour. */
const maximumLifetime = 600;
const legacyMaximumLifetime = 3600;

/** Types a client assertion may carry (RFC 10070 4). Any other names a JWT made for another purpose (RFC 8725 3.11). */
const acceptedTypes = new Set(['jwt', 'client-authentication+jwt']);

/** How one assertion method finds its keys. */
export interface AssertionKeys {
  /** The JWS algorithms of the method. */
  readonly algorithms: ReadonlySet<string>;
  find(
    evidence: AssertionEvidence,
    client: RegisteredClient,
    context: AuthenticationContext,
  ): Soon<readonly KeyObject[]>;
  /** Judges the key that made the signature. Throws or rejects with OAuthError. */
  checkSigner?(signer: KeyObject, client: RegisteredClient, context: AuthenticationContext): Soon<void>;
}

/**
 * The checks both assertion methods share (RFC 7523 3, RFC 10070 4), in this order: type and algorithm, signature,
 * claims, and last the single use of `jti`, so that junk never fills the replay memory. Answers the key that signed.
 */
export function verifyAssertion(
  evidence: AssertionEvidence,
  client: RegisteredClient,
  context: AuthenticationContext,
  keys: AssertionKeys,
): Soon<KeyObject> {
  const candidates = candidatesFor(evidence, client, context, keys);
  return following(candidates, (found) => verifyBy(found, evidence, client, context, keys));
}

function verifyBy(
  candidates: readonly KeyObject[],
  evidence: AssertionEvidence,
  client: RegisteredClient,
  context: AuthenticationContext,
  keys: AssertionKeys,
): Soon<KeyObject> {
  const signer = signerOf(evidence, candidates);
  if (signer === undefined) {
    throw new OAuthError('assertion_signature_invalid', {
      detail: { ...shownHeader(evidence), keys_tried: candidates.length },
    });
  }
  return following(keys.checkSigner?.(signer, client, context), () => {
    checkIdentity(evidence, client);
    checkAudience(evidence, client, context);
    const claimed = claimOnce(evidence, client, context, checkTimes(evidence, client, context));
    return following(claimed, () => signer);
  });
}

/** The keys to try, at least one. */
function candidatesFor(
  evidence: AssertionEvidence,
  client: RegisteredClient,
  context: AuthenticationContext,
  { algorithms, find }: AssertionKeys,
): Soon<readonly KeyObject[]> {
  const search = () => {
    checkType(evidence);
    checkAlgorithm(evidence, client, context, algorithms);
    return following(find(evidence, client, context), (candidates) => {
      if (candidates.length > 0) return candidates;
      throw new OAuthError('assertion_key_not_found', { detail: shownHeader(evidence) });
    });
  };
  return rescued(search, (thrown) => {
    // Without a key there is nothing to verify, and the quick answer would tell that the client exists.
    rehearseSignature(evidence);
    throw thrown;
  });
}

function shownHeader({ header: { alg, kid, typ } }: AssertionEvidence): Record<string, unknown> {
  return {
    alg: loggable(alg),
    ...(kid !== undefined && { kid: loggable(kid) }),
    ...(typ !== undefined && { typ: loggable(typ) }),
  };
}

function checkType({ header: { typ } }: AssertionEvidence): void {
  if (typ === undefined) return;
  const type = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : '';
  if (!acceptedTypes.has(type)) throw new OAuthError('assertion_typ_refused', { detail: { typ: loggable(typ) } });
}

function checkAlgorithm(
  { header: { alg } }: AssertionEvidence,
  { metadata }: RegisteredClient,
  { signingAlgorithms }: AuthenticationContext,
  algorithmsOfMethod: ReadonlySet<string>,
): void {
  const registered = metadata.token_endpoint_auth_signing_alg;
  const asRegistered = registered === undefined || canonicalAlgorithm(registered) === canonicalAlgorithm(alg);
  if (algorithmsOfMethod.has(canonicalAlgorithm(alg)) && signingAlgorithms.has(canonicalAlgorithm(alg)) && asRegistered)
    return;
  throw new OAuthError('assertion_algorithm_refused', {
    detail: { alg: loggable(alg), registered, enabled: [...signingAlgorithms] },
  });
}

function checkIdentity({ claims }: AssertionEvidence, client: RegisteredClient): void {
  if (claims.iss !== client.id || claims.sub !== client.id) {
    throw new OAuthError('assertion_subject_mismatch', {
      detail: { expected: client.id, iss: loggable(claims.iss), sub: loggable(claims.sub) },
    });
  }
}

/** RFC 10070 4: the issuer, as the sole value, compared character by character. */
function checkAudience(
  { claims: { aud } }: AssertionEvidence,
  { metadata }: RegisteredClient,
  context: AuthenticationContext,
): void {
  const audiences: unknown[] = Array.isArray(aud) && context.audienceLists ? aud : [aud];
  if (audiences.length === 1 && audiences[0] === context.issuer) return;
  const legacy = metadata.legacy_assertion_audience === true;
  const ours = (value: unknown) => value === context.issuer || context.legacyAudiences.has(value as string);
  if (legacy && audiences.length > 0 && audiences.every(ours)) {
    context.warn('legacy_assertion_audience_used', { client_id: metadata.client_id, aud: loggable(aud) });
    return;
  }
  const wouldHelp = !legacy && audiences.length > 0 && audiences.every(ours);
  throw new OAuthError('assertion_audience_mismatch', {
    detail: {
      expected: context.issuer,
      found: loggable(aud),
      ...(wouldHelp && { hint: 'Set legacy_assertion_audience on this client, or let it send the issuer alone.' }),
    },
  });
}

/** Answers for how many seconds more the assertion could be accepted. */
function checkTimes(
  { claims }: AssertionEvidence,
  { metadata }: RegisteredClient,
  context: AuthenticationContext,
): number {
  const { exp, nbf, iat, jti } = claims;
  const now = context.now() / 1000;
  const tolerance = context.clockTolerance;
  // JSON.parse makes Infinity of 1e400, which no comparison would stop.
  if (!Number.isFinite(exp)) throw invalidClaim('exp', exp);
  if (nbf !== undefined && !Number.isFinite(nbf)) throw invalidClaim('nbf', nbf);
  if (iat !== undefined && !Number.isFinite(iat)) throw invalidClaim('iat', iat);
  if (typeof jti !== 'string' || jti === '') throw invalidClaim('jti', jti);
  const expiry = exp as number;
  if (now > expiry + tolerance) throw new OAuthError('assertion_expired', { detail: { exp, now, tolerance } });
  for (const start of [nbf, iat] as (number | undefined)[]) {
    if (start !== undefined && start > now + tolerance) {
      throw new OAuthError('assertion_not_yet_valid', { detail: { nbf, iat, now, tolerance } });
    }
  }
  const lifetime = metadata.legacy_assertion_audience === true ? legacyMaximumLifetime : maximumLifetime;
  if (expiry > now + lifetime + tolerance) {
    throw new OAuthError('assertion_lifetime_too_long', { detail: { exp, now, maximum: lifetime } });
  }
  // At exp plus tolerance it still is.
  return expiry + tolerance - now + 1;
}

/** One use of (client, jti) for as long as the assertion could be accepted (OpenID Connect Core 9). */
function claimOnce(
  { claims }: AssertionEvidence,
  client: RegisteredClient,
  { store }: AuthenticationContext,
  seconds: number,
): Soon<void> {
  const digest = hash('sha256', `${client.id}\n${String(claims.jti)}`, 'base64url');
  return following(claimSoon(store, `jti/${digest}`, '1', seconds), ({ first }) => {
    if (!first) throw new OAuthError('assertion_replayed', { detail: { jti: loggable(claims.jti) } });
  });
}

// A number can be infinite here, and an object may refuse to become text.
function invalidClaim(claim: string, found: unknown): OAuthError {
  return new OAuthError('assertion_claim_invalid', {
    detail: { claim, found: typeof found === 'number' ? String(found) : typeof found },
  });
}
