import { randomBytes } from 'node:crypto';
import type { SecretKeys } from '../../secret-keys.js';
import { secretMethods, shortestMacSecret } from '../secret-rules.js';
import { generateClientSecret } from '../stored-secrets.js';
import { fittingSecrets, storedSecret } from './assemble.js';
import type { ClientChanges } from './changes.js';
import { isLive, type StoredSecret, standingCredentials } from './credentials.js';
import { ClientDirectoryError } from './directory-error.js';
import type { ClientRecord } from './records.js';

/** A secret that was made, or taken. The only time that its value is told. */
export interface IssuedSecret {
  readonly id: string;
  readonly value: string;
  /** Seconds since 1970. */
  readonly expires_at?: number;
}

/** How to replace a secret. */
export interface SecretRotation {
  /** Seconds for which the older secrets still work. Absent: a day. */
  readonly overlap?: number;
  /** The secret. Absent: 256 random bits or more are made. */
  readonly value?: string;
  /** When the new one ends, in seconds since 1970. Absent: never. */
  readonly expires_at?: number;
}

/** A rotation that was done. */
export interface RotatedSecret extends IssuedSecret {
  /** The older secrets that still live, and when they end. */
  readonly retiring: readonly { readonly id: string; readonly expires_at: number }[];
}

/** What the administration of secrets works with. */
export interface SecretParts {
  readonly secretKeys: SecretKeys;
  /** Random octets of a generated secret. */
  readonly secretBytes: number;
  /** Milliseconds since 1970. */
  now(): number;
}

const aDay = 86_400;
const mostLive = 10;

/** The secrets of stored clients: several live at once, so that one is replaced without downtime. */
export class SecretAdministration {
  readonly #changes: ClientChanges;
  readonly #parts: SecretParts;

  constructor(changes: ClientChanges, parts: SecretParts) {
    this.#changes = changes;
    this.#parts = parts;
  }

  /** A secret that suits every method and algorithm of the workspace. */
  generate(expires_at?: number): IssuedSecret {
    const value = generateClientSecret(this.#parts.secretBytes);
    return { id: randomBytes(6).toString('hex'), value, ...(expires_at !== undefined && { expires_at }) };
  }

  /** Those of the client's method that nobody revoked, oldest first. */
  async standing(record: ClientRecord): Promise<StoredSecret[]> {
    const all = await this.#changes.readCredentials(record);
    return fittingSecrets(methodOf(record), standingCredentials(all));
  }

  /**
   * Gives a client a further secret, and ends those that it has now after `overlap`. Of operators who do this at once
   * each gets a secret that lives. Rejects with ClientDirectoryError `unknown_client`, `client_configured`,
   * `not_for_method` or `too_many`, with RangeError for a secret that is too short for its method.
   */
  rotate(clientId: string, { overlap = aDay, value, expires_at }: SecretRotation = {}): Promise<RotatedSecret> {
    return this.#changes.extend(clientId, async (record) => {
      requireSecretMethod(record);
      const now = this.#parts.now();
      const live = (await this.standing(record)).filter((secret) => isLive(secret, now));
      if (live.length >= mostLive) {
        throw new ClientDirectoryError('too_many', `${clientId} has ${live.length} live secrets: revoke some first.`);
      }
      const fresh = { ...this.generate(expires_at), ...(value !== undefined && { value }) };
      requireLength(fresh.value, record);
      const created = Math.floor(now / 1000);
      const at = created + overlap;
      const stored = storedSecret(fresh, memberships(record), this.#parts.secretKeys, created);
      const retires = { ids: live.map(({ id }) => id), at };
      await this.#changes.credentials(record).add({ ...stored, retires });
      const retiring = live.map(({ id, expires_at: own = Infinity }) => ({ id, expires_at: Math.min(own, at) }));
      return { ...fresh, retiring };
    });
  }

  /**
   * Ends one secret now. Rejects with ClientDirectoryError `unknown_secret`, `last_secret` for the only one that lives,
   * `unknown_client` or `client_configured`.
   */
  revoke(clientId: string, secretId: string): Promise<void> {
    return this.#changes.change(clientId, async (record) => {
      const now = this.#parts.now();
      const standing = await this.standing(record);
      if (!standing.some(({ id }) => id === secretId)) {
        throw new ClientDirectoryError('unknown_secret', `${clientId} has no secret ${secretId}.`);
      }
      if (!standing.some((secret) => secret.id !== secretId && isLive(secret, now))) {
        throw new ClientDirectoryError('last_secret', `${secretId} is the last secret of ${clientId}: rotate first.`);
      }
      await this.#changes.credentials(record).revoke([{ kind: 'secret', id: secretId }], Math.floor(now / 1000));
    });
  }
}

function methodOf({ metadata }: ClientRecord): string {
  return metadata.token_endpoint_auth_method ?? 'client_secret_basic';
}

function memberships(record: ClientRecord) {
  return { client_id: record.client_id, token_endpoint_auth_method: methodOf(record) };
}

function requireSecretMethod(record: ClientRecord): void {
  const method = methodOf(record);
  if (secretMethods.has(method)) return;
  throw new ClientDirectoryError('not_for_method', `${record.client_id} has the method ${method}, without a secret.`);
}

/** RFC 7518 3.2. */
function requireLength(value: string, { metadata }: ClientRecord): void {
  if (metadata.token_endpoint_auth_method !== 'client_secret_jwt') {
    if (value.length >= 1 && value.length <= 1024) return;
    throw new RangeError('A secret has 1 to 1024 characters.');
  }
  const octets = shortestMacSecret(metadata.token_endpoint_auth_signing_alg);
  if (Buffer.byteLength(value) >= octets && value.length <= 1024) return;
  throw new RangeError(`A secret for client_secret_jwt has at least ${octets} octets here (RFC 7518 3.2).`);
}
