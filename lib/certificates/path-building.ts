import type { Intermediates } from './intermediates.js';
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

/** The certificates whose subject has a key: those that somebody may have issued who has that name. */
type FindIssuers = (key: string) => readonly PathCertificate[];

function* throughIntermediates(
  path: Path,
  issuersOf: FindIssuers,
  anchors: TrustAnchors,
  search: PathSearch,
): Generator<Path> {
  const last = path.at(-1);
  for (const issuer of (last && issuersOf(last.issuer.key)) ?? []) {
    // A name and key that stand in the path already lead in a circle.
    if (!last || path.some((step) => isSameEntity(step, issuer))) continue;
    if (path.length > anchors.maxDepth) search.tooLong = true;
    else if (isSignedBy(last, issuer, search)) {
      yield* toAnchors([...path, issuer], anchors, search);
      yield* throughIntermediates([...path, issuer], issuersOf, anchors, search);
    }
  }
}

/** Those that were configured first, each certificate once. */
function issuerFinder(chain: readonly Buffer[], configured: readonly Intermediates[]): FindIssuers {
  const presented = chain.slice(0, MAX_PRESENTED).flatMap((der) => readPathCertificate(der) ?? []);
  return (key) => {
    const candidates = configured.flatMap(({ bySubject }) => bySubject.get(key) ?? []);
    const more = presented.filter(({ subject }) => subject.key === key);
    return [...candidates, ...more].filter(
      ({ der }, index, all) => all.findIndex((other) => other.der.equals(der)) === index,
    );
  };
}

/**
 * The chains of valid signatures from `leaf` through presented and configured certificates to an anchor, leaf first,
 * anchor last. Issuers are found by name (RFC 5280 6.1.3 (a)(4)) and proven by signature; key identifiers are not
 * looked at, since they prove nothing. Presented certificates that cannot be read lead nowhere.
 */
export function* buildPaths(
  leaf: PathCertificate,
  { chain, intermediates }: { readonly chain: readonly Buffer[]; readonly intermediates: readonly Intermediates[] },
  anchors: TrustAnchors,
  search: PathSearch,
): Generator<Path> {
  yield* toAnchors([leaf], anchors, search);
  // Without anchors there is nothing to find, and a stranger's chain is not worth the time.
  if (anchors.issuers.size === 0) return;
  yield* throughIntermediates([leaf], issuerFinder(chain, intermediates), anchors, search);
}
