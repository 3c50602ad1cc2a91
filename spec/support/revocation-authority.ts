import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readPathCertificate } from '../../lib/certificates/path-certificate.js';
import { type RevocationTarget, revocationTarget } from '../../lib/certificates/revocation/target.js';
import {
  bitString,
  der,
  explicit,
  extension,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  time,
} from './der-writer.js';
import { type Certificate, generalName } from './pki.js';

const MINUTE = 60_000;

/** Names the responder that a certificate's status is asked of. */
export function responderAt(url: string): Buffer {
  return extension('1.3.6.1.5.5.7.1.1', sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), generalName(`URI:${url}`))));
}

/** Names the lists that a certificate would be on. */
export function listsAt(...urls: string[]): Buffer {
  const point = (url: string) => sequence(explicit(0, explicit(0, generalName(`URI:${url}`))));
  return extension('2.5.29.31', sequence(...urls.map(point)));
}

/** The serial number of a certificate as the octets of its INTEGER. */
export function serialOf(certificate: Certificate): Buffer {
  return readPathCertificate(certificate.der)!.fields.serialNumber;
}

export function targetOf(certificate: Certificate, issuer: Certificate): RevocationTarget {
  return revocationTarget(readPathCertificate(certificate.der)!, readPathCertificate(issuer.der)!);
}

/** The contents of the BIT STRING in which a certificate has its public key, P-256 or RSA. */
function keyBits({ cert }: Certificate): Buffer {
  const key = createPublicKey(cert);
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'der' });
  return key.export({ type: 'spki', format: 'der' }).subarray(-65);
}

function subjectOf(certificate: Certificate): Buffer {
  return readPathCertificate(certificate.der)!.fields.subject;
}

/** Keys of the specs are P-256, unless a spec says RSA. */
function algorithmOf(key: KeyObject): Buffer {
  return key.asymmetricKeyType === 'rsa'
    ? sequence(oid('1.2.840.113549.1.1.11'), nullValue)
    : sequence(oid('1.2.840.10045.4.3.2'));
}

function signed(tbs: Buffer, key: KeyObject, ...more: Buffer[]): Buffer {
  return sequence(tbs, algorithmOf(key), bitString(sign('sha256', tbs, key)), ...more);
}

function generalizedTime(date: Date): Buffer {
  return der(0x18, Buffer.from(date.toISOString().replace(/[-:T]|\.\d+/g, '')));
}

export interface ListOptions {
  readonly revoked?: readonly (Certificate | Buffer)[];
  /** Default: an hour ago, and in a day. `null`: no nextUpdate. */
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date | null;
  /** Extensions of the list, and of each entry. */
  readonly extensions?: readonly Buffer[];
  readonly entryExtensions?: readonly Buffer[];
  /** Whose key signs, when it is not the issuer's. */
  readonly signer?: Certificate;
}

/** A revocation list in DER (RFC 5280 5.1). */
export function makeList(issuer: Certificate, options: ListOptions = {}): Buffer {
  const { revoked = [], extensions = [], entryExtensions = [], signer = issuer } = options;
  const key = createPrivateKey(signer.key);
  const { thisUpdate = new Date(Date.now() - 60 * MINUTE), nextUpdate = new Date(Date.now() + 1440 * MINUTE) } =
    options;
  const entries = revoked.map((item) =>
    sequence(
      integer(Buffer.isBuffer(item) ? item : serialOf(item)),
      time(thisUpdate),
      ...(entryExtensions.length > 0 ? [sequence(...entryExtensions)] : []),
    ),
  );
  const tbs = sequence(
    integer(1),
    algorithmOf(key),
    subjectOf(issuer),
    time(thisUpdate),
    ...(nextUpdate === null ? [] : [time(nextUpdate)]),
    ...(entries.length > 0 ? [sequence(Buffer.concat(entries))] : []),
    ...(extensions.length > 0 ? [explicit(0, sequence(...extensions))] : []),
  );
  return signed(tbs, key);
}

/** An issuingDistributionPoint, critical as it must be. */
export function issuingPoint(members: { url?: string; users?: boolean; authorities?: boolean; indirect?: boolean }) {
  const { url, users, authorities, indirect } = members;
  const flag = (number: number) => implicit(number, Buffer.from([0xff]));
  const content = [
    ...(url === undefined ? [] : [explicit(0, explicit(0, generalName(`URI:${url}`)))]),
    ...(users ? [flag(1)] : []),
    ...(authorities ? [flag(2)] : []),
    ...(indirect ? [flag(4)] : []),
  ];
  return extension('2.5.29.28', sequence(...content), true);
}

export interface AnswerOptions {
  readonly status?: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate?: Date;
  /** `null`: none. */
  readonly nextUpdate?: Date | null;
  readonly nonce?: Buffer;
  readonly hash?: 'sha1' | 'sha256';
  /** Who signs, when it is not the issuer. */
  readonly signer?: Certificate;
  /** What comes along to verify with. */
  readonly certificates?: readonly Certificate[];
  readonly byKey?: boolean;
  readonly responseExtensions?: readonly Buffer[];
}

const HASH_OIDS = { sha1: '1.3.14.3.2.26', sha256: '2.16.840.1.101.3.4.2.1' };
const STATUS = {
  good: () => implicit(0, Buffer.alloc(0)),
  revoked: () => explicit(1, generalizedTime(new Date('2026-01-02T03:04:05Z'))),
  unknown: () => implicit(2, Buffer.alloc(0)),
};

export function nonceExtension(nonce: Buffer): Buffer {
  return extension('1.3.6.1.5.5.7.48.1.2', octetString(nonce));
}

/** An OCSPResponse in DER about one certificate (RFC 6960 4.2.1). */
export function makeAnswer(certificate: Certificate, issuer: Certificate, options: AnswerOptions = {}): Buffer {
  const { status = 'good', hash = 'sha1', signer = issuer, certificates = [], nonce } = options;
  const { thisUpdate = new Date(Date.now() - MINUTE), nextUpdate = new Date(Date.now() + 60 * MINUTE) } = options;
  const digest = (bytes: Buffer, algorithm: string = hash) => createHash(algorithm).update(bytes).digest();
  const id = sequence(
    sequence(oid(HASH_OIDS[hash]), nullValue),
    octetString(digest(readPathCertificate(certificate.der)!.fields.issuer)),
    octetString(digest(keyBits(issuer))),
    integer(serialOf(certificate)),
  );
  const single = sequence(
    id,
    STATUS[status](),
    generalizedTime(thisUpdate),
    ...(nextUpdate === null ? [] : [explicit(0, generalizedTime(nextUpdate))]),
  );
  const extensions = [...(nonce ? [nonceExtension(nonce)] : []), ...(options.responseExtensions ?? [])];
  const tbs = sequence(
    options.byKey ? explicit(2, octetString(digest(keyBits(signer), 'sha1'))) : explicit(1, subjectOf(signer)),
    generalizedTime(thisUpdate),
    sequence(single),
    ...(extensions.length > 0 ? [explicit(1, sequence(...extensions))] : []),
  );
  const along = certificates.length > 0 ? [explicit(0, sequence(...certificates.map((each) => each.der)))] : [];
  const basic = signed(tbs, createPrivateKey(signer.key), ...along);
  const bytes = sequence(oid('1.3.6.1.5.5.7.48.1.1'), octetString(basic));
  return sequence(der(0x0a, Buffer.from([0])), explicit(0, bytes));
}

/** An OCSPResponse that says nothing, with one of the numbers of RFC 6960 4.2.1. */
export function makeRefusal(code: number): Buffer {
  return sequence(der(0x0a, Buffer.from([code])));
}
