import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

const nonceBytes = 12;
const tagBytes = 16;

/** Encrypts what is put away for later, and makes tags nobody else can make. One purpose cannot read another's. */
export class Sealing {
  readonly #keys: readonly Buffer[];

  /** `secretKeys`: base64 of 32 bytes each, newest first. What an older one sealed stays readable. */
  constructor(secretKeys: readonly string[], purpose: string) {
    if (secretKeys.length === 0) throw new TypeError('Sealing needs a key');
    this.#keys = secretKeys.map((key) =>
      Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64'), '', `example-app ${purpose}`, 32)),
    );
  }

  /** AES-256-GCM, base64url of nonce, ciphertext and tag. */
  seal(value: unknown): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', this.#newest, nonce);
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, text, cipher.getAuthTag()]).toString('base64url');
  }

  /** What `seal` was given, or undefined for everything that it did not make. */
  open(sealed: string): unknown {
    const bytes = Buffer.from(sealed, 'base64url');
    if (bytes.length < nonceBytes + tagBytes) return undefined;
    for (const key of this.#keys) {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes));
      decipher.setAuthTag(bytes.subarray(-tagBytes));
      try {
        const text = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
        return JSON.parse(text.toString());
      } catch {
        // Perhaps an older key made it.
      }
    }
    return undefined;
  }

  /** HMAC-SHA-256 of a text, base64url. */
  tag(text: string): string {
    return createHmac('sha256', this.#newest).update(text).digest('base64url');
  }

  get #newest(): Buffer {
    return this.#keys[0] as Buffer;
  }
}
