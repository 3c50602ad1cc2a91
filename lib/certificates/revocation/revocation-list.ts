import type { KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { type CertificateExtension, readExtensions } from '../certificate-fields.js';
import {
  contextTag,
  DerError,
  type DerValue,
  expectTag,
  readDer,
  readOctetAlignedBits,
  readSequence,
  readSmallInteger,
  TAG,
  unlessMalformed,
} from '../der.js';
import { readTime } from '../der-time.js';
import { readDistinguishedName } from '../distinguished-name.js';
import { isStrongKey, type SignatureVerdict, type SignedData, verifySignature } from '../signature.js';
import { indexEntries } from './list-entries.js';
import { type ListScope, readListScope } from './list-scope.js';

/** A certificate revocation list as it encodes itself (RFC 5280 5.1), believed by nobody yet. */
interface ListFields extends SignedData {
  readonly issuerKey: string;
  /** Milliseconds since 1970. */
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** The contents of revokedCertificates; empty where nothing is revoked. */
  readonly entries: Buffer;
  readonly scope: ListScope;
}

const EXTENSIONS = { issuingDistributionPoint: '2.5.29.28', deltaIndicator: '2.5.29.27' } as const;
/** authorityKeyIdentifier, issuerAltName, cRLNumber, freshestCRL: whether critical or not, they change no status. */
const HARMLESS: ReadonlySet<string> = new Set(['2.5.29.35', '2.5.29.18', '2.5.29.20', '2.5.29.46']);

/** A revocation list, or in one sentence why the bytes are none that we use. */
export type ReadRevocationList =
  | { readonly ok: true; readonly list: RevocationList }
  | { readonly ok: false; readonly problem: string };

/** Reads one DER list. Its entries are not looked into before somebody's signature on them has been verified. */
export function readRevocationList(der: Buffer): ReadRevocationList {
  const fields = unlessMalformed(() => readFields(der));
  if (fields === undefined) return { ok: false, problem: 'the list is malformed' };
  return typeof fields === 'string' ? { ok: false, problem: fields } : { ok: true, list: new RevocationList(fields) };
}

function readFields(der: Buffer): ListFields | string {
  const [tbs, outerAlgorithm, signature, ...more] = readSequence(readDer(der, TAG.sequence));
  if (more.length > 0) throw new DerError('too many members');
  const signatureAlgorithm = expectTag(outerAlgorithm, TAG.sequence).der;
  const members = readSequence(tbs);
  const version = members[0]?.tag === TAG.integer ? readSmallInteger(members.shift()) : 0;
  if (version > 1) throw new DerError('unknown version');
  const [innerAlgorithm, issuer, thisUpdate] = members.splice(0, 3);
  // RFC 5280 5.1.1.2
  if (!innerAlgorithm?.der.equals(signatureAlgorithm)) throw new DerError('two signature algorithms');
  const nextUpdate = isTime(members[0]) ? members.shift() : undefined;
  const entries = members[0]?.tag === TAG.sequence ? members.shift() : undefined;
  const extensions = readListExtensions(members.shift(), version);
  if (members.length > 0) throw new DerError('members after the extensions');
  // RFC 5280 5.1.2.5 demands it, and without it a list would be good for ever.
  if (nextUpdate === undefined) return 'the list has no nextUpdate';
  const problem = extensionProblem(extensions);
  if (problem !== undefined) return problem;
  return {
    tbs: expectTag(tbs, TAG.sequence).der,
    signatureAlgorithm,
    signature: readOctetAlignedBits(signature),
    issuerKey: readIssuer(issuer),
    thisUpdate: readTime(thisUpdate),
    nextUpdate: readTime(nextUpdate),
    entries: entries?.content ?? Buffer.alloc(0),
    scope: readListScope(extensions.get(EXTENSIONS.issuingDistributionPoint)?.value),
  };
}

function isTime(value: DerValue | undefined): boolean {
  return value?.tag === TAG.utcTime || value?.tag === TAG.generalizedTime;
}

function readListExtensions(value: DerValue | undefined, version: number): ReadonlyMap<string, CertificateExtension> {
  if (value !== undefined && (version !== 1 || value.tag !== contextTag(0, true))) throw new DerError('unknown member');
  return readExtensions(value);
}

function readIssuer(value: DerValue | undefined): string {
  const { der } = expectTag(value, TAG.sequence);
  const name = readDistinguishedName(der);
  if (name === undefined || name.rdns.length === 0) throw new DerError('the issuer has no name');
  return name.key;
}

function extensionProblem(extensions: ReadonlyMap<string, CertificateExtension>): string | undefined {
  // Alone it does not tell what is revoked (RFC 5280 5.2.4).
  if (extensions.has(EXTENSIONS.deltaIndicator)) return 'it is a delta list';
  for (const [id, { critical }] of extensions) {
    if (critical && id !== EXTENSIONS.issuingDistributionPoint && !HARMLESS.has(id)) {
      return `the list has the unknown critical extension ${id}`;
    }
  }
  return undefined;
}

/** One list, and what has been found out about it so far: nothing of it is worked out twice. */
export class RevocationList {
  readonly #fields: ListFields;
  #signer: { readonly key: KeyObject; readonly verdict: SignatureVerdict } | undefined;
  #serials: Promise<ReadonlySet<string> | undefined> | undefined;

  /** Use `readRevocationList`. */
  constructor(fields: ListFields) {
    this.#fields = fields;
  }

  /** The `key` of the issuer's DistinguishedName. */
  get issuerKey(): string {
    return this.#fields.issuerKey;
  }

  get thisUpdate(): number {
    return this.#fields.thisUpdate;
  }

  get nextUpdate(): number {
    return this.#fields.nextUpdate;
  }

  /** Which certificates of its issuer it speaks of. */
  get scope(): ListScope {
    return this.#fields.scope;
  }

  signatureBy(key: KeyObject): SignatureVerdict {
    if (!isStrongKey(key)) return 'weak';
    if (this.#signer === undefined || !(this.#signer.key === key || this.#signer.key.equals(key))) {
      this.#signer = { key, verdict: verifySignature(this.#fields, key) };
    }
    return this.#signer.verdict;
  }

  /** Whether it is known to be genuine, and newer than another list of the same issuer for the same certificates. */
  supersedes(other: RevocationList): boolean {
    return (
      this.#signer?.verdict === 'valid' &&
      this.issuerKey === other.issuerKey &&
      isDeepStrictEqual(this.scope, other.scope) &&
      this.thisUpdate > other.thisUpdate
    );
  }

  /** Whether it lists a serial number; `undefined` when its entries are malformed or not understood. */
  async lists(serialNumber: Buffer): Promise<boolean | undefined> {
    this.#serials ??= indexEntries(this.#fields.entries);
    return (await this.#serials)?.has(serialNumber.toString('latin1'));
  }
}
