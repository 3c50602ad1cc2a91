import { type ClientCertificate, isWithinValidity } from './client-certificate.js';
import { formatDistinguishedName } from './distinguished-name.js';
import type { Intermediates } from './intermediates.js';
import { allowsName } from './name-constraints.js';
import { buildPaths, newPathSearch, type PathSearch } from './path-building.js';
import { type PathCertificate, readPathCertificate } from './path-certificate.js';
import type { PathProblem, PathVerdict } from './path-verdict.js';
import { isStrongKey } from './signature.js';
import type { TrustAnchors } from './trust-anchors.js';

export type { PathProblem, PathVerdict } from './path-verdict.js';
export { type TrustAnchorOptions, type TrustAnchors, trustAnchors } from './trust-anchors.js';

/** A refusal stands for so long, then is worked out anew, since waiting may mend it. */
const REFUSAL_MS = 60_000;

type Refusal = Extract<PathVerdict, { ok: false }>;

function refuse(reason: PathProblem, certificate: PathCertificate, what: string): Refusal {
  return { ok: false, reason, detail: `${formatDistinguishedName(certificate.subject) || '(no subject)'}: ${what}` };
}

/** What holds for every certificate of a path, its anchor too. */
function checkAny(certificate: PathCertificate, now: number, tolerance: number): Refusal | undefined {
  const { fields, extensions, key } = certificate;
  if (!isWithinValidity(fields, now, tolerance)) {
    return now > fields.notAfter
      ? refuse('expired', certificate, `expired at ${new Date(fields.notAfter).toISOString()}`)
      : refuse('not_yet_valid', certificate, `valid from ${new Date(fields.notBefore).toISOString()} on`);
  }
  if (extensions.unknownCritical !== undefined) {
    return refuse('unknown_critical_extension', certificate, `critical extension ${extensions.unknownCritical}`);
  }
  if (key === undefined || !isStrongKey(key)) return refuse('weak_key', certificate, 'key too weak or of unknown kind');
  // A CA that restricts its purposes restricts what is below it: not in RFC 5280, but what OpenSSL and browsers do.
  if (!extensions.mayAuthenticateClients) {
    return refuse('not_a_client_certificate', certificate, 'extendedKeyUsage lacks clientAuth');
  }
  return undefined;
}

/** What holds for the leaf alone, before anybody's signature is looked at. */
function checkLeaf(leaf: PathCertificate, now: number, tolerance: number): Refusal | undefined {
  const { extensions } = leaf;
  if (extensions.isCa || extensions.claimsToSignCertificates) return refuse('ca_certificate', leaf, 'is a CA');
  if (!extensions.mayMakeSignatures) {
    return refuse('not_a_client_certificate', leaf, 'keyUsage lacks digitalSignature');
  }
  return checkAny(leaf, now, tolerance);
}

/** Checks one CA of a path. `below` are the certificates under it, leaf first (RFC 5280 6.1.4 (g), (k) to (n)). */
function checkAuthority(authority: PathCertificate, below: readonly PathCertificate[]): Refusal | undefined {
  const { isCa, maySignCertificates, pathLength, nameConstraints } = authority.extensions;
  if (!isCa || !maySignCertificates) return refuse('not_a_ca', authority, 'may not issue certificates');
  const authoritiesBelow = below.slice(1).filter((certificate) => !certificate.selfIssued).length;
  if (pathLength !== undefined && authoritiesBelow > pathLength) {
    return refuse('path_too_long', authority, `allows ${pathLength} CAs below it, not ${authoritiesBelow}`);
  }
  if (nameConstraints === undefined) return undefined;
  for (const [index, certificate] of below.entries()) {
    // RFC 5280 6.1.3 (b): a self-issued certificate is exempt, unless it is the leaf.
    if (index > 0 && certificate.selfIssued) continue;
    if (certificate.names.some((name) => !allowsName(nameConstraints, name))) {
      return refuse('name_constraints', certificate, 'has a name that a CA above it may not give');
    }
  }
  return undefined;
}

/** Judges one chain of valid signatures, leaf first, anchor last. The leaf has been judged already. */
function checkPath(path: readonly PathCertificate[], now: number, tolerance: number): PathVerdict {
  for (const [index, authority] of [...path.entries()].slice(1).reverse()) {
    const refusal = checkAny(authority, now, tolerance) ?? checkAuthority(authority, path.slice(0, index));
    if (refusal) return refusal;
  }
  return { ok: true, validUntil: Math.min(...path.map(({ fields }) => fields.notAfter)), path };
}

function withoutPath(leaf: PathCertificate, search: PathSearch): Refusal {
  if (search.weakSignature)
    return refuse('weak_signature', leaf, 'a signature algorithm in its chain is weak or unknown');
  if (search.weakKey) return refuse('weak_key', leaf, 'a key in its chain is weak or unknown');
  if (search.tooLong) return refuse('path_too_long', leaf, 'no anchor within the greatest depth');
  return refuse('untrusted', leaf, 'no path to a trust anchor');
}

function judge(
  certificate: ClientCertificate,
  anchors: TrustAnchors,
  { now, toleranceSeconds: tolerance = 0, intermediates = [] }: ValidationOptions,
): PathVerdict {
  const leaf = readPathCertificate(certificate.der, certificate.fields);
  if (leaf === undefined) return { ok: false, reason: 'malformed', detail: 'the certificate is malformed' };
  const refusal = checkLeaf(leaf, now, tolerance);
  if (refusal) return refusal;
  if (anchors.pinned.has(certificate.digest)) return checkPath([leaf], now, tolerance);
  const search = newPathSearch();
  let first: PathVerdict | undefined;
  for (const path of buildPaths(leaf, { chain: certificate.chain, intermediates }, anchors, search)) {
    const verdict = checkPath(path, now, tolerance);
    if (verdict.ok) return verdict;
    first ??= verdict;
  }
  return first ?? withoutPath(leaf, search);
}

function remember(key: string, verdict: PathVerdict, anchors: TrustAnchors, now: number): void {
  if (verdict.ok) {
    anchors.accepted.set(key, { verdict, from: now, until: verdict.validUntil });
    return;
  }
  // What has expired must not stand in the way of its refusal.
  anchors.accepted.delete(key);
  // It may become valid at any moment, and to find that out again costs little.
  if (verdict.reason === 'not_yet_valid') return;
  anchors.refused.set(key, { verdict, from: now, until: now + REFUSAL_MS });
}

/** When, and with what beside what was presented. */
export interface ValidationOptions {
  /** Milliseconds. */
  readonly now: number;
  /** Seconds by which validity periods begin earlier. Default 0. */
  readonly toleranceSeconds?: number;
  /** Configured ones, which a path may lead through beside those that were presented. */
  readonly intermediates?: readonly Intermediates[];
}

/**
 * Validates a path from a client's certificate to one of `anchors` at `now` (milliseconds), by RFC 5280 6.1 with any
 * policy. Refused besides what the RFC refuses: CA certificates as leaf (also one that is an anchor itself), weak keys
 * and signature algorithms, expired anchors, leaves whose extendedKeyUsage lacks clientAuth. Revocation is not looked at.
 *
 * A verdict is remembered by the digests of leaf, chain and intermediates: a good one until the path's earliest
 * expiry, a bad one for a minute.
 */
export function validatePath(
  certificate: ClientCertificate,
  anchors: TrustAnchors,
  options: ValidationOptions,
): PathVerdict {
  const { now, intermediates = [] } = options;
  const key = [certificate.digest, certificate.chainDigest, ...intermediates.map(({ digest }) => digest)].join('.');
  const known = anchors.accepted.get(key) ?? anchors.refused.get(key);
  if (known !== undefined && known.from <= now && now <= known.until) return known.verdict;
  const verdict = judge(certificate, anchors, options);
  remember(key, verdict, anchors, now);
  return verdict;
}
