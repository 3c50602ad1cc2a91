import type { ClientMetadataInput } from '../metadata.js';
import { readMacHash } from '../stored-secrets.js';
import type { StoredSecret } from './credentials.js';
import type { KnownKey } from './key-administration.js';
import type { ClientRecord } from './records.js';

/** A client in a list. */
export interface ClientSummary {
  readonly client_id: string;
  readonly client_name?: string;
  readonly token_endpoint_auth_method: string;
  readonly status: 'active' | 'inactive';
  /** `configured`: by the configuration; `registered`: by itself; `operator`: by one of yours. */
  readonly origin: ClientOrigin;
  /** Seconds since 1970; absent for a client of the configuration. */
  readonly created?: number;
}

export type ClientOrigin = 'configured' | ClientRecord['origin'];

/** A secret as operators see it. Times are seconds since 1970. */
export interface SecretStatus {
  readonly id: string;
  readonly created: number;
  /** Absent: never. */
  readonly expires_at?: number;
  /** To the minute. Absent: never. */
  readonly last_used?: number;
  /** The id of the one of `secret_keys` that protects it; none for a plain hash. */
  readonly secret_key?: string;
}

/** All that may be told of a client. */
export interface ClientDescription {
  readonly origin: ClientOrigin;
  readonly created?: number;
  /** RFC 7591 names, without secrets and keys. */
  readonly metadata: ClientMetadataInput;
  readonly secrets: readonly SecretStatus[];
  readonly keys: readonly KnownKey[];
}

/** A line of the list. */
export function clientSummary(metadata: ClientMetadataInput, origin: ClientOrigin, created?: number): ClientSummary {
  const { client_id, client_name, token_endpoint_auth_method: method, status } = metadata;
  return {
    client_id,
    ...(client_name !== undefined && { client_name }),
    token_endpoint_auth_method: method ?? 'client_secret_basic',
    status: status ?? 'active',
    origin,
    ...(created !== undefined && { created }),
  };
}

/** What is told of a stored secret. `lastUsed` is in seconds since 1970. */
export function secretStatus(secret: StoredSecret, lastUsed: number | undefined): SecretStatus {
  const { id, created, expires_at, hash, encrypted } = secret;
  const key = hash === undefined ? encrypted?.split(':')[1] : readMacHash(hash)?.keyId;
  return {
    id,
    created,
    ...(expires_at !== undefined && { expires_at }),
    ...(lastUsed !== undefined && { last_used: lastUsed }),
    ...(key !== undefined && { secret_key: key }),
  };
}
