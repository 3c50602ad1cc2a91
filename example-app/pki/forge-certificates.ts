import { createPublicKey, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

const days = 86_400_000;
/** For a clock that is a little behind. */
const backdated = 3_600_000;

/** Who a certificate is for, and how long it lives. */
export interface CertificateRequest {
  readonly commonName: string;
  /** PKCS#8 PEM, RSA. */
  readonly privateKey: string;
  readonly lifetimeDays: number;
  /** Absent: that of the demo. */
  readonly organization?: string;
}

/** Who signs. */
export interface Issuer {
  readonly certificate: string;
  /** PKCS#8 PEM, RSA. */
  readonly privateKey: string;
}

/** The organization in every certificate of the demo. */
export const organization = 'Acme Demo';

type Extension = Readonly<Record<string, unknown>>;

const clientExtensions: readonly Extension[] = [
  { name: 'basicConstraints', cA: false, critical: true },
  { name: 'keyUsage', digitalSignature: true, critical: true },
  { name: 'extKeyUsage', clientAuth: true },
];

/** Where subjectPublicKeyInfo stands in a TBSCertificate with a version (RFC 5280 4.1). */
const publicKeyPosition = 6;

/** A certificate authority of its own (RFC 5280 4.2.1.9), as PEM. */
export function makeAuthority(request: CertificateRequest): string {
  return issue(request, undefined, [
    { name: 'basicConstraints', cA: true, critical: true, pathLenConstraint: 0 },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  ]);
}

/** A server certificate for these DNS names and IP addresses, as PEM. */
export function makeServerCertificate(request: CertificateRequest, names: readonly string[], issuer: Issuer): string {
  const altNames = names.map((name) => (isIP(name) ? { type: 7, ip: name } : { type: 2, value: name }));
  return issue(request, issuer, [
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames },
  ]);
}

/** A TLS client certificate, as PEM. Without an issuer it is self-signed (RFC 8705 2.2). */
export function makeClientCertificate(request: CertificateRequest, issuer?: Issuer): string {
  return issue(request, issuer, clientExtensions);
}

/** A PKCS#12 file of a key and its certificates, for browsers and Windows. */
export function makePkcs12(privateKey: string, certificates: readonly string[], password: string): Buffer {
  const key = forge.pki.privateKeyFromPem(privateKey);
  const chain = certificates.map((pem) => forge.pki.certificateFromPem(pem));
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, chain, password, { algorithm: '3des', friendlyName: organization });
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1');
}

/**
 * A TLS client certificate for a P-256 key, signed by an RSA authority, as PEM. node-forge knows RSA keys only, so the
 * certificate is made for the authority's key first, then gets its own and is signed once more.
 */
export function makeEllipticClientCertificate(request: CertificateRequest, issuer: Issuer): string {
  const { asn1, md, pem, pki } = forge;
  const key = pki.privateKeyFromPem(issuer.privateKey);
  const draft = draftCertificate(
    request,
    pki.setRsaPublicKey(key.n, key.e),
    pki.certificateFromPem(issuer.certificate),
  );
  draft.setExtensions([...clientExtensions]);
  draft.sign(key, md.sha256.create());
  const certificate = pki.certificateToAsn1(draft);
  // RFC 5280 4.1: tbsCertificate, signatureAlgorithm, signatureValue.
  const [toBeSigned, algorithm] = parts(certificate);
  const members = parts(toBeSigned);
  const publicKey = createPublicKey(request.privateKey).export({ type: 'spki', format: 'der' });
  members[publicKeyPosition] = asn1.fromDer(publicKey.toString('latin1'));
  const digest = md.sha256.create().update(asn1.toDer({ ...toBeSigned, value: members }).getBytes());
  const signature = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.BITSTRING, false, `\0${key.sign(digest)}`);
  const signed = asn1.create(asn1.Class.UNIVERSAL, asn1.Type.SEQUENCE, true, [
    { ...toBeSigned, value: members },
    algorithm,
    signature,
  ]);
  return unixLines(pem.encode({ type: 'CERTIFICATE', body: asn1.toDer(signed).getBytes() }));
}

function issue(request: CertificateRequest, issuer: Issuer | undefined, extensions: readonly Extension[]): string {
  const { pki, md } = forge;
  const key = pki.privateKeyFromPem(request.privateKey);
  const authority = issuer && pki.certificateFromPem(issuer.certificate);
  const certificate = draftCertificate(request, pki.setRsaPublicKey(key.n, key.e), authority);
  const keyIdentifiers = [
    { name: 'subjectKeyIdentifier' },
    ...(authority ? [{ name: 'authorityKeyIdentifier', keyIdentifier: keyIdentifier(authority) }] : []),
  ];
  certificate.setExtensions([...extensions, ...keyIdentifiers]);
  certificate.sign(issuer ? pki.privateKeyFromPem(issuer.privateKey) : key, md.sha256.create());
  return unixLines(pki.certificateToPem(certificate));
}

function draftCertificate(
  request: CertificateRequest,
  publicKey: forge.pki.rsa.PublicKey,
  authority: forge.pki.Certificate | undefined,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(Date.now() - backdated);
  certificate.validity.notAfter = new Date(Date.now() + request.lifetimeDays * days);
  certificate.setSubject([
    { name: 'organizationName', value: request.organization ?? organization },
    { name: 'commonName', value: request.commonName },
  ]);
  certificate.setIssuer((authority ?? certificate).subject.attributes);
  return certificate;
}

type Asn1 = forge.asn1.Asn1;

/** The members of a SEQUENCE of ours, which has at least two. */
function parts({ value }: Asn1): [Asn1, Asn1, ...Asn1[]] {
  const [first, second, ...others] = typeof value === 'string' ? [] : value;
  if (!first || !second) throw new TypeError('Not a sequence of several members');
  return [first, second, ...others];
}

function unixLines(pem: string): string {
  return pem.replaceAll('\r\n', '\n');
}

function keyIdentifier(certificate: forge.pki.Certificate): string {
  return certificate.generateSubjectKeyIdentifier().getBytes();
}

/** 16 random octets that are a positive number without leading zeros (RFC 5280 4.1.2.2). */
function serialNumber(): string {
  return `5${randomBytes(16).toString('hex').slice(1)}`;
}
