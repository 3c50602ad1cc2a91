import { compileAnchorTexts } from '../certificates/anchor-texts.js';
import { compileIntermediates, type Intermediates } from '../certificates/intermediates.js';
import type { TrustAnchors } from '../certificates/path-validation.js';
import type { WarningName } from '../events.js';
import { joinPath, OptionsError } from '../options.js';
import type { SecretKeys } from '../secret-keys.js';
import { certificateNameOf, certificateTextDigest } from './certificate-names.js';
import type { ClientKeys, ClientSecrets, RegisteredClient } from './client.js';
import { inlineKeys } from './key-sets.js';
import type { ClientMetadata, ParsedClientMetadata } from './metadata.js';
import type { RuleMistake } from './metadata-rules.js';
import type { RemoteKeySets } from './remote-key-sets.js';
import { shortestMacSecret } from './secret-rules.js';
import { clientSecrets, type SecretRecord } from './secrets.js';
import { openSecret, readMacHash, shortestSecret } from './stored-secrets.js';

/** What clients are made ready with. */
export interface ClientDependencies {
  readonly secretKeys: SecretKeys;
  /** Shared by all registries of a process. */
  readonly keySets: RemoteKeySets;
  /** What the workspace's profile forbids in a client, by paths from the client's own object on. */
  readonly mistakesOf?: (client: ParsedClientMetadata) => readonly RuleMistake[];
  /** The scopes of each app role. Absent where clients are authenticated and nothing is granted. */
  readonly appRoles?: Readonly<Record<string, readonly string[]>>;
  /** Whether the client registered itself. */
  readonly selfRegistered?: boolean;
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
}

/**
 * A client made ready from what the schema gave, which is a copy of the host's record and is frozen here: keys
 * imported, secrets hashed, names compiled. Throws OptionsError for what the profile forbids, and for stored secrets that
 * the secret keys do not fit.
 */
export function registeredClient(parsed: ParsedClientMetadata, dependencies: ClientDependencies): RegisteredClient {
  refuseForbidden(parsed, dependencies);
  const secrets = secretsOf(parsed, dependencies.secretKeys);
  warnOfShortSecrets(parsed, dependencies);
  const metadata = publicMetadata(parsed);
  const certificateName = certificateNameOf(metadata);
  const trustAnchors = anchorsOf(metadata);
  const intermediates = intermediatesOf(metadata);
  const certificateDigest = registeredDigest(metadata);
  return Object.freeze({
    id: metadata.client_id,
    metadata,
    method: metadata.token_endpoint_auth_method,
    active: metadata.status === 'active',
    selfRegistered: dependencies.selfRegistered === true,
    grantTypes: new Set(metadata.grant_types),
    scopes: Object.freeze(scopesOf(metadata, dependencies.appRoles)),
    secrets,
    keys: keysOf(metadata, dependencies.keySets),
    ...(certificateName && { certificateName }),
    ...(trustAnchors && { trustAnchors }),
    ...(intermediates && { intermediates }),
    ...(certificateDigest !== undefined &&
      metadata.token_endpoint_auth_method === 'tls_client_auth' && { certificateDigest }),
  });
}

function refuseForbidden(parsed: ParsedClientMetadata, { mistakesOf }: ClientDependencies): void {
  const mistakes = mistakesOf?.(parsed) ?? [];
  if (mistakes.length === 0) return;
  throw new OptionsError(mistakes.map(({ path, message }) => ({ path: joinPath('', path), message })));
}

function scopesOf({ scope = '', app_roles = [] }: ClientMetadata, roles: ClientDependencies['appRoles']): string[] {
  const scopes = new Set(scope.split(' ').filter((token) => token !== ''));
  for (const [index, role] of app_roles.entries()) {
    if (!roles) continue;
    if (!Object.hasOwn(roles, role)) {
      throw new OptionsError([
        { path: `app_roles[${index}]`, message: 'is not one of the app_roles of the workspace' },
      ]);
    }
    for (const each of roles[role] ?? []) scopes.add(each);
  }
  return [...scopes];
}

function registeredDigest({ certificate }: ClientMetadata): string | undefined {
  const result = certificate === undefined ? undefined : certificateTextDigest(certificate);
  return result && 'digest' in result ? result.digest : undefined;
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
  const expires_at = parsed.client_secret_expires_at;
  const all = [
    { path: 'client_secret', value: client_secret, expires_at },
    ...client_secrets.map((each, index) => ({ path: `client_secrets[${index}]`, ...each })),
    { path: 'client_secret_hash', hash: client_secret_hash, expires_at },
    { path: 'client_secret_encrypted', encrypted: client_secret_encrypted, expires_at },
  ].flatMap((each: WrittenSecret) => secretRecord(each, parsed, secretKeys));
  const forMac = parsed.token_endpoint_auth_method === 'client_secret_jwt';
  return clientSecrets(secretKeys, client_id, all, forMac);
}

type WrittenSecret = NonNullable<ParsedClientMetadata['client_secrets']>[number] & { readonly path: string };

/** One secret or none. Throws OptionsError for one that these secret keys do not fit. */
function secretRecord(
  { path, id, value, hash, encrypted, expires_at }: WrittenSecret,
  parsed: ParsedClientMetadata,
  secretKeys: SecretKeys,
): SecretRecord[] {
  const expiresAt = milliseconds(expires_at);
  if (value !== undefined) return [{ form: 'plain', value, expiresAt, id }];
  if (hash !== undefined) {
    const { keyId } = readMacHash(hash) ?? {};
    if (keyId !== undefined && !secretKeys.ids.includes(keyId)) {
      throw new OptionsError([{ path, message: 'was made with a key that is not among the secret_keys' }]);
    }
    return [{ form: 'hash', value: hash, expiresAt, id }];
  }
  if (encrypted === undefined) return [];
  checkEncrypted(parsed, encrypted, secretKeys, path);
  return [{ form: 'encrypted', value: encrypted, expiresAt, id }];
}

function checkEncrypted(parsed: ParsedClientMetadata, sealed: string, secretKeys: SecretKeys, path: string): void {
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

/** One client shows few certificates, so the memory of their verdicts is small. */
const rememberedVerdicts = 50;

function anchorsOf({ trusted_cas }: ClientMetadata): TrustAnchors | undefined {
  if (trusted_cas === undefined) return undefined;
  const compiled = compileAnchorTexts(trusted_cas, { remember: rememberedVerdicts });
  if (compiled.ok) return compiled.anchors;
  // Never the workspace's anchors instead.
  throw new OptionsError([{ path: 'trusted_cas', message: compiled.problem }]);
}

function intermediatesOf({ intermediate_cas }: ClientMetadata): Intermediates | undefined {
  if (intermediate_cas === undefined) return undefined;
  const compiled = compileIntermediates(intermediate_cas);
  if (compiled.ok) return compiled.intermediates;
  throw new OptionsError([{ path: 'intermediate_cas', message: compiled.problem }]);
}

function keysOf(metadata: ClientMetadata, keySets: RemoteKeySets): ClientKeys {
  const { jwks, jwks_uri } = metadata;
  const registered = registeredDigest(metadata);
  if (jwks_uri === undefined) return inlineKeys(jwks?.keys ?? [], registered === undefined ? [] : [registered]);
  const remote = keySets.at(jwks_uri);
  if (registered === undefined) return remote;
  return {
    candidates: (header) => remote.candidates(header),
    hasCertificate: (digest) => digest === registered || remote.hasCertificate(digest),
  };
}
