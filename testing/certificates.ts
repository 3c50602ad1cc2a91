import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import {
  bitString,
  boolean,
  explicit,
  extension,
  implicit,
  integer,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  utf8String,
} from './der.js';

/** A certificate of a P-256 key, for one test run. */
export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  /** Its private key, PKCS #8 PEM. */
  readonly key: string;
  /** PEM of the certificate that signed it; of a self-signed one, itself. */
  readonly ca: string;
}

interface Order {
  readonly commonName: string;
  /** DER of the extensions that this kind of certificate has. */
  readonly extensions: readonly Buffer[];
}

interface Signer {
  readonly cert: string;
  readonly name: Buffer;
  readonly key: string;
}

const anHour = 3_600_000;
const aDay = 24 * anHour;

const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));
const digitalSignature = extension('2.5.29.15', bitString(Buffer.from([0x80]), 7), true);
const certificateSigning = extension('2.5.29.15', bitString(Buffer.from([0x04]), 2), true);
const isAuthority = extension('2.5.29.19', sequence(boolean(true)), true);
const forServers = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1')));
const forClients = extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.2')));

const dnsName = (name: string) => implicit(2, Buffer.from(name, 'latin1'));
const ipAddress = (octets: readonly number[]) => implicit(7, Buffer.from(octets));
const alternativeNames = (...names: readonly Buffer[]) => extension('2.5.29.17', sequence(...names));

function makeCertificate({ commonName, extensions }: Order, issuer?: Signer): TestCertificate & Signer {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const name = sequence(setOf(sequence(oid('2.5.4.3'), utf8String(commonName))));
  const signer = issuer ?? { name, key: privateKey };
  // RFC 5280 4.1.
  const toBeSigned = sequence(
    explicit(0, integer(2)),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    signer.name,
    sequence(time(new Date(Date.now() - anHour)), time(new Date(Date.now() + aDay))),
    name,
    publicKey,
    explicit(3, sequence(...extensions, ...keyIdentifiers(publicKey, signer.key))),
  );
  const signature = bitString(sign('sha256', toBeSigned, signer.key));
  const cert = toPem(sequence(toBeSigned, ecdsaWithSha256, signature));
  return { cert, key: privateKey, ca: issuer?.cert ?? cert, name };
}

/** RFC 5280 4.2.1.1, 4.2.1.2. */
function keyIdentifiers(publicKey: Buffer, signingKey: string): readonly Buffer[] {
  const signer = createPublicKey(signingKey).export({ type: 'spki', format: 'der' });
  const digest = (spki: Buffer) => createHash('sha1').update(spki).digest();
  return [
    extension('2.5.29.14', octetString(digest(publicKey))),
    extension('2.5.29.35', sequence(implicit(0, digest(signer)))),
  ];
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function publicParts({ cert, key, ca }: TestCertificate): TestCertificate {
  return { cert, key, ca };
}

/** A certificate authority, made when it is first asked for something. */
export class TestAuthority {
  #signer: (TestCertificate & Signer) | undefined;

  /** PEM: what `root_cas` of the app under test has to list, and what a client of {@link httpsServer} trusts. */
  get cert(): string {
    return this.#made().cert;
  }

  /** A TLS client certificate with this common name and this DNS name. */
  issue(commonName: string, name: string): TestCertificate {
    const extensions = [digitalSignature, forClients, alternativeNames(dnsName(name))];
    return publicParts(makeCertificate({ commonName, extensions }, this.#made()));
  }

  /** A server certificate for `localhost`, `127.0.0.1` and `::1`. */
  issueToServer(): TestCertificate {
    const loopback = [dnsName('localhost'), ipAddress([127, 0, 0, 1]), ipAddress([...Array(15).fill(0), 1])];
    const extensions = [digitalSignature, forServers, alternativeNames(...loopback)];
    return publicParts(makeCertificate({ commonName: 'localhost', extensions }, this.#made()));
  }

  #made(): TestCertificate & Signer {
    const extensions = [isAuthority, certificateSigning];
    this.#signer ??= makeCertificate({ commonName: 'Test authority', extensions });
    return this.#signer;
  }
}

/** The authority of these helpers. Its key is made once per process, when it is first needed, and kept to itself. */
export const authority: TestAuthority = new TestAuthority();

/** A TLS client certificate that signed itself (RFC 8705 2.2). */
export function selfSignedCertificate(commonName: string): TestCertificate {
  return publicParts(makeCertificate({ commonName, extensions: [digitalSignature, forClients] }));
}

let ownCertificate: TestCertificate | undefined;

/**
 * Your app behind TLS, asking for client certificates, not listening yet: hand it to supertest's `request()`. Its
 * certificate is for `localhost` and `127.0.0.1`, by {@link authority}.
 */
export function httpsServer(app: RequestListener): Server {
  ownCertificate ??= authority.issueToServer();
  const { cert, key } = ownCertificate;
  // Naming `ca` here would make clients withhold self-signed certificates; the strategies decide which one counts.
  return createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, app);
}
