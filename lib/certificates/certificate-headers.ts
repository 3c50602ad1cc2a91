import { createHash } from 'node:crypto';
import { readAll, unlessMalformed } from './der.js';
import { readForwardedClientCert } from './forwarded-client-cert.js';
import { decodeBase64, MAX_CERTIFICATE_BYTES, parsePemCertificates } from './pem.js';

/** The leaf and the intermediates that a header carried, DER; `undefined` when it is malformed. */
export type HeaderCertificates = { readonly leaf: Buffer; readonly chain: readonly Buffer[] } | undefined;

/** How one kind of proxy hands a client's certificate over: its usual headers, in lower case, and their encoding. */
export interface CertificateHeaderPreset {
  readonly header: string;
  readonly chainHeader?: string;
  readonly verifyHeader?: string;
  /** Headers of the proxy's other ways, of which it never uses two at once. */
  readonly rivals?: readonly string[];
  /** `chain` is the value of the chain header, where there is one. */
  decode(value: string, chain: string | undefined): HeaderCertificates;
}

/** The most intermediates that are looked at. */
const MAX_CHAIN_LENGTH = 10;

function fromPem(text: string): HeaderCertificates {
  const parsed = parsePemCertificates(text);
  const [leaf, ...chain] = parsed.ok ? parsed.certificates : [];
  return leaf && chain.length <= MAX_CHAIN_LENGTH ? { leaf, chain } : undefined;
}

/** nginx and Apache send one certificate in a header: with two, readers would differ in whose they take. */
function fromOnePem(text: string): HeaderCertificates {
  const decoded = fromPem(text);
  return decoded?.chain.length === 0 ? decoded : undefined;
}

function unescaped(value: string): string | undefined {
  // The URI decoder, not that of forms: the `+` of base64 is a plus.
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function fromEscapedPem(value: string): HeaderCertificates {
  return fromOnePem(unescaped(value) ?? '');
}

/** AWS escapes everything but `+=/` and a few more; passthrough gives the leaf and then the rest of the chain. */
function fromEscapedPemChain(value: string): HeaderCertificates {
  return fromPem(unescaped(value) ?? '');
}

/** Apache writes `(null)` for each SSL_CLIENT_CERT_CHAIN_n that there is not. */
function fromApache(value: string, chainValue: string | undefined): HeaderCertificates {
  const leaf = fromOnePem(value);
  const rest = chainValue?.replaceAll('(null)', ' ').trim() ?? '';
  if (leaf === undefined || rest === '') return leaf;
  const parsed = parsePemCertificates(rest);
  if (!parsed.ok || parsed.certificates.length > MAX_CHAIN_LENGTH) return undefined;
  return { leaf: leaf.leaf, chain: parsed.certificates };
}

function bounded(der: Buffer | undefined): Buffer | undefined {
  return der !== undefined && der.length > 0 && der.length <= MAX_CERTIFICATE_BYTES ? der : undefined;
}

/** Base64 of one DER; the chain is base64 of several, one after the other (HAProxy's `ssl_c_chain_der`). */
function fromBase64Der(value: string, chainValue: string | undefined): HeaderCertificates {
  const leaf = bounded(decodeBase64(value));
  const rest = chainValue === undefined || isNoCertificate(chainValue) ? Buffer.alloc(0) : decodeBase64(chainValue);
  const chain = rest && unlessMalformed(() => readAll(rest).map(({ der }) => der));
  return leaf && chain && chain.length <= MAX_CHAIN_LENGTH ? { leaf, chain } : undefined;
}

/** Base64 of each DER, the leaf first, a comma between two. Before 2.9.4 Traefik also escaped each for a URL. */
function fromDerList(value: string): HeaderCertificates {
  const list = value.split(',').map((item) => bounded(decodeBase64(unescaped(item) ?? '')));
  const [leaf, ...chain] = list.flatMap((der) => der ?? []);
  return leaf && list.every((der) => der !== undefined) && chain.length <= MAX_CHAIN_LENGTH
    ? { leaf, chain }
    : undefined;
}

/** Envoy says by its own `Hash` which certificate it means; `Cert` and `Chain` must both begin with that one. */
function fromForwardedClientCert(value: string): HeaderCertificates {
  const element = readForwardedClientCert(value);
  if (element === undefined || (element.cert === undefined && element.chain === undefined)) return undefined;
  const given = [
    ...(element.cert === undefined ? [] : [fromEscapedPem(element.cert)]),
    ...(element.chain === undefined ? [] : [fromEscapedPemChain(element.chain)]),
  ];
  const longest = given.at(-1);
  if (longest === undefined || given[0] === undefined) return undefined;
  if (!given[0].leaf.equals(longest.leaf)) return undefined;
  const digest = createHash('sha256').update(longest.leaf).digest('hex');
  return element.hash === undefined || element.hash.toLowerCase() === digest ? longest : undefined;
}

/** A byte sequence of structured fields (RFC 8941 3.3.5), without parameters. */
function byteSequence(item: string): Buffer | undefined {
  const base64 = /^:([A-Za-z0-9+/]*={0,2}):$/.exec(item)?.[1];
  return base64 === undefined ? undefined : bounded(decodeBase64(base64, true));
}

function fromStructuredFields(value: string, chainValue: string | undefined): HeaderCertificates {
  const leaf = byteSequence(value.trim());
  const items = chainValue === undefined || chainValue.trim() === '' ? [] : chainValue.split(',');
  const chain = items.map((item) => byteSequence(item.trim()));
  if (chain.length > MAX_CHAIN_LENGTH) return undefined;
  return leaf && chain.every((der) => der !== undefined) ? { leaf, chain } : undefined;
}

/** The presets by name. */
export const CERTIFICATE_HEADER_PRESETS = {
  nginx: { header: 'x-ssl-client-cert', verifyHeader: 'x-ssl-client-verify', decode: fromEscapedPem },
  apache: {
    header: 'x-ssl-client-cert',
    chainHeader: 'x-ssl-client-cert-chain',
    verifyHeader: 'x-ssl-client-verify',
    decode: fromApache,
  },
  haproxy: {
    header: 'x-ssl-client-der',
    chainHeader: 'x-ssl-client-chain-der',
    verifyHeader: 'x-ssl-client-verify',
    decode: fromBase64Der,
  },
  rfc9440: { header: 'client-cert', chainHeader: 'client-cert-chain', decode: fromStructuredFields },
  'envoy-xfcc': { header: 'x-forwarded-client-cert', decode: fromForwardedClientCert },
  traefik: { header: 'x-forwarded-tls-client-cert', decode: fromDerList },
  // In verify mode AWS sends X-Amzn-Mtls-Clientcert-Leaf instead, and nobody promises that it takes the other one off:
  // so only one of the two counts, `header` says which, and both together count for nothing.
  alb: {
    header: 'x-amzn-mtls-clientcert',
    rivals: ['x-amzn-mtls-clientcert', 'x-amzn-mtls-clientcert-leaf'],
    decode: fromEscapedPemChain,
  },
} as const satisfies Record<string, CertificateHeaderPreset>;

/**
 * Whether a header says that there is no certificate: empty, `NONE`, `(null)`, or a variable that the proxy's
 * configuration left as it was written (`$ssl_client_cert`, `{...}`, `%{SSL_CLIENT_CERT}s`).
 */
export function isNoCertificate(value: string): boolean {
  const text = value.trim();
  return text === '' || text === 'NONE' || text === '(null)' || /^[${%]/.test(text);
}

/** Whether the verdict of a proxy says that the client showed no certificate: nginx's and Apache's `NONE`, `(null)`. */
export function deniesCertificate(verdict: string): boolean {
  return /^\s*(?:NONE|\(null\))\s*$/.test(verdict);
}

/** What `client_certificate` of a trusted proxy may be. */
export type CertificateHeaderFormat = keyof typeof CERTIFICATE_HEADER_PRESETS;
