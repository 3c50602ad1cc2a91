import { decodeBase64, MAX_CERTIFICATE_BYTES, parsePemCertificates } from './pem.js';

/** The leaf and the intermediates that a header carried, DER; `undefined` when it is malformed. */
export type HeaderCertificates = { readonly leaf: Buffer; readonly chain: readonly Buffer[] } | undefined;

/** How one kind of proxy hands a client's certificate over: its usual headers, in lower case, and their encoding. */
export interface CertificateHeaderPreset {
  readonly header: string;
  readonly chainHeader?: string;
  readonly verifyHeader?: string;
  /** `chain` is the value of the chain header, where there is one. */
  decode(value: string, chain: string | undefined): HeaderCertificates;
}

function fromPem(text: string): HeaderCertificates {
  const parsed = parsePemCertificates(text);
  const [leaf, ...chain] = parsed.ok ? parsed.certificates : [];
  return leaf && { leaf, chain };
}

function fromEscapedPem(value: string): HeaderCertificates {
  // The URI decoder, not that of forms: the `+` of base64 is a plus.
  try {
    return fromPem(decodeURIComponent(value));
  } catch {
    return undefined;
  }
}

function bounded(der: Buffer | undefined): Buffer | undefined {
  return der !== undefined && der.length > 0 && der.length <= MAX_CERTIFICATE_BYTES ? der : undefined;
}

function fromBase64Der(value: string): HeaderCertificates {
  const leaf = bounded(decodeBase64(value));
  return leaf && { leaf, chain: [] };
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
  return leaf && chain.every((der) => der !== undefined) ? { leaf, chain } : undefined;
}

/** The presets of this version by name. */
export const CERTIFICATE_HEADER_PRESETS = {
  nginx: { header: 'x-ssl-client-cert', verifyHeader: 'x-ssl-client-verify', decode: fromEscapedPem },
  apache: { header: 'x-ssl-client-cert', verifyHeader: 'x-ssl-client-verify', decode: fromPem },
  haproxy: { header: 'x-ssl-client-der', verifyHeader: 'x-ssl-client-verify', decode: fromBase64Der },
  rfc9440: { header: 'client-cert', chainHeader: 'client-cert-chain', decode: fromStructuredFields },
} as const satisfies Record<string, CertificateHeaderPreset>;

/**
 * Whether a header says that there is no certificate: empty, `NONE`, `(null)`, or a variable that the proxy's
 * configuration left as it was written (`$ssl_client_cert`, `{...}`, `%{SSL_CLIENT_CERT}s`).
 */
export function isNoCertificate(value: string): boolean {
  const text = value.trim();
  return text === '' || text === 'NONE' || text === '(null)' || /^[${%]/.test(text);
}
