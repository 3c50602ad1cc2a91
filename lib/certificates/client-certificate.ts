import { hash, X509Certificate } from 'node:crypto';
import { type CertificateFields, parseCertificateFields } from './certificate-fields.js';
import { type DistinguishedName, readDistinguishedName } from './distinguished-name.js';
import { MAX_CERTIFICATE_BYTES } from './pem.js';
import { readSubjectAlternativeNames, type SubjectAlternativeNames } from './subject-alternative-names.js';

/** SHA-256 of a DER certificate in base64url, 43 characters: `x5t#S256` of RFC 8705 3.1. */
export function certificateDigest(der: Buffer): string {
  return hash('sha256', der, 'base64url');
}

/** That a proxy passed a certificate on, and what it said of its own verification. */
export interface Forwarding {
  /** `SUCCESS`, `FAILED:reason`, `0`, word for word. Never sufficient. */
  readonly verdict: string | undefined;
}

/**
 * The certificate that a client presented, and what came with it. What is costly to read is read once, when asked for.
 * Only the leaf says who the client is; the chain is an unproven hint for finding a path.
 */
export class ClientCertificate {
  /** The leaf, DER. */
  readonly der: Buffer;
  /** `x5t#S256` of the leaf: base64url, 43 characters. */
  readonly digest: string;
  /** The intermediates as they were presented, DER; may be empty, and any of them may be rubbish. */
  readonly chain: readonly Buffer[];
  /** Absent for the certificate of a TLS connection of our own. */
  readonly forwarded: Forwarding | undefined;
  /** The fields of the leaf, undecoded. */
  readonly fields: CertificateFields;
  #chainDigest: string | undefined;
  #x509: X509Certificate | undefined;
  #subject: { readonly name: DistinguishedName | undefined } | undefined;
  #alternativeNames: { readonly names: SubjectAlternativeNames | undefined } | undefined;

  /** Use `parseClientCertificate`. */
  constructor(der: Buffer, fields: CertificateFields, chain: readonly Buffer[], forwarded?: Forwarding) {
    this.der = der;
    this.fields = fields;
    this.chain = chain;
    this.forwarded = forwarded;
    this.digest = certificateDigest(der);
  }

  /** What the proxy said of its own verification. */
  get proxyVerdict(): string | undefined {
    return this.forwarded?.verdict;
  }

  /** First instant of the validity period, milliseconds since 1970. */
  get notBefore(): number {
    return this.fields.notBefore;
  }

  /** Last instant of the validity period, milliseconds since 1970. */
  get notAfter(): number {
    return this.fields.notAfter;
  }

  /** SHA-256 over the digests of the chain in their order, base64url; the empty string without a chain. */
  get chainDigest(): string {
    this.#chainDigest ??=
      this.chain.length === 0 ? '' : certificateDigest(Buffer.from(this.chain.map(certificateDigest).join('.')));
    return this.#chainDigest;
  }

  /** The leaf as Node reads it. Costs about 200 microseconds the first time; throws where OpenSSL cannot read it. */
  get x509(): X509Certificate {
    this.#x509 ??= new X509Certificate(this.der);
    return this.#x509;
  }

  /** The subject; `undefined` when it holds something that no name may hold, such as NUL. */
  get subject(): DistinguishedName | undefined {
    this.#subject ??= { name: readDistinguishedName(this.fields.subject) };
    return this.#subject.name;
  }

  /** The subject alternative names, none when there is no such extension; `undefined` when they are malformed. */
  get subjectAlternativeNames(): SubjectAlternativeNames | undefined {
    this.#alternativeNames ??= { names: readSubjectAlternativeNames(this.fields) };
    return this.#alternativeNames.names;
  }
}

/**
 * Reads one DER certificate, of 64 KiB at most, with the DER of the intermediates that came along. `undefined` when it
 * is no well-formed certificate. Nothing is said about whether it is valid or to be trusted.
 */
export function parseClientCertificate(
  der: Buffer,
  chain: readonly Buffer[] = [],
  forwarded?: Forwarding,
): ClientCertificate | undefined {
  if (der.length > MAX_CERTIFICATE_BYTES) return undefined;
  const fields = parseCertificateFields(der);
  return fields && new ClientCertificate(der, fields, chain, forwarded);
}

/**
 * Whether `now` (milliseconds) lies in the validity period (RFC 5280 4.1.2.5), which begins `toleranceSeconds` earlier:
 * a CA whose clock is ahead may have just issued it. Its end stays where it is.
 */
export function isWithinValidity(
  certificate: Pick<ClientCertificate, 'notBefore' | 'notAfter'>,
  now: number,
  toleranceSeconds = 0,
): boolean {
  return certificate.notBefore - toleranceSeconds * 1000 <= now && now <= certificate.notAfter;
}
