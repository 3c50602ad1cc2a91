import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { type DataDirectory, damaged } from '../data-directory.js';

const aDay = 86_400_000;

/** A certificate file and how to make it. */
export interface CertificateOrder {
  readonly name: string;
  /** PKCS#8 PEM of the key it is for. */
  readonly privateKey: string;
  /** PEM of the authority that signs it. Absent: it signs itself. */
  readonly authority?: string;
  /** DNS names and addresses it must cover. */
  readonly names?: readonly string[];
  make(): Promise<string> | string;
}

/**
 * A certificate of the data directory as PEM: the one that stands there, or a new one when there is none, when it ends
 * within a day, or when it lacks a name. Rejects with StartUpError when what stands there is no certificate of its key
 * and authority.
 */
export async function keepCertificate(directory: DataDirectory, order: CertificateOrder): Promise<string> {
  const known = await directory.keep(order.name, order.make, (pem) => check(pem, order));
  if (isCurrent(new X509Certificate(known), order.names ?? [])) return known;
  const fresh = await order.make();
  await directory.replace(order.name, fresh);
  return fresh;
}

/** Refuses a certificate whose key is gone: making a new key for it would break whoever trusts it. */
export async function refuseOrphan(directory: DataDirectory, certificate: string, key: string): Promise<void> {
  const [hasCertificate, hasKey] = await Promise.all([directory.read(certificate), directory.read(key)]);
  if (hasCertificate !== undefined && hasKey === undefined) {
    throw damaged(directory.file(key), `it is missing, but ${directory.file(certificate)} needs it`);
  }
}

function check(pem: string, { privateKey, authority }: CertificateOrder): void {
  const certificate = parse(pem);
  if (!certificate.checkPrivateKey(createPrivateKey(privateKey))) throw new Error('it is not for the key beside it');
  const signer = authority === undefined ? certificate : new X509Certificate(authority);
  if (!certificate.verify(signer.publicKey)) throw new Error('it was not signed by the authority beside it');
}

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new Error('it is not a certificate');
  }
}

function isCurrent(certificate: X509Certificate, names: readonly string[]): boolean {
  const covers = (name: string) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined;
  return Date.parse(certificate.validTo) - Date.now() > aDay && names.every(covers);
}
