import { createHash, createSecretKey, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { SecretKeys } from '../secret-keys.js';
import type { ClientSecrets, NamedSecret, SecretMatch, SecretVerdict } from './client.js';
import { macOfDigest, openSecret, readMacHash, readSha256Hash, secretDigest } from './stored-secrets.js';

/** One secret in any of the forms it may be kept in. `expiresAt`: milliseconds since 1970, or Infinity. */
export interface SecretRecord {
  readonly form: 'plain' | 'hash' | 'encrypted';
  readonly value: string;
  readonly expiresAt: number;
  /** What events call it. Absent: made from its hash. */
  readonly id?: string | undefined;
}

interface Entry extends NamedSecret {
  readonly mac: Buffer;
  /** Which of the macs of a presented secret it is compared with. */
  readonly keyIndex: number;
}

interface MacKey {
  readonly key: KeyObject;
  readonly secret: NamedSecret;
}

/**
 * Makes a client's secrets ready and forgets the plain ones. With `forMac` they also become HMAC keys, as
 * client_secret_jwt needs them. Throws a TypeError for a record that these secret keys cannot make use of.
 */
export function clientSecrets(
  secretKeys: SecretKeys,
  clientId: string,
  records: readonly SecretRecord[],
  forMac: boolean,
): ClientSecrets {
  const entries: Entry[] = [];
  const macKeys: MacKey[] = [];
  for (const { form, value, expiresAt, id } of records) {
    const plain = form === 'encrypted' ? openSecret(secretKeys, clientId, value) : form === 'plain' ? value : undefined;
    if (form === 'encrypted' && plain === undefined) throw new TypeError('cannot be opened with these secret_keys');
    const compared = comparable(secretKeys, plain, value);
    const entry = { ...compared, id: id ?? idOf(compared.mac), expiresAt };
    entries.push(entry);
    const secret = { id: entry.id, expiresAt };
    if (forMac && plain !== undefined) macKeys.push({ key: createSecretKey(plain, 'utf8'), secret });
  }
  return new HashedSecrets(secretKeys, entries, macKeys);
}

/** Tells secrets apart and helps nobody guess one: it is made of a MAC under the server's own key. */
function idOf(mac: Buffer): string {
  return createHash('sha256').update(mac).digest('base64url').slice(0, 8);
}

function comparable(
  secretKeys: SecretKeys,
  plain: string | undefined,
  stored: string,
): Pick<Entry, 'mac' | 'keyIndex'> {
  const digest = plain === undefined ? readSha256Hash(stored) : secretDigest(plain);
  // What others hashed goes through our own HMAC too, so that checking costs the same for every form.
  if (digest !== undefined) return { mac: macOfDigest(secretKeys, digest), keyIndex: 0 };
  const { keyId = '', mac = Buffer.alloc(0) } = readMacHash(stored) ?? {};
  const keyIndex = secretKeys.ids.indexOf(keyId);
  if (keyIndex === -1) throw new TypeError('was made with a key that is not among the secret_keys');
  return { mac, keyIndex };
}

/** Secrets that nothing matches: for spending on an unknown client what a known one costs. */
export function decoySecrets(secretKeys: SecretKeys = SecretKeys.ephemeral()): ClientSecrets {
  return new HashedSecrets(secretKeys, [], []);
}

/** What clients without a secret are compared with: the MAC of nothing that anybody knows. */
const decoys: readonly Entry[] = [{ id: '', mac: randomBytes(32), keyIndex: 0, expiresAt: Number.POSITIVE_INFINITY }];

class HashedSecrets implements ClientSecrets {
  readonly #secretKeys: SecretKeys;
  readonly #keyIds: readonly string[];
  readonly #entries: readonly Entry[];
  readonly #hasSecrets: boolean;
  readonly #macKeys: readonly MacKey[];
  readonly #allKeys: readonly KeyObject[];
  readonly #firstExpiry: number;

  constructor(secretKeys: SecretKeys, entries: readonly Entry[], macKeys: readonly MacKey[]) {
    this.#secretKeys = secretKeys;
    this.#keyIds = secretKeys.ids;
    this.#hasSecrets = entries.length > 0;
    this.#entries = this.#hasSecrets ? entries : decoys;
    this.#macKeys = macKeys;
    this.#allKeys = macKeys.map(({ key }) => key);
    this.#firstExpiry = Math.min(...macKeys.map(({ secret }) => secret.expiresAt));
  }

  check(presented: string, now: number): SecretVerdict {
    return this.match(presented, now).verdict;
  }

  match(presented: string, now: number): SecretMatch {
    const digest = secretDigest(presented);
    // Under every key, even if no secret of this client needs it: the time must not tell clients apart.
    const macs = this.#keyIds.map((id) => macOfDigest(this.#secretKeys, digest, id));
    let live: Entry | undefined;
    let expired = false;
    for (const entry of this.#entries) {
      const computed = macs[entry.keyIndex];
      const same = computed !== undefined && timingSafeEqual(computed, entry.mac);
      live = same && now < entry.expiresAt ? entry : live;
      expired = (same && now >= entry.expiresAt) || expired;
    }
    if (!this.#hasSecrets) return { verdict: 'none' };
    if (live) return { verdict: 'match', secret: live };
    return { verdict: expired ? 'expired' : 'mismatch' };
  }

  secretOf(macKey: KeyObject): NamedSecret | undefined {
    return this.#macKeys.find(({ key }) => key === macKey)?.secret;
  }

  macKeys(now: number): readonly KeyObject[] {
    if (now < this.#firstExpiry) return this.#allKeys;
    return this.#macKeys.filter(({ secret }) => now < secret.expiresAt).map(({ key }) => key);
  }
}
