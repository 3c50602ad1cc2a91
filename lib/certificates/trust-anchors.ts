import { LRUCache } from 'lru-cache';
import { certificateDigest } from './client-certificate.js';
import { type PathCertificate, readPathCertificate } from './path-certificate.js';
import type { PathVerdict } from './path-verdict.js';
import { isStrongKey } from './signature.js';

/** How paths to a set of anchors are judged. */
export interface TrustAnchorOptions {
  /** The most intermediate certificates between leaf and anchor. Default 4. */
  readonly maxDepth?: number;
  /** How many certificates' verdicts are remembered. Default 10000. */
  readonly remember?: number;
}

/** A verdict, and the time (milliseconds, both ends included) in which it stands. */
export interface RememberedVerdict {
  readonly verdict: PathVerdict;
  readonly from: number;
  readonly until: number;
}

/** The only certificates that paths may end in: compiled once, with the verdicts on the paths seen so far. */
export interface TrustAnchors {
  readonly size: number;
  readonly maxDepth: number;
  /** CA anchors, by the key of their subject: several may share one. */
  readonly issuers: ReadonlyMap<string, readonly PathCertificate[]>;
  /** Anchors that are no CA, by digest: each vouches for itself alone. */
  readonly pinned: ReadonlySet<string>;
  /** Kept apart, so that a flood of bad certificates does not push the good ones out. */
  readonly accepted: LRUCache<string, RememberedVerdict>;
  readonly refused: LRUCache<string, RememberedVerdict>;
}

function compileAnchor(der: Buffer, index: number): PathCertificate {
  const anchor = readPathCertificate(der);
  if (anchor === undefined) throw new TypeError(`trust anchor ${index} is not a well-formed certificate`);
  const { key, extensions } = anchor;
  if (key === undefined || !isStrongKey(key)) throw new TypeError(`trust anchor ${index} has a weak or unknown key`);
  if (extensions.isCa && !extensions.maySignCertificates) {
    throw new TypeError(`trust anchor ${index} is a CA whose keyUsage lacks keyCertSign`);
  }
  if (extensions.unknownCritical !== undefined) {
    throw new TypeError(`trust anchor ${index} has the unknown critical extension ${extensions.unknownCritical}`);
  }
  return anchor;
}

/**
 * Compiles trust anchors from DER certificates. System roots are never among them; no anchors means that nothing is
 * trusted. A CA certificate, self-signed or not, may end a path, and its own nameConstraints, pathLenConstraint and
 * extendedKeyUsage hold. A certificate that is no CA vouches for itself alone, byte for byte.
 * Throws a TypeError that names the index of an anchor that could never be used. An expired one is no error here: it
 * is refused when a path ends in it.
 */
export function trustAnchors(certificates: readonly Buffer[], options: TrustAnchorOptions = {}): TrustAnchors {
  const { remember = 10_000 } = options;
  const anchors = certificates.map(compileAnchor);
  const authorities = anchors.filter((anchor) => anchor.extensions.isCa);
  const issuers = new Map<string, PathCertificate[]>();
  for (const anchor of authorities)
    issuers.set(anchor.subject.key, [...(issuers.get(anchor.subject.key) ?? []), anchor]);
  const pinned = anchors.filter((anchor) => !anchor.extensions.isCa).map((anchor) => certificateDigest(anchor.der));
  return {
    size: anchors.length,
    maxDepth: options.maxDepth ?? 4,
    issuers,
    pinned: new Set(pinned),
    accepted: new LRUCache({ max: remember }),
    refused: new LRUCache({ max: Math.ceil(remember / 10) }),
  };
}
