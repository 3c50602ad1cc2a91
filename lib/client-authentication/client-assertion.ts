import { OAuthError } from '../errors.js';
import { readCompactJws } from '../http/compact-jws.js';
import type { Form } from '../http/form.js';
import { longestJwt } from '../http/limits.js';
import { loggable } from '../loggable-value.js';
import type { ClientRequest, Evidence } from './strategy.js';

/** RFC 7523 2.2. */
const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The body parameters of both assertion methods. */
export const assertionParameters = ['client_assertion', 'client_assertion_type'] as const;

/** A client assertion, taken apart but not yet believed. */
export interface AssertionEvidence extends Evidence {
  readonly jws: string;
  readonly header: { readonly alg: string; readonly kid?: string; readonly typ?: unknown };
  readonly claims: Readonly<Record<string, unknown>>;
}

/** RFC 7521 4.2: `client_assertion` and its type, from the body. The subject names the client. */
export function extractAssertion({ form }: ClientRequest): AssertionEvidence | OAuthError | undefined {
  if (!form.has('client_assertion') && !form.has('client_assertion_type')) return undefined;
  const known = extracted.get(form) ?? readAssertion(form);
  extracted.set(form, known);
  return known;
}

/** Both assertion methods ask for the same one. */
const extracted = new WeakMap<Form, AssertionEvidence | OAuthError>();

function readAssertion(form: Form): AssertionEvidence | OAuthError {
  const jws = form.get('client_assertion');
  const type = form.get('client_assertion_type');
  if (jws === undefined || type === undefined) return new OAuthError('assertion_incomplete');
  if (type !== jwtBearer) {
    return new OAuthError('assertion_type_unsupported', { detail: { client_assertion_type: shownType(type) } });
  }
  return parseAssertion(jws);
}

// Whoever mixes the two parameters up sends the assertion here, and a log must not have it.
function shownType(type: string): unknown {
  return /^[a-z][a-z0-9+.-]*:/i.test(type) ? loggable(type) : 'not a URI';
}

/** One compact JWS in strict base64url, nothing else (RFC 7523 3, item 9). */
function parseAssertion(jws: string): AssertionEvidence | OAuthError {
  const read = readCompactJws(jws, longestJwt);
  if (!read.ok) return malformed(read.problem);
  const { header, claims } = read;
  const { alg, kid, typ, crit, b64 } = header;
  if (typeof alg !== 'string') return malformed('has no alg');
  if (kid !== undefined && typeof kid !== 'string') return malformed('has a kid that is not a string');
  // RFC 7515 4.1.11: we understand no extension, so any crit is one too many; b64 is the extension of RFC 7797.
  if (crit !== undefined || b64 !== undefined)
    return new OAuthError('assertion_critical_header', { detail: { crit: loggable(crit), b64: loggable(b64) } });
  if (typeof claims.sub !== 'string' || claims.sub === '') {
    return new OAuthError('assertion_claim_invalid', { detail: { claim: 'sub', found: typeof claims.sub } });
  }
  return { clientId: claims.sub, jws, header: { alg, typ, ...(kid !== undefined && { kid }) }, claims };
}

function malformed(what: string): OAuthError {
  return new OAuthError('assertion_malformed', { detail: { what: `The client assertion ${what}.` } });
}
