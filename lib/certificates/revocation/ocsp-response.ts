import { type CertificateExtension, readExtensions } from '../certificate-fields.js';
import {
  contextTag,
  DerError,
  type DerValue,
  expectTag,
  readAll,
  readDer,
  readOctetAlignedBits,
  readOid,
  readSequence,
  TAG,
} from '../der.js';
import { readTime } from '../der-time.js';
import { readDistinguishedName } from '../distinguished-name.js';
import type { SignedData } from '../signature.js';
import type { OcspHash } from './ocsp-request.js';

/** Who signed: a name by its `key`, or the SHA-1 digest of a public key (RFC 6960 4.2.1). */
export type ResponderId = { readonly name: string } | { readonly keyHash: Buffer };

/** What is said of one certificate. Times are in milliseconds since 1970. */
export interface SingleResponse {
  /** `undefined` for a digest that we do not know. */
  readonly hash: OcspHash | undefined;
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
  readonly serialNumber: Buffer;
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly revokedAt: number | undefined;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
}

/** A BasicOCSPResponse as it encodes itself, believed by nobody yet (RFC 6960 4.2.1). */
export interface OcspResponse extends SignedData {
  readonly responder: ResponderId;
  readonly responses: readonly SingleResponse[];
  readonly nonce: Buffer | undefined;
  /** What came along to verify with, DER. */
  readonly certificates: readonly Buffer[];
}

const BASIC = '1.3.6.1.5.5.7.48.1.1';
const NONCE = '1.3.6.1.5.5.7.48.1.2';

/** RFC 6960 4.2.1: the answers that have nothing to say. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [1, 'malformedRequest'],
  [2, 'internalError'],
  [3, 'tryLater'],
  [5, 'sigRequired'],
  [6, 'unauthorized'],
]);

const HASHES: ReadonlyMap<string, OcspHash> = new Map([
  ['1.3.14.3.2.26', 'sha1'],
  ['2.16.840.1.101.3.4.2.1', 'sha256'],
]);

const mostResponses = 64;
const mostCertificates = 8;

/** Reads an OCSPResponse; the name of the refusal when it is one. Throws a DerError when it is malformed. */
export function readOcspResponse(der: Buffer): OcspResponse | string {
  const [status, bytes, ...more] = readSequence(readDer(der, TAG.sequence));
  const { content } = expectTag(status, TAG.enumerated);
  if (content.length !== 1 || more.length > 0) throw new DerError('broken OCSPResponse');
  const code = content[0] ?? 0;
  if (code !== 0) return REFUSALS.get(code) ?? `status ${code}`;
  const [type, basic] = readSequence(readAll(expectTag(bytes, contextTag(0, true)).content)[0]);
  if (readOid(type) !== BASIC) throw new DerError('unknown type of response');
  return readBasic(expectTag(basic, TAG.octetString).content);
}

function readBasic(der: Buffer): OcspResponse {
  const [tbs, algorithm, signature, certificates, ...more] = readSequence(readDer(der, TAG.sequence));
  if (more.length > 0) throw new DerError('too many members');
  return {
    ...readData(tbs),
    tbs: expectTag(tbs, TAG.sequence).der,
    signatureAlgorithm: expectTag(algorithm, TAG.sequence).der,
    signature: readOctetAlignedBits(signature),
    certificates: certificates ? readCertificates(certificates) : [],
  };
}

function readCertificates(value: DerValue): readonly Buffer[] {
  const [list] = readAll(expectTag(value, contextTag(0, true)).content);
  return readSequence(list)
    .slice(0, mostCertificates)
    .map(({ der }) => der);
}

function readData(tbs: DerValue | undefined): Pick<OcspResponse, 'responder' | 'responses' | 'nonce'> {
  const [responder, producedAt, responses, extensions, ...more] = readSequence(tbs);
  // A version would stand before them, and the only one there is goes without saying (X.690 11.5).
  if (more.length > 0) throw new DerError('too many members');
  readTime(producedAt);
  const items = readSequence(responses);
  if (items.length > mostResponses) throw new DerError('too many responses');
  const read = readTaggedExtensions(extensions);
  const nonce = read.get(NONCE)?.value;
  return {
    responder: readResponder(responder),
    responses: items.map(readSingle),
    nonce: nonce && readDer(nonce, TAG.octetString).content,
  };
}

/** Refuses critical ones but the nonce: none is defined that we would have to process. */
function readTaggedExtensions(value: DerValue | undefined): ReadonlyMap<string, CertificateExtension> {
  const extensions = readExtensions(value && expectTag(value, contextTag(1, true)));
  for (const [id, { critical }] of extensions) {
    if (critical && id !== NONCE) throw new DerError(`unknown critical extension ${id}`);
  }
  return extensions;
}

function readResponder(value: DerValue | undefined): ResponderId {
  if (value?.tag === contextTag(2, true)) return { keyHash: readDer(value.content, TAG.octetString).content };
  const { content } = expectTag(value, contextTag(1, true));
  const name = readDistinguishedName(content);
  if (name === undefined) throw new DerError('broken responder name');
  return { name: name.key };
}

function readSingle(value: DerValue): SingleResponse {
  const [id, status, thisUpdate, ...optional] = readSequence(value);
  const [algorithm, nameHash, issuerHash, serial, ...more] = readSequence(id);
  if (more.length > 0) throw new DerError('broken CertID');
  const nextUpdate = optional[0]?.tag === contextTag(0, true) ? optional.shift() : undefined;
  readTaggedExtensions(optional.shift());
  if (optional.length > 0) throw new DerError('broken SingleResponse');
  return {
    hash: HASHES.get(readOid(readSequence(algorithm)[0])),
    issuerNameHash: expectTag(nameHash, TAG.octetString).content,
    issuerKeyHash: expectTag(issuerHash, TAG.octetString).content,
    serialNumber: expectTag(serial, TAG.integer).content,
    ...readStatus(status),
    thisUpdate: readTime(thisUpdate),
    nextUpdate: nextUpdate && readTime(readAll(nextUpdate.content)[0]),
  };
}

function readStatus(value: DerValue | undefined): Pick<SingleResponse, 'status' | 'revokedAt'> {
  if (value?.tag === contextTag(1, true)) return { status: 'revoked', revokedAt: readTime(readAll(value.content)[0]) };
  const [good, unknown] = [contextTag(0, false), contextTag(2, false)];
  if (value === undefined || value.content.length > 0 || (value.tag !== good && value.tag !== unknown)) {
    throw new DerError('broken status');
  }
  return { status: value.tag === good ? 'good' : 'unknown', revokedAt: undefined };
}
