import { z } from 'zod';

const text = z.string().max(4096).optional();
const texts = z.array(z.string().max(4096)).max(100).optional();
const flag = z.boolean().optional();

/**
 * Client metadata of the IANA registry (OAuth Dynamic Client Registration Metadata) that decide nothing here: known,
 * kept and returned as they are.
 */
export const standingMembers = {
  client_id_issued_at: z.int().min(0).optional(),
  registration_client_uri: text,
  contacts: texts,
  software_id: text,
  software_version: text,
  software_statement: z.string().max(16_384).optional(),
  // OpenID Connect Registration 1.0, logout and CIBA
  default_acr_values: texts,
  initiate_login_uri: text,
  frontchannel_logout_uri: text,
  frontchannel_logout_session_required: flag,
  backchannel_logout_uri: text,
  backchannel_logout_session_required: flag,
  backchannel_token_delivery_mode: text,
  backchannel_client_notification_endpoint: text,
  backchannel_authentication_request_signing_alg: text,
  backchannel_user_code_parameter: flag,
  // JWT introspection (RFC 9701), JARM, rich authorization requests (RFC 9396), mutual TLS (RFC 8705 5)
  introspection_signed_response_alg: text,
  authorization_signed_response_alg: text,
  authorization_encrypted_response_alg: text,
  authorization_encrypted_response_enc: text,
  authorization_details_types: texts,
  use_mtls_endpoint_aliases: flag,
  // OpenID Federation 1.0
  client_registration_types: texts,
  organization_name: text,
  organization_uri: text,
  display_name: text,
  description: text,
  keywords: texts,
  information_uri: text,
  signed_jwks_uri: text,
  // UMA and ETSI GS NFV-SEC 022
  claims_redirect_uris: texts,
  nfv_token_signed_response_alg: text,
  nfv_token_encrypted_response_alg: text,
  nfv_token_encrypted_response_enc: text,
  // OpenID Connect Relying Party Metadata Choices 1.0 and OpenID4VP 1.0
  subject_types_supported: texts,
  id_token_signing_alg_values_supported: texts,
  id_token_encryption_alg_values_supported: texts,
  id_token_encryption_enc_values_supported: texts,
  userinfo_signing_alg_values_supported: texts,
  userinfo_encryption_alg_values_supported: texts,
  userinfo_encryption_enc_values_supported: texts,
  request_object_signing_alg_values_supported: texts,
  request_object_encryption_alg_values_supported: texts,
  request_object_encryption_enc_values_supported: texts,
  token_endpoint_auth_methods_supported: texts,
  token_endpoint_auth_signing_alg_values_supported: texts,
  encrypted_response_enc_values_supported: texts,
  vp_formats_supported: z.record(z.string(), z.json()).optional(),
} as const;

const unbuilt = <T extends z.ZodType>(schema: T): T =>
  schema.describe('Known; a value that switches on what is not part of this version is refused.');

/**
 * Members of features that are still to be built. Each is known, and may be present as long as it switches nothing
 * on: absent, false, empty, or the value that changes nothing.
 */
export const unbuiltMembers = {
  require_signed_request_object: unbuilt(flag),
  id_token_encrypted_response_alg: unbuilt(text),
  id_token_encrypted_response_enc: unbuilt(text),
  userinfo_encrypted_response_alg: unbuilt(text),
  userinfo_encrypted_response_enc: unbuilt(text),
  introspection_encrypted_response_alg: unbuilt(text),
  introspection_encrypted_response_enc: unbuilt(text),
  request_object_signing_alg: unbuilt(text),
  request_object_encryption_alg: unbuilt(text),
  request_object_encryption_enc: unbuilt(text),
  request_uris: unbuilt(texts),
  sector_identifier_uri: unbuilt(text),
  subject_type: unbuilt(z.enum(['public', 'pairwise']).optional()),
} as const;

/** Whether a value of one of `unbuiltMembers` asks for what is not there. */
export function switchesOn(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== undefined && value !== false && value !== '' && value !== 'public';
}
