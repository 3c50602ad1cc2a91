import type { ClientMetadataInput } from '../../clients/metadata.js';
import { isKnownMember } from '../../clients/metadata.js';

type Members = Readonly<Record<string, unknown>>;

/** What the server gives: RFC 7591 3.2.1, RFC 7592 2.2. */
export const givenByServer = [
  'registration_access_token',
  'registration_client_uri',
  'client_secret_expires_at',
  'client_id_issued_at',
] as const;

/** What an operator alone decides. */
const operatorsOwn = [
  'client_secrets',
  'client_secret_hash',
  'client_secret_encrypted',
  'secret_methods',
  'raw_basic_fallback',
  'legacy_assertion_audience',
  'trusted_cas',
  'token_ttls',
  'status',
  'trusted',
  'app_roles',
  'refresh_token_rotation',
  'metadata',
] as const;

const notRegistrable: ReadonlySet<string> = new Set([
  ...givenByServer,
  ...operatorsOwn,
  'client_id',
  'client_secret',
  'software_statement',
]);

/** The members that a client may say of itself. Others are ignored (RFC 7591 2), null counts as absent (RFC 7592 2.2). */
export function registrableMembers(members: Members): Members {
  return Object.fromEntries(
    Object.entries(members).filter(
      ([name, value]) => value !== null && !notRegistrable.has(name) && isKnownMember(name, value),
    ),
  );
}

/** What an operator has decided about a client that registered itself. */
export function operatorsMembers(metadata: Members): Partial<ClientMetadataInput> {
  return Object.fromEntries(
    operatorsOwn.filter((name) => metadata[name] !== undefined).map((name) => [name, metadata[name]]),
  );
}
