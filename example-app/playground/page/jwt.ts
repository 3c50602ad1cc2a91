/** Base64url without padding (RFC 7515 2). */
export function base64url(octets: Uint8Array): string {
  const text = Array.from(octets, (octet) => String.fromCharCode(octet)).join('');
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** 256 random bits, base64url. */
export function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** The octets of a text in UTF-8. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** What a JWS is signed with. */
export interface Signer {
  readonly key: CryptoKey;
  readonly alg: 'HS256' | 'ES256';
}

type Members = Readonly<Record<string, unknown>>;

/** A JWT in compact serialization (RFC 7519, RFC 7515 3.1). */
export async function signJwt(header: Members, claims: Members, { key, alg }: Signer): Promise<string> {
  const input = [{ ...header, alg }, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
  const algorithm = alg === 'HS256' ? 'HMAC' : { name: 'ECDSA', hash: 'SHA-256' };
  const signature = await crypto.subtle.sign(algorithm, key, utf8(input));
  return `${input}.${base64url(new Uint8Array(signature))}`;
}

/** A MAC key of a client secret (OpenID Connect Core 9). */
export async function secretSigner(secret: string): Promise<Signer> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  return { key: await crypto.subtle.importKey('raw', utf8(secret), algorithm, false, ['sign']), alg: 'HS256' };
}

const p256 = { name: 'ECDSA', namedCurve: 'P-256' };

/** A P-256 key from PKCS#8 PEM. */
export async function pemSigner(pem: string): Promise<Signer> {
  const base64 = pem.replace(/-----[^-]+-----|\s/g, '');
  const der = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  return { key: await crypto.subtle.importKey('pkcs8', der, p256, false, ['sign']), alg: 'ES256' };
}

/** A new P-256 key pair, which never leaves the browser. */
export function newKeyPair(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(p256, false, ['sign', 'verify']);
}

/** What a compact JWT says, unverified; undefined when it is none. */
export function decodeJwt(token: string): { readonly header: Members; readonly claims: Members } | undefined {
  const [header, claims, signature, ...others] = token.split('.');
  if (header === undefined || claims === undefined || signature === undefined || others.length > 0) return undefined;
  try {
    return { header: decodePart(header), claims: decodePart(claims) };
  } catch {
    return undefined;
  }
}

function decodePart(part: string): Members {
  const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'));
  const octets = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(octets));
}
