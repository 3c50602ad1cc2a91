import { randomBytes } from 'node:crypto';
import type { SecretKeys } from '../../secret-keys.js';
import type { ClientMetadataInput, ParsedClientMetadata } from '../metadata.js';
import { secretMethods } from '../secret-rules.js';
import { hashSecret, sealSecret } from '../stored-secrets.js';
import { type Credential, keyId, type StoredSecret, standingCredentials } from './credentials.js';
import type { ClientRecord } from './records.js';

/** The most secrets of one client that are looked at. */
const mostSecrets = 20;

/** What is stored of a client, as metadata again: the form that configured clients are written in. */
export function assembled(
  { client_id, metadata }: Pick<ClientRecord, 'client_id' | 'metadata'>,
  credentials: readonly Credential[],
): ClientMetadataInput {
  const standing = standingCredentials(credentials);
  const secrets = fittingSecrets(metadata.token_endpoint_auth_method ?? '', standing);
  const keys = metadata.jwks_uri === undefined ? standingKeys(standing) : [];
  return {
    ...metadata,
    client_id,
    ...(secrets.length > 0 && {
      client_secrets: secrets.map(({ id, hash, encrypted, expires_at }) => ({ id, hash, encrypted, expires_at })),
    }),
    ...(keys.length > 0 && { jwks: { keys: keys.map(({ jwk }) => jwk) } }),
  };
}

/** The secrets that a client of this method can use. Those of its former method may still be there. */
export function fittingSecrets(method: string, standing: readonly Credential[]): StoredSecret[] {
  // A method of the host's own may want a secret too.
  if (standardWithoutSecret.has(method)) return [];
  const form = method === 'client_secret_jwt' ? 'encrypted' : 'hash';
  return standing
    .filter((each) => each.kind === 'secret')
    .filter((secret) => secret[form] !== undefined)
    .slice(-mostSecrets);
}

const standardWithoutSecret: ReadonlySet<string> = new Set([
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
]);

/** The keys, each once. */
export function standingKeys(standing: readonly Credential[]) {
  const keys = new Map<string, { readonly id: string; readonly created: number; readonly jwk: object }>();
  for (const each of standing) {
    if (each.kind === 'key' && each.jwk) keys.set(each.id, { id: each.id, created: each.created, jwk: each.jwk });
  }
  return [...keys.values()];
}

type SecretText = {
  readonly id?: string | undefined;
  readonly value: string;
  readonly expires_at?: number | undefined;
};

/** A secret as it is stored: recoverable for client_secret_jwt alone. `created` is in seconds since 1970. */
export function storedSecret(
  { id = newSecretId(), value, expires_at }: SecretText,
  {
    client_id,
    token_endpoint_auth_method: method,
  }: Pick<ParsedClientMetadata, 'client_id' | 'token_endpoint_auth_method'>,
  secretKeys: SecretKeys,
  created: number,
): StoredSecret {
  const form =
    method === 'client_secret_jwt'
      ? { encrypted: sealSecret(secretKeys, client_id, value) }
      : { hash: hashSecret(secretKeys, value) };
  return { kind: 'secret', id, created, ...(expires_at && { expires_at }), ...form };
}

/** The secrets and keys that stand in metadata, as they are stored. `created` is in seconds since 1970. */
export function credentialsIn(parsed: ParsedClientMetadata, secretKeys: SecretKeys, created: number): Credential[] {
  const { client_secret: value, client_secret_hash: hash, client_secret_encrypted: encrypted } = parsed;
  const expires_at = parsed.client_secret_expires_at;
  const written = [{ value, hash, encrypted, expires_at, id: undefined }, ...(parsed.client_secrets ?? [])];
  const secrets = written.flatMap((each): Credential[] => {
    const dated = { id: each.id ?? newSecretId(), created, ...(each.expires_at && { expires_at: each.expires_at }) };
    return [
      ...(each.value === undefined ? [] : [storedSecret({ ...each, value: each.value }, parsed, secretKeys, created)]),
      ...(each.hash === undefined ? [] : [{ kind: 'secret' as const, ...dated, hash: each.hash }]),
      ...(each.encrypted === undefined ? [] : [{ kind: 'secret' as const, ...dated, encrypted: each.encrypted }]),
    ];
  });
  return [...secrets, ...(parsed.jwks?.keys ?? []).map((jwk) => storedKey(jwk, created))];
}

/** `created` is in seconds since 1970. */
export function storedKey(jwk: object, created: number): Credential {
  return { kind: 'key', id: keyId(jwk), created, jwk };
}

/** Metadata without what is stored elsewhere. */
export function metadataAlone(parsed: ParsedClientMetadata): ClientRecord['metadata'] {
  const {
    client_id,
    client_secret,
    client_secrets,
    client_secret_hash,
    client_secret_encrypted,
    client_secret_expires_at,
    registration_access_token,
    registration_client_uri,
    jwks,
    ...rest
  } = parsed;
  if (rest.token_endpoint_auth_method !== 'self_signed_tls_client_auth') return rest;
  // Its JWK is among the keys.
  const { certificate, ...others } = rest;
  return others;
}

/** Whether the client of this method has a secret of its own. */
export function usesSecret(method: string): boolean {
  return secretMethods.has(method);
}

function newSecretId(): string {
  return randomBytes(6).toString('hex');
}
