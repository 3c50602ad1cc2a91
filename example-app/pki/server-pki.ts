import type { DataDirectory } from '../data-directory.js';
import { keepCertificate, refuseOrphan } from './certificates.js';
import { type Issuer, makeAuthority, makeServerCertificate } from './forge-certificates.js';
import { keepPrivateKey } from './keys.js';

/** The authority and the server's own certificate, as PEM texts. */
export interface ServerPki {
  readonly authority: Issuer;
  /** Absolute path of the authority's certificate, for `curl --cacert`. */
  readonly authorityPath: string;
  readonly cert: string;
  readonly key: string;
}

const localNames = ['localhost', 'mtls.localhost', '127.0.0.1', '::1'];

/** Files made on first start: an authority and a server certificate. `hosts` are the names people reach us by. */
export async function keepServerPki(directory: DataDirectory, hosts: readonly string[] = []): Promise<ServerPki> {
  await refuseOrphan(directory, 'pki/ca.crt', 'pki/ca.key');
  await refuseOrphan(directory, 'pki/server.crt', 'pki/server.key');
  const [authorityKey, key] = await Promise.all([
    keepPrivateKey(directory, 'pki/ca.key', 'rsa'),
    keepPrivateKey(directory, 'pki/server.key', 'rsa'),
  ]);
  const certificate = await keepCertificate(directory, {
    name: 'pki/ca.crt',
    privateKey: authorityKey,
    make: () => makeAuthority({ commonName: 'Acme Demo CA', privateKey: authorityKey, lifetimeDays: 7300 }),
  });
  const authority = { certificate, privateKey: authorityKey };
  const names = [...new Set([...localNames, ...hosts])];
  const cert = await keepCertificate(directory, {
    name: 'pki/server.crt',
    privateKey: key,
    authority: certificate,
    names,
    make: () =>
      makeServerCertificate(
        { commonName: 'localhost', privateKey: key, lifetimeDays: 397 },
        [...names, '*.localhost'],
        authority,
      ),
  });
  return { authority, authorityPath: directory.file('pki/ca.crt'), cert, key };
}
