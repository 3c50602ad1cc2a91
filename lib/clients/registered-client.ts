import type { WarningName } from '../events.js';
import { OptionsError } from '../options.js';
import type { SecretKeys } from '../secret-keys.js';
import { certificateNameOf, certificateTextDigest } from './certificate-names.js';
import type { ClientKeys, ClientSecrets, RegisteredClient } from './client.js';
import { inlineKeys } from './key-sets.js';
import type { ClientMetadata, ParsedClientMetadata } from './metadata.js';
import { shortestMacSecret } from './metadata-rules.js';
import type { RemoteKeySets } from './remote-key-sets.js';
import { clientSecrets, type SecretRecord } from './secrets.js';
import { openSecret, shortestSecret } from './stored-secrets.js';

/** What clients are made ready with. */
export interface ClientDependencies {
  readonly secretKeys: SecretKeys;
  /** Shared by all registries of a process. */
  readonly keySets: RemoteKeySets;
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
}

/**
 * A client made ready from what the schema gave, which is a copy of the host's record and is frozen here: keys
 * imported, secrets hashed, names compiled. Throws OptionsError for stored secrets that the secret keys do not fit.
 */
export function registeredClient(parsed: ParsedClientMetadata, dependencies: ClientDependencies): RegisteredClient {
  const secrets = secretsOf(parsed, dependencies.secretKeys);
  warnOfShortSecrets(parsed, dependencies);
  const metadata = publicMetadata(parsed);
  const certificateName = certificateNameOf(metadata);
  return Object.freeze({
    id: metadata.client_id,
    metadata,
    method: metadata.token_endpoint_auth_method,
    active: metadata.status === 'active',
    grantTypes: new Set(metadata.grant_types),
    scopes: Object.freeze((metadata.scope ?? '').split(' ').filter((token) => token !== '')),
    secrets,
    keys: keysOf(metadata, dependencies.keySets),
    ...(certificateName && { certificateName }),
  });
}

function publicMetadata(parsed: ParsedClientMetadata): ClientMetadata {
  const {
    client_secret,
    client_secrets,
    client_secret_hash,
    client_secret_encrypted,
    registration_access_token,
    ...rest
  } = parsed;
  return deepFreeze(rest);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const member of Object.values(value)) deepFreeze(member);
  }
  return value;
}

function milliseconds(expiresAt: number | undefined): number {
  return expiresAt ? expiresAt * 1000 : Number.POSITIVE_INFINITY;
}

function secretsOf(parsed: ParsedClientMetadata, secretKeys: SecretKeys): ClientSecrets {
  const { client_id, client_secret, client_secrets = [], client_secret_hash, client_secret_encrypted } = parsed;
  const expiresAt = milliseconds(parsed.client_secret_expires_at);
  const records: SecretRecord[] = client_secrets.map(({ value, expires_at }) => ({
    form: 'plain',
    value,
    expiresAt: milliseconds(expires_at),
  }));
  if (client_secret !== undefined) records.unshift({ form: 'plain', value: client_secret, expiresAt });
  if (client_secret_hash !== undefined) records.push({ form: 'hash', value: client_secret_hash, expiresAt });
  if (client_secret_encrypted !== undefined) {
    checkEncrypted(parsed, client_secret_encrypted, secretKeys);
    records.push({ form: 'encrypted', value: client_secret_encrypted, expiresAt });
  }
  const forMac = parsed.token_endpoint_auth_method === 'client_secret_jwt';
  try {
    return clientSecrets(secretKeys, client_id, records, forMac);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new OptionsError([{ path: 'client_secret_hash', message: error.message }]);
  }
}

function checkEncrypted(parsed: ParsedClientMetadata, sealed: string, secretKeys: SecretKeys): void {
  const path = 'client_secret_encrypted';
  const plain = openSecret(secretKeys, parsed.client_id, sealed);
  if (plain === undefined) throw new OptionsError([{ path, message: 'cannot be opened with these secret_keys' }]);
  const octets = shortestMacSecret(parsed.token_endpoint_auth_signing_alg);
  if (Buffer.byteLength(plain) >= octets) return;
  throw new OptionsError([{ path, message: `must hold at least ${octets} octets (RFC 7518 3.2)` }]);
}

function warnOfShortSecrets(parsed: ParsedClientMetadata, { warn }: ClientDependencies): void {
  const plain = [parsed.client_secret, ...(parsed.client_secrets ?? []).map(({ value }) => value)];
  const short = plain.some((secret) => secret !== undefined && Buffer.byteLength(secret) < shortestSecret);
  if (short) warn('client_secret_short', { client_id: parsed.client_id, minimum_octets: shortestSecret });
}

function keysOf(metadata: ClientMetadata, keySets: RemoteKeySets): ClientKeys {
  const { jwks, jwks_uri, certificate } = metadata;
  const result = certificate === undefined ? undefined : certificateTextDigest(certificate);
  const registered = result && 'digest' in result ? result.digest : undefined;
  if (jwks_uri === undefined) return inlineKeys(jwks?.keys ?? [], registered === undefined ? [] : [registered]);
  const remote = keySets.at(jwks_uri);
  if (registered === undefined) return remote;
  return {
    candidates: (header) => remote.candidates(header),
    hasCertificate: (digest) => digest === registered || remote.hasCertificate(digest),
  };
}
