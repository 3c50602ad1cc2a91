import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { OptionsError } from './options.js';

const keyBytes = 32;
const nonceBytes = 12;
const tagBytes = 16;

interface SecretKey {
  readonly id: string;
  readonly material: Buffer;
  readonly derived: Map<string, KeyObject>;
}

/**
 * The server's own secrets, `secret_keys`: the first one protects what is written now, the others still open what was
 * written before. Each purpose works with a key of its own, derived by HKDF-SHA-256 (RFC 5869).
 */
export class SecretKeys {
  /** The key ids, newest first. */
  readonly ids: readonly string[];
  readonly #keys: readonly SecretKey[];

  /** `encoded`: base64 of 32 random bytes each, newest first. Throws OptionsError for anything else. */
  constructor(encoded: readonly string[]) {
    if (encoded.length === 0) throw new OptionsError([{ path: 'secret_keys', message: 'needs at least one key' }]);
    this.#keys = encoded.map((text, index) => {
      const material = Buffer.from(text, 'base64');
      if (material.length !== keyBytes || material.toString('base64') !== text.trim()) {
        const message = `must be base64 of exactly ${keyBytes} bytes`;
        throw new OptionsError([{ path: `secret_keys[${index}]`, message }]);
      }
      return { id: keyId(material), material, derived: new Map() };
    });
    this.ids = this.#keys.map(({ id }) => id);
  }

  /** Keys for this process alone: right for a store that ends with it, wrong for any other. */
  static ephemeral(): SecretKeys {
    return new SecretKeys([randomBytes(keyBytes).toString('base64')]);
  }

  /** The id of the key that protects what is written now. */
  get currentId(): string {
    return this.#current.id;
  }

  get #current(): SecretKey {
    return this.#keys[0] as SecretKey;
  }

  /** HMAC-SHA-256 of `data` for one purpose: under the current key, or the one named. Undefined for an unknown key id. */
  mac(purpose: string, data: string | Buffer): Buffer;
  mac(purpose: string, data: string | Buffer, id: string): Buffer | undefined;
  mac(purpose: string, data: string | Buffer, id?: string): Buffer | undefined {
    const key = id === undefined ? this.#current : this.#keys.find((candidate) => candidate.id === id);
    return key && createHmac('sha256', derive(key, purpose)).update(data).digest();
  }

  /**
   * AES-256-GCM under the current key: `aes-256-gcm:<key id>:<base64url of nonce, ciphertext, tag>`.
   * `bound` must be given again to open it, so that a sealed value cannot be moved to another place.
   */
  seal(purpose: string, plaintext: string, bound: string): string {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv('aes-256-gcm', derive(this.#current, purpose), nonce);
    cipher.setAAD(Buffer.from(bound));
    const sealed = Buffer.concat([nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `aes-256-gcm:${this.#current.id}:${sealed.toString('base64url')}`;
  }

  /** What `seal` sealed, or undefined when it was made by a key we do not have, for another place, or was changed. */
  open(purpose: string, sealed: string, bound: string): string | undefined {
    const [scheme, id, encoded] = sealed.split(':');
    const key = this.#keys.find((candidate) => candidate.id === id);
    if (scheme !== 'aes-256-gcm' || !key || encoded === undefined) return undefined;
    const bytes = Buffer.from(encoded, 'base64url');
    if (bytes.length < nonceBytes + tagBytes) return undefined;
    const decipher = createDecipheriv('aes-256-gcm', derive(key, purpose), bytes.subarray(0, nonceBytes));
    decipher.setAAD(Buffer.from(bound));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      return decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return undefined;
    }
  }
}

function derive(key: SecretKey, purpose: string): KeyObject {
  const known = key.derived.get(purpose);
  if (known) return known;
  const bytes = hkdfSync('sha256', key.material, '', `express-client-auth ${purpose}`, keyBytes);
  const made = createSecretKey(Buffer.from(bytes));
  key.derived.set(purpose, made);
  return made;
}

function keyId(material: Buffer): string {
  return Buffer.from(hkdfSync('sha256', material, '', 'express-client-auth key id', 6)).toString('base64url');
}
