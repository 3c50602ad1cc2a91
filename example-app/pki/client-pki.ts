import type { DataDirectory } from '../data-directory.js';
import { keepCertificate, refuseOrphan } from './certificates.js';
import {
  type Issuer,
  makeAuthority,
  makeClientCertificate,
  makeEllipticClientCertificate,
  makePkcs12,
} from './forge-certificates.js';
import { type KeyKind, keepPrivateKey } from './keys.js';

/** Absolute paths of a certificate and its key, for `curl --cert --key`. */
export interface ClientCertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

/** The certificates of the demo's clients. */
export interface ClientPki {
  /** For tls_client_auth: RSA, by the authority. */
  readonly rsa: ClientCertificateFiles;
  /** The same subject with a P-256 key. */
  readonly elliptic: ClientCertificateFiles;
  /** For self_signed_tls_client_auth. */
  readonly selfSigned: ClientCertificateFiles;
  /** The subject of `rsa`, by an authority that nobody trusts: a mistake to try. */
  readonly stranger: ClientCertificateFiles;
  /** Absolute path of a PKCS#12 file of `rsa`, for browsers. */
  readonly pkcs12: string;
}

/** The password of the PKCS#12 file. Programs that import such files insist on one. */
export const pkcs12Password = 'demo';

const lifetimeDays = 397;

/** Files made on first start. `tlsName` and `selfSignedName` are the common names in the certificates. */
export async function keepClientPki(
  directory: DataDirectory,
  authority: Issuer,
  tlsName: string,
  selfSignedName: string,
): Promise<ClientPki> {
  const keep = async (name: string, kind: KeyKind, signer: Issuer | undefined, make: MakeCertificate) => {
    const files = { certificate: `pki/${name}.crt`, key: `pki/${name}.key` };
    await refuseOrphan(directory, files.certificate, files.key);
    const privateKey = await keepPrivateKey(directory, files.key, kind);
    const certificate = await keepCertificate(directory, {
      name: files.certificate,
      privateKey,
      ...(signer && { authority: signer.certificate }),
      make: () => make(privateKey),
    });
    return {
      files: { certificate: directory.file(files.certificate), key: directory.file(files.key) },
      certificate,
      privateKey,
    };
  };
  const [rsa, elliptic, selfSigned] = await Promise.all([
    keep('client', 'rsa', authority, (privateKey) =>
      makeClientCertificate({ commonName: tlsName, privateKey, lifetimeDays }, authority),
    ),
    keep('client-ec', 'ec', authority, (privateKey) =>
      makeEllipticClientCertificate({ commonName: tlsName, privateKey, lifetimeDays }, authority),
    ),
    keep('self-signed', 'rsa', undefined, (privateKey) =>
      makeClientCertificate({ commonName: selfSignedName, privateKey, lifetimeDays }),
    ),
  ]);
  const elsewhere = await keepStrangeAuthority(directory, rsa.privateKey);
  const stranger = await keep('stranger', 'ec', elsewhere, (privateKey) =>
    makeEllipticClientCertificate({ commonName: tlsName, privateKey, lifetimeDays }, elsewhere),
  );
  const bundle = makePkcs12(rsa.privateKey, [rsa.certificate, authority.certificate], pkcs12Password);
  await directory.replace('pki/client.p12', bundle);
  return {
    rsa: rsa.files,
    elliptic: elliptic.files,
    selfSigned: selfSigned.files,
    stranger: stranger.files,
    pkcs12: directory.file('pki/client.p12'),
  };
}

type MakeCertificate = (privateKey: string) => Promise<string> | string;

/** `privateKey`: that of a client, for the key of an authority must be RSA, and another one would take long to make. */
async function keepStrangeAuthority(directory: DataDirectory, privateKey: string): Promise<Issuer> {
  const certificate = await keepCertificate(directory, {
    name: 'pki/stranger-ca.crt',
    privateKey,
    make: () => makeAuthority({ commonName: 'Another authority', organization: 'Elsewhere', privateKey, lifetimeDays }),
  });
  return { certificate, privateKey };
}
