import { type PathCertificate, readPathCertificate } from './path-certificate.js';
import { isStrongKey, verifySignature } from './signature.js';
import type { TrustAnchors } from './trust-anchors.js';

/** Signature checks spent on one certificate at most: anybody may present a chain, and each check costs time. */
const MAX_SIGNATURE_CHECKS = 16;
/** Presented intermediates that are looked at. */
const MAX_PRESENTED = 10;

/** Certificates each of which is signed by the next one. */
type Path = readonly PathCertificate[];

/** What the search met on its way, for the reason when it finds nothing. */
export interface PathSearch {
  weakSignature: boolean;
  weakKey: boolean;
  tooLong: boolean;
  checksLeft: number;
}

/** A search that has met nothing yet. */
export function newPathSearch(): PathSearch {
  return { weakSignature: false, weakKey: false, tooLong: false, checksLeft: MAX_SIGNATURE_CHECKS };
}

function isSignedBy(certificate: PathCertificate, issuer: PathCertificate, search: PathSearch): boolean {
  if (issuer.key === undefined || !isStrongKey(issuer.key)) {
    search.weakKey = true;
    return false;
  }
  if (search.checksLeft-- <= 0) return false;
  const verdict = verifySignature(certificate.fields, issuer.key);
  if (verdict === 'weak') search.weakSignature = true;
  return verdict === 'valid';
}

function* toAnchors(path: Path, anchors: TrustAnchors, search: PathSearch): Generator<Path> {
  const last = path.at(-1);
  for (const anchor of (last && anchors.issuers.get(last.issuer.key)) ?? []) {
    if (last && isSignedBy(last, anchor, search)) yield [...path, anchor];
  }
}

function isSameEntity(one: PathCertificate, other: PathCertificate): boolean {
  return (
    one.subject.key === other.subject.key && one.fields.subjectPublicKeyInfo.equals(other.fields.subjectPublicKeyInfo)
  );
}

function* throughPresented(
  path: Path,
  presented: readonly PathCertificate[],
  anchors: TrustAnchors,
  search: PathSearch,
): Generator<Path> {
  const last = path.at(-1);
  for (const issuer of presented) {
    // A name and key that stand in the path already lead in a circle.
    if (issuer.subject.key !== last?.issuer.key || path.some((step) => isSameEntity(step, issuer))) continue;
    if (path.length > anchors.maxDepth) search.tooLong = true;
    else if (isSignedBy(last, issuer, search)) {
      yield* toAnchors([...path, issuer], anchors, search);
      yield* throughPresented([...path, issuer], presented, anchors, search);
    }
  }
}

/**
 * The chains of valid signatures from `leaf` through presented certificates to an anchor, leaf first, anchor last.
 * Issuers are found by name (RFC 5280 6.1.3 (a)(4)) and proven by signature; key identifiers are not looked at, since
 * they prove nothing. Presented certificates that cannot be read lead nowhere.
 */
export function* buildPaths(
  leaf: PathCertificate,
  chain: readonly Buffer[],
  anchors: TrustAnchors,
  search: PathSearch,
): Generator<Path> {
  yield* toAnchors([leaf], anchors, search);
  // Without anchors there is nothing to find, and a stranger's chain is not worth the time.
  if (anchors.issuers.size === 0) return;
  const presented = chain.slice(0, MAX_PRESENTED).map((der) => readPathCertificate(der));
  const readable = presented.filter((certificate) => certificate !== undefined);
  yield* throughPresented([leaf], readable, anchors, search);
}
