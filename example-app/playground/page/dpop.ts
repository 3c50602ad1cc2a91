import { newKeyPair, randomText, signJwt } from './jwt.js';

/** A key of this page, to bind tokens to. It goes when the page goes. */
export class DpopKey {
  #pair: Promise<CryptoKeyPair> | undefined;

  /** A proof for a POST to a URL (RFC 9449 4.2). */
  async proof(url: string): Promise<string> {
    this.#pair ??= newKeyPair();
    const { privateKey, publicKey } = await this.#pair;
    const { kty, crv, x, y } = await crypto.subtle.exportKey('jwk', publicKey);
    const claims = { htm: 'POST', htu: url, jti: randomText(), iat: Math.floor(Date.now() / 1000) };
    const header = { typ: 'dpop+jwt', jwk: { kty, crv, x, y } };
    return signJwt(header, claims, { key: privateKey, alg: 'ES256' });
  }
}
