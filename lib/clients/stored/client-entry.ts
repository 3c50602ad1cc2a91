import { isDeepStrictEqual } from 'node:util';
import type { ClientMetadataInput } from '../metadata.js';
import { metadataShape } from '../metadata-shape.js';
import { fittingSecrets, standingKeys } from './assemble.js';
import { type Credential, keyId, standingCredentials } from './credentials.js';
import type { ClientRecord } from './records.js';

/**
 * A client as it is exported and imported: metadata by the names of RFC 7591 without those that are the default, the
 * public keys as `jwks`, and of each secret its `id`.
 */
export type ClientEntry = ClientMetadataInput;

/** One member that differs. Absent `from`: it comes; absent `to`: it goes. Secrets stand here by id alone. */
export interface MemberDifference {
  /** Such as `scope`, `jwks.keys[ID]` or `client_secrets[ID]`. */
  readonly member: string;
  readonly from?: unknown;
  readonly to?: unknown;
}

/** The entry of a stored client. `hashes`: with the hash of each secret, or for client_secret_jwt its encrypted form. */
export function clientEntry(
  { client_id, metadata }: Pick<ClientRecord, 'client_id' | 'metadata'>,
  credentials: readonly Credential[],
  { hashes = false }: { readonly hashes?: boolean } = {},
): ClientEntry {
  const standing = standingCredentials(credentials);
  const secrets = fittingSecrets(metadata.token_endpoint_auth_method ?? '', standing);
  const keys = metadata.jwks_uri === undefined ? standingKeys(standing) : [];
  const client_secrets = secrets.map(({ id, expires_at, hash, encrypted }) => ({
    id,
    ...(expires_at !== undefined && { expires_at }),
    ...(hashes && hash !== undefined && { hash }),
    ...(hashes && encrypted !== undefined && { encrypted }),
  }));
  return {
    client_id,
    ...withoutDefaults(metadata),
    ...(keys.length > 0 && { jwks: { keys: keys.map(({ jwk }) => jwk) } }),
    ...(client_secrets.length > 0 && { client_secrets }),
  };
}

/** What differs between two entries of one client, by member. Of a secret only whether it is there. */
export function entryDifferences(before: Partial<ClientEntry>, after: Partial<ClientEntry>): MemberDifference[] {
  const [from, to] = [comparable(before), comparable(after)];
  return [...new Set([...from.keys(), ...to.keys()])]
    .filter((member) => !isDeepStrictEqual(from.get(member), to.get(member)))
    .sort()
    .map((member) => ({
      member,
      ...(from.has(member) && { from: from.get(member) }),
      ...(to.has(member) && { to: to.get(member) }),
    }));
}

function comparable({ client_id, jwks, client_secrets = [], ...members }: Partial<ClientEntry>): Map<string, unknown> {
  return new Map<string, unknown>([
    ...Object.entries(members).filter(([, value]) => value !== undefined),
    ...(jwks?.keys ?? []).map((jwk) => [`jwks.keys[${keyId(jwk)}]`, jwk] as const),
    ...client_secrets.map(({ id }) => [`client_secrets[${id}]`, 'a secret'] as const),
  ]);
}

/** Metadata without members that say what their absence says. The method always stands there. */
function withoutDefaults(metadata: ClientRecord['metadata']): ClientRecord['metadata'] {
  const told = Object.entries(metadata).filter(
    ([member, value]) => value !== undefined && !isDeepStrictEqual(value, defaultOf(member, metadata)),
  );
  return Object.fromEntries(told);
}

function defaultOf(member: string, { grant_types = [] }: ClientRecord['metadata']): unknown {
  if (member === 'redirect_uris') return [];
  if (member === 'response_types') return grant_types.includes('authorization_code') ? ['code'] : [];
  if (member === 'token_endpoint_auth_method' || !Object.hasOwn(metadataShape, member)) return undefined;
  return metadataShape[member as keyof typeof metadataShape].safeParse(undefined).data;
}
