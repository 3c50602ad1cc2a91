import { createHash } from 'node:crypto';
import {
  contextTag,
  DerError,
  type DerValue,
  readAll,
  readDer,
  readOid,
  readSequence,
  TAG,
  unlessMalformed,
} from '../der.js';
import type { PathCertificate } from '../path-certificate.js';

/** A certificate whose status is asked, and the CA that has proven to have issued it. */
export interface RevocationTarget {
  readonly certificate: PathCertificate;
  readonly issuer: PathCertificate;
  /** base64url SHA-256 of the issuer's name and key and the serial number, which nothing else has. */
  readonly id: string;
  /** The http and https URLs of the responders it names. */
  readonly responders: readonly string[];
  /** The http and https URLs of the lists it names. */
  readonly listUrls: readonly string[];
}

const AUTHORITY_INFORMATION = '1.3.6.1.5.5.7.1.1';
const OCSP_ACCESS = '1.3.6.1.5.5.7.48.1';
const DISTRIBUTION_POINTS = '2.5.29.31';

/** Of each kind: a CA needs one or two. */
const mostUrls = 4;

const targets = new WeakMap<PathCertificate, RevocationTarget>();

/** Made once per certificate, since a path that has been validated is remembered. */
export function revocationTarget(certificate: PathCertificate, issuer: PathCertificate): RevocationTarget {
  const known = targets.get(certificate);
  if (known?.issuer === issuer) return known;
  const target: RevocationTarget = {
    certificate,
    issuer,
    id: createHash('sha256')
      .update(issuer.fields.subject)
      .update(issuer.fields.subjectPublicKeyInfo)
      .update(certificate.fields.serialNumber)
      .digest('base64url'),
    responders: urlsIn(certificate, AUTHORITY_INFORMATION, responderName),
    listUrls: urlsIn(certificate, DISTRIBUTION_POINTS, distributionPointNames),
  };
  targets.set(certificate, target);
  return target;
}

/** What is malformed names nothing, and then nothing is known. */
function urlsIn(
  { fields }: PathCertificate,
  extension: string,
  names: (item: DerValue) => readonly DerValue[],
): readonly string[] {
  const value = fields.extensions.get(extension)?.value;
  if (value === undefined) return [];
  const urls = unlessMalformed(() => readSequence(readDer(value, TAG.sequence)).flatMap(names).flatMap(toUrl));
  return (urls ?? []).slice(0, mostUrls);
}

function responderName(description: DerValue): readonly DerValue[] {
  const [method, location, ...more] = readSequence(description);
  if (location === undefined || more.length > 0) throw new DerError('broken AccessDescription');
  return readOid(method) === OCSP_ACCESS ? [location] : [];
}

/** One that is for some reasons alone, or that another CA signs, could not clear a certificate (RFC 5280 4.2.1.13). */
function distributionPointNames(point: DerValue): readonly DerValue[] {
  const [name, ...more] = readSequence(point);
  return name?.tag === contextTag(0, true) && more.length === 0 ? fullNames(name) : [];
}

/** The names of a DistributionPointName inside its EXPLICIT tag; none for one relative to the issuer. */
export function fullNames(name: DerValue): readonly DerValue[] {
  const [choice, ...more] = readAll(name.content);
  if (choice === undefined || more.length > 0) throw new DerError('broken DistributionPointName');
  return choice.tag === contextTag(0, true) ? readAll(choice.content) : [];
}

/** A URI of http or https among GeneralNames. */
export function toUrl(name: DerValue): readonly string[] {
  const text = name.content.toString('latin1');
  return name.tag === contextTag(6, false) && /^https?:\/\/[\x21-\x7e]{1,2000}$/i.test(text) ? [text] : [];
}
