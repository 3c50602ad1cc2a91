import {
  constants,
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { isIP } from 'node:net';
import { ipAddressBytes } from '../../lib/certificates/ip-address.js';
import {
  bitString,
  boolean,
  explicit,
  extension,
  ia5String,
  implicit,
  integer,
  nullValue,
  octetString,
  oid,
  sequence,
  setOf,
  time,
  utf8String,
} from './der-writer.js';

export type KeyType = 'ec' | 'ec384' | 'ecExplicit' | 'secp256k1' | 'ed25519' | 'rsa' | 'rsa1024';
export type SignatureHash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

export interface CertificateOptions {
  /** `CN=x,O=y` without escapes, the last RDN first as in RFC 4514; or a Name in DER (see `nameOf`). */
  readonly subject?: string | Buffer;
  /** `DNS:localhost`, `IP:127.0.0.1`, `URI:...`, `email:...`, or a GeneralName in DER. */
  readonly san?: readonly (string | Buffer)[];
  /** `clientAuth`, `serverAuth`, `any` or OIDs; `[]` for no extendedKeyUsage. Default: client and server, none for a CA. */
  readonly eku?: readonly string[];
  /** Bit numbers; `[]` for no keyUsage. Default: digitalSignature (0), or keyCertSign (5) and cRLSign (6). */
  readonly keyUsage?: readonly number[];
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in a year. */
  readonly notAfter?: Date;
  readonly keyType?: KeyType;
  /** Reuses the key of another certificate instead of making one. */
  readonly sameKeyAs?: Certificate;
  readonly isCa?: boolean;
  readonly pathLen?: number;
  /** Further extensions, in DER. */
  readonly extensions?: readonly Buffer[];
  /** How it is signed. Default SHA-256, PKCS #1 for RSA. */
  readonly hash?: SignatureHash;
  readonly pss?: boolean;
}

/** A certificate and its key. A CA and anything else can issue, so that specs can make what must be refused. */
export interface Certificate {
  /** PEM */
  readonly cert: string;
  /** PKCS #8 PEM */
  readonly key: string;
  readonly der: Buffer;
  issue(options?: CertificateOptions): Certificate;
}

interface Signer {
  readonly name: Buffer;
  readonly privateKey: KeyObject;
}

const TYPES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  C: '2.5.4.6',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  DC: '0.9.2342.19200300.100.1.25',
};
const PURPOSES: Readonly<Record<string, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  any: '2.5.29.37.0',
};
const HASH_OIDS = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const RSA_OIDS = { sha1: 5, sha256: 11, sha384: 12, sha512: 13 };
const ECDSA_OIDS = {
  sha1: '1.2.840.10045.4.1',
  sha256: '1.2.840.10045.4.3.2',
  sha384: '1.2.840.10045.4.3.3',
  sha512: '1.2.840.10045.4.3.4',
};

/** A Name in DER from RDNs in the order of the certificate, each a list of OID and value in DER. */
export function nameOf(...rdns: readonly (readonly (readonly [type: string, value: Buffer])[])[]): Buffer {
  return sequence(...rdns.map((rdn) => setOf(...rdn.map(([type, value]) => sequence(oid(type), value)))));
}

function nameFromText(text: string): Buffer {
  if (text === '') return sequence();
  const rdns = text.split(',').map((rdn) =>
    rdn.split('+').map((attribute) => {
      const [type = '', value = ''] = attribute.split('=');
      return [TYPES[type] ?? type, utf8String(value)] as const;
    }),
  );
  return nameOf(...rdns.reverse());
}

/** A GeneralName in DER from `DNS:`, `IP:` (with `/mask` for a network), `URI:`, `email:` or `dir:` and its value. */
export function generalName(text: string | Buffer): Buffer {
  if (typeof text !== 'string') return text;
  const at = text.indexOf(':');
  const value = text.slice(at + 1);
  const content = ia5String(value).subarray(ia5String(value).length - value.length);
  switch (text.slice(0, at)) {
    case 'DNS':
      return implicit(2, content);
    case 'URI':
      return implicit(6, content);
    case 'email':
      return implicit(1, content);
    case 'dir':
      return explicit(4, nameFromText(value));
    case 'IP':
      return implicit(
        7,
        Buffer.concat(value.split('/').map((part) => (isIP(part) && ipAddressBytes(part)) || Buffer.alloc(0))),
      );
    default:
      throw new Error(`unknown kind of name: ${text}`);
  }
}

/** A nameConstraints extension from general names. */
export function nameConstraints({
  permitted = [],
  excluded = [],
}: {
  permitted?: string[];
  excluded?: string[];
}): Buffer {
  const subtrees = (tag: number, names: string[]) =>
    names.length === 0 ? [] : [explicit(tag, ...names.map((name) => sequence(generalName(name))))];
  return extension('2.5.29.30', sequence(...subtrees(0, permitted), ...subtrees(1, excluded)), true);
}

function makeKey(type: KeyType): KeyObject {
  switch (type) {
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'rsa1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
    case 'ed25519':
      return generateKeyPairSync('ed25519').privateKey;
    case 'ec384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
    case 'ecExplicit':
      return generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).privateKey;
    case 'secp256k1':
      return generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey;
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  }
}

function signatureAlgorithm(key: KeyObject, hash: SignatureHash, pss: boolean): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sequence(oid('1.3.101.112'));
  if (key.asymmetricKeyType === 'ec') return sequence(oid(ECDSA_OIDS[hash]));
  if (!pss) return sequence(oid(`1.2.840.113549.1.1.${RSA_OIDS[hash]}`), nullValue);
  const digest = sequence(oid(HASH_OIDS[hash]), nullValue);
  const generator = sequence(oid('1.2.840.113549.1.1.8'), digest);
  const parameters = sequence(explicit(0, digest), explicit(1, generator), explicit(2, integer(32)));
  return sequence(oid('1.2.840.113549.1.1.10'), parameters);
}

function signBytes(tbs: Buffer, key: KeyObject, hash: SignatureHash, pss: boolean): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, tbs, key);
  return sign(hash, tbs, pss ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 } : key);
}

function namedBits(bits: readonly number[]): Buffer {
  const octets = Buffer.alloc((Math.max(...bits) >> 3) + 1);
  for (const bit of bits) octets[bit >> 3] = (octets[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bitString(octets, 7 - (Math.max(...bits) & 7));
}

function keyIdentifier(key: KeyObject): Buffer {
  const spki = createPublicKey(key as never).export({ type: 'spki', format: 'der' });
  return createHash('sha1').update(spki).digest();
}

function standardExtensions(options: CertificateOptions, key: KeyObject, signer: KeyObject): Buffer[] {
  const { isCa = false, pathLen, san = [] } = options;
  const eku = options.eku ?? (isCa ? [] : ['clientAuth', 'serverAuth']);
  const keyUsage = options.keyUsage ?? (isCa ? [5, 6] : [0]);
  const constraints = sequence(boolean(true), ...(pathLen === undefined ? [] : [integer(pathLen)]));
  return [
    ...(isCa ? [extension('2.5.29.19', constraints, true)] : []),
    ...(keyUsage.length > 0 ? [extension('2.5.29.15', namedBits(keyUsage), true)] : []),
    ...(eku.length > 0 ? [extension('2.5.29.37', sequence(...eku.map((id) => oid(PURPOSES[id] ?? id))))] : []),
    ...(san.length > 0 ? [extension('2.5.29.17', sequence(...san.map(generalName)))] : []),
    extension('2.5.29.14', octetString(keyIdentifier(key))),
    extension('2.5.29.35', sequence(implicit(0, keyIdentifier(signer)))),
    ...(options.extensions ?? []),
  ];
}

function toPem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const privateKeys = new WeakMap<Certificate, KeyObject>();

function make(options: CertificateOptions, issuer?: Signer): Certificate {
  const { subject = 'CN=client', hash = 'sha256', pss = false } = options;
  const name = typeof subject === 'string' ? nameFromText(subject) : subject;
  const reused = options.sameKeyAs && privateKeys.get(options.sameKeyAs);
  const privateKey = reused ?? makeKey(options.keyType ?? 'ec');
  const signer = issuer ?? { name, privateKey };
  const algorithm = signatureAlgorithm(signer.privateKey, hash, pss);
  const serial = randomBytes(16);
  serial[0] = 0x40 | ((serial[0] ?? 0) & 0x3f);
  const tbs = sequence(
    explicit(0, integer(2)),
    integer(serial),
    algorithm,
    signer.name,
    sequence(
      time(options.notBefore ?? new Date(Date.now() - 3_600_000)),
      time(options.notAfter ?? new Date(Date.now() + 365 * 86_400_000)),
    ),
    name,
    createPublicKey(privateKey as never).export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...standardExtensions(options, privateKey, signer.privateKey))),
  );
  const bytes = sequence(tbs, algorithm, bitString(signBytes(tbs, signer.privateKey, hash, pss)));
  const certificate: Certificate = {
    cert: toPem(bytes),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    der: bytes,
    issue: (child = {}) => make(child, { name, privateKey }),
  };
  privateKeys.set(certificate, privateKey);
  return certificate;
}

/** A self-signed CA. */
export function makeCa(options: CertificateOptions = {}): Certificate {
  return make({ subject: 'CN=Test CA,O=Example', isCa: true, ...options });
}

/** A self-signed certificate that is no CA. */
export function selfSigned(options: CertificateOptions = {}): Certificate {
  return make(options);
}
