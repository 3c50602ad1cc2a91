import { createHash } from 'node:crypto';
import { contextTag, readAll, readDer, readOctetAlignedBits, TAG } from '../der.js';
import type { RevocationTarget } from './target.js';

export type OcspHash = 'sha1' | 'sha256';

/** The CertID of RFC 6960 4.1.1 by one digest. */
export interface CertificateId {
  readonly issuerNameHash: Buffer;
  readonly issuerKeyHash: Buffer;
}

/** AlgorithmIdentifiers with NULL, as every responder writes them. */
const HASH_ALGORITHMS: Readonly<Record<OcspHash, Buffer>> = {
  sha1: Buffer.from('300906052b0e03021a0500', 'hex'),
  sha256: Buffer.from('300d06096086480165030402010500', 'hex'),
};

/** id-pkix-ocsp-nonce, RFC 9654 2.1, as an OBJECT IDENTIFIER. */
const NONCE = Buffer.from('06092b0601050507300102', 'hex');

function digest(hash: OcspHash, bytes: Buffer): Buffer {
  return createHash(hash).update(bytes).digest();
}

/** What a key is known by in OCSP: the digest over its BIT STRING's contents. `spki` is a SubjectPublicKeyInfo. */
export function keyHash(spki: Buffer, hash: OcspHash): Buffer {
  return digest(hash, readOctetAlignedBits(readAll(readDer(spki, TAG.sequence).content)[1]));
}

export function certificateId({ certificate, issuer }: RevocationTarget, hash: OcspHash): CertificateId {
  return {
    issuerNameHash: digest(hash, certificate.fields.issuer),
    issuerKeyHash: keyHash(issuer.fields.subjectPublicKeyInfo, hash),
  };
}

/** A DER value whose contents are shorter than 64 KiB. */
function encode(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length];
  return Buffer.concat([Buffer.from(head), content]);
}

/** The OCSPRequest for one certificate (RFC 6960 4.1.1), unsigned, with a nonce of at most 128 octets or none. */
export function encodeOcspRequest(target: RevocationTarget, hash: OcspHash, nonce: Buffer | undefined): Buffer {
  const { issuerNameHash, issuerKeyHash } = certificateId(target, hash);
  const id = encode(
    TAG.sequence,
    HASH_ALGORITHMS[hash],
    encode(TAG.octetString, issuerNameHash),
    encode(TAG.octetString, issuerKeyHash),
    encode(TAG.integer, target.certificate.fields.serialNumber),
  );
  const requests = encode(TAG.sequence, encode(TAG.sequence, id));
  const extensions = nonce && encode(contextTag(2, true), encode(TAG.sequence, nonceExtension(nonce)));
  return encode(TAG.sequence, encode(TAG.sequence, requests, ...(extensions ? [extensions] : [])));
}

function nonceExtension(nonce: Buffer): Buffer {
  return encode(TAG.sequence, NONCE, encode(TAG.octetString, encode(TAG.octetString, nonce)));
}
