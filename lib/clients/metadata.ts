import { z } from 'zod';
import { unknownMembers } from '../option-words.js';
import { keysWithCertificate } from './certificate-jwk.js';
import { ruleMistakes } from './metadata-rules.js';
import { type ClientMetadataInput, isWebUrl, metadataShape, type ShapedMetadata } from './metadata-shape.js';

export type { ClientMetadataInput } from './metadata-shape.js';

const members = new Set(Object.keys(metadataShape));

/** Client metadata that are valid, with all defaults, the secrets still in them. */
export interface ParsedClientMetadata extends ShapedMetadata {
  redirect_uris: string[];
  grant_types: string[];
  response_types: string[];
}

type SecretMember = 'client_secret' | 'client_secrets' | 'client_secret_hash' | 'client_secret_encrypted';

/** Client metadata as the rest of the program and the host see them: valid, with all defaults, without secrets. */
export type ClientMetadata = Readonly<Omit<ParsedClientMetadata, SecretMember | 'registration_access_token'>>;

/** RFC 7591 2.2: human-readable members come in languages too, such as `client_name#de-CH`. */
function isLocalized(member: string, value: unknown): boolean {
  const localized = /^(?:client_name|client_uri|logo_uri|policy_uri|tos_uri)#[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/;
  if (!localized.test(member) || typeof value !== 'string' || value.length > 2048) return false;
  return member.startsWith('client_name#') || isWebUrl(value);
}

/** Whether client metadata may have a member of this name. */
export function isKnownMember(member: string, value: unknown): boolean {
  return members.has(member) || isLocalized(member, value);
}

function checkMembers(metadata: ShapedMetadata, context: z.core.$RefinementCtx): void {
  const unknown = Object.entries(metadata).filter(([member, value]) => !isKnownMember(member, value));
  if (unknown.length > 0) {
    const keys = unknown.map(([member]) => member);
    const message = unknownMembers(keys, Object.keys(metadataShape));
    context.addIssue({ code: 'unrecognized_keys', keys, message, input: undefined });
  }
  for (const { path, message } of ruleMistakes(metadata)) {
    context.addIssue({ code: 'custom', path: [...path], message, input: undefined });
  }
}

/** What registration gives in PEM is a key like those of `jwks`; beside `jwks_uri` there can be no `jwks`. */
function keySet(metadata: ShapedMetadata): Pick<ShapedMetadata, 'jwks'> {
  const { certificate, jwks, jwks_uri, token_endpoint_auth_method: method } = metadata;
  if (certificate === undefined || jwks_uri !== undefined || method !== 'self_signed_tls_client_auth') return {};
  const keys = keysWithCertificate(metadata);
  return keys.length === 0 ? {} : { jwks: { ...jwks, keys } };
}

function withDefaults(metadata: ShapedMetadata): ParsedClientMetadata {
  const grant_types = metadata.grant_types ?? ['authorization_code'];
  return {
    ...metadata,
    ...keySet(metadata),
    redirect_uris: metadata.redirect_uris ?? [],
    grant_types,
    response_types: metadata.response_types ?? (grant_types.includes('authorization_code') ? ['code'] : []),
  };
}

/**
 * Client metadata: the names of RFC 7591, 8705, 9449 and OpenID Connect verbatim, and ours. One schema for the
 * configuration file, for code and for registration. Unknown members are mistakes; extras belong under `metadata`.
 */
export const clientMetadataSchema: z.ZodType<ParsedClientMetadata, ClientMetadataInput> = z
  .looseObject(metadataShape)
  .superRefine(checkMembers)
  .transform(withDefaults);
