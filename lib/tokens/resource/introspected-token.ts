import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { OAuthError } from '../../errors.js';
import type { IntrospectionAnswer } from './introspection-client.js';
import type { TokenHome } from './token-source.js';
import type { VerifiedClaims } from './verified-access.js';

/** What opaque tokens of another process are held against. */
export interface IntrospectionRules {
  readonly home: TokenHome;
  readonly audience: string;
  /** Seconds. */
  readonly clockTolerance: number;
  /** Seconds an active token is remembered. One that is not is remembered for two at most. */
  readonly cacheTtl: number;
  introspect(token: string): Promise<IntrospectionAnswer>;
}

const maximumTokens = 10_000;
const longestRefusal = 2;

interface Remembered {
  readonly answer: IntrospectionAnswer;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Opaque tokens, by asking. Tokens are remembered by their SHA-256 digest alone, and equal questions are asked once. */
export class IntrospectedTokens {
  readonly #rules: IntrospectionRules;
  // Apart, so that a flood of rubbish pushes no good token out.
  readonly #active = new LRUCache<string, Remembered>({ max: maximumTokens });
  readonly #inactive = new LRUCache<string, Remembered>({ max: maximumTokens });
  readonly #underway = new Map<string, Promise<IntrospectionAnswer>>();

  constructor(rules: IntrospectionRules) {
    this.#rules = rules;
  }

  /** Rejects with `invalid_token` reasons, or with a 503 when nobody answers. */
  async verify(token: string): Promise<VerifiedClaims> {
    const answer = await this.#answerTo(token);
    if (!answer.active) throw new OAuthError('token_inactive');
    return checkedClaims(answer, this.#rules);
  }

  #answerTo(token: string): Promise<IntrospectionAnswer> | IntrospectionAnswer {
    const digest = hash('sha256', token, 'base64url');
    const known = this.#active.get(digest) ?? this.#inactive.get(digest);
    if (known && this.#rules.home.now() < known.until) return known.answer;
    const underway = this.#underway.get(digest);
    if (underway) return underway;
    const asked = this.#ask(token, digest).finally(() => this.#underway.delete(digest));
    this.#underway.set(digest, asked);
    return asked;
  }

  async #ask(token: string, digest: string): Promise<IntrospectionAnswer> {
    const { introspect, cacheTtl, home } = this.#rules;
    // From before the question: what was revoked meanwhile must not be remembered for longer.
    const now = home.now();
    const answer = await introspect(token);
    this.#active.delete(digest);
    const [cache, ttl] = answer.active
      ? [this.#active, cacheTtl]
      : [this.#inactive, Math.min(cacheTtl, longestRefusal)];
    if (ttl > 0) cache.set(digest, { answer, until: now + ttl * 1000 });
    return answer;
  }
}

/** RFC 7662 4: the answer is about some token of that server; whether it is for us, and an access token, is ours to see. */
function checkedClaims(answer: IntrospectionAnswer, { home, audience, clockTolerance }: IntrospectionRules) {
  const { active: _, token_type: type, ...told } = answer;
  const { iss = home.issuer, aud, exp, nbf, client_id, sub = client_id, scope = '', cnf } = told;
  if (iss !== home.issuer) throw new OAuthError('token_issuer_mismatch', { detail: { found: iss } });
  // A refresh token is active too.
  if (typeof type !== 'string' || !/^(?:bearer|dpop)$/i.test(type)) throw malformed({ token_type: type });
  if (![aud].flat().includes(audience)) {
    throw new OAuthError('token_audience_mismatch', { detail: { expected: audience, found: aud } });
  }
  const seconds = home.now() / 1000;
  if (exp !== undefined && !Number.isFinite(exp)) throw malformed({ exp });
  if (exp !== undefined && Number(exp) <= seconds - clockTolerance) {
    throw new OAuthError('token_expired', { detail: { exp } });
  }
  if (nbf !== undefined && !(Number(nbf) <= seconds + clockTolerance)) {
    throw new OAuthError('token_not_yet_valid', { detail: { nbf } });
  }
  const isConfirmation = cnf === undefined || (typeof cnf === 'object' && cnf !== null);
  if (typeof client_id !== 'string' || typeof sub !== 'string' || typeof scope !== 'string' || !isConfirmation) {
    throw malformed({ members: Object.keys(told) });
  }
  return { ...told, iss, aud, client_id, sub, scope } as VerifiedClaims;
}

function malformed(detail: Readonly<Record<string, unknown>>): OAuthError {
  return new OAuthError('token_malformed', { detail });
}
