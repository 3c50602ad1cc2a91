import { asymmetricAlgorithms, macAlgorithms } from '../clients/assertion-algorithms.js';
import { claimNames } from '../identity/person-claims.js';
import { isScopePattern } from '../workspaces/policy.js';
import type { Workspace } from '../workspaces/workspace.js';
import { servesLogin } from './account/login-visit.js';
import { publishedDocument } from './public-document.js';

/** Authorization server metadata (RFC 8414 2, OpenID Connect Discovery 3): what is really enabled, and nothing else. */
export const metadataEndpoint = publishedDocument('metadata', authorizationServerMetadata);

/** The metadata document of a workspace. */
export function authorizationServerMetadata(workspace: Workspace): Readonly<Record<string, unknown>> {
  const { issuer, urls, policy, grants } = workspace;
  const authorizes = servesAuthorization(workspace);
  const people = servesPeople(workspace);
  return withoutEmptyArrays({
    issuer,
    authorization_endpoint: authorizes ? urls.authorize : undefined,
    pushed_authorization_request_endpoint: authorizes ? urls.par : undefined,
    require_pushed_authorization_requests: authorizes ? policy.require_pushed_authorization_requests : undefined,
    token_endpoint: urls.token,
    userinfo_endpoint: people ? urls.userinfo : undefined,
    // RP-Initiated Logout 1.0, 2.1.
    end_session_endpoint: servesLogin(workspace) ? urls.logout : undefined,
    jwks_uri: urls.jwks,
    registration_endpoint: policy.registration.enabled ? urls.register : undefined,
    // A pattern is nothing that can be asked for.
    scopes_supported: Object.keys(policy.scopes).filter((scope) => !isScopePattern(scope)),
    response_types_supported: authorizes ? ['code'] : undefined,
    response_modes_supported: authorizes ? ['query'] : undefined,
    grant_types_supported: [...grants.keys()],
    token_endpoint_auth_methods_supported: enabledMethods(workspace),
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms(workspace),
    introspection_endpoint: urls.introspect,
    // RFC 8414 2: methods, and the access token types that do as well.
    introspection_endpoint_auth_methods_supported: [...provingMethods(workspace), 'Bearer', 'DPoP'],
    introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms(workspace),
    introspection_signing_alg_values_supported: policy.signing_keys,
    revocation_endpoint: urls.revoke,
    revocation_endpoint_auth_methods_supported: enabledMethods(workspace),
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms(workspace),
    code_challenge_methods_supported: authorizes ? ['S256'] : undefined,
    authorization_response_iss_parameter_supported: authorizes,
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: policy.signing_keys,
    userinfo_signing_alg_values_supported: people ? policy.signing_keys : undefined,
    claims_supported: people ? [...tokenClaims, ...claimNames(Object.keys(policy.scopes))] : undefined,
    prompt_values_supported: authorizes ? ['none', 'login', 'consent', 'select_account'] : undefined,
    tls_client_certificate_bound_access_tokens: true,
    mtls_endpoint_aliases: mtlsAliases(workspace),
    // RFC 9449 5.1.
    dpop_signing_alg_values_supported: workspace.dpop.authorizationServer.algorithms,
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
  });
}

/** What clients call (RFC 8705 5). Browsers have no business there: it would ask each person for a certificate. */
function mtlsAliases(workspace: Workspace): Readonly<Record<string, string>> | undefined {
  const { mtlsUrls: urls } = workspace;
  if (!urls) return undefined;
  return {
    token_endpoint: urls.token,
    introspection_endpoint: urls.introspect,
    revocation_endpoint: urls.revoke,
    ...(servesAuthorization(workspace) && { pushed_authorization_request_endpoint: urls.par }),
    ...(servesPeople(workspace) && { userinfo_endpoint: urls.userinfo }),
  };
}

/** Whether there is an authorization endpoint. */
export function servesAuthorization({ grants }: Workspace): boolean {
  return grants.has('authorization_code');
}

/** Whether some grant gives tokens that speak for a person. */
export function servesPeople({ grants }: Workspace): boolean {
  return grants.has('authorization_code') || grants.has('password');
}

/** What ID tokens say whatever the scopes are (OpenID Connect Core 2). */
const tokenClaims = ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'at_hash'];

/** The methods that some client can really use: one that signs by no accepted algorithm lets nobody in. */
export function enabledMethods({ authenticator, policy }: Workspace): string[] {
  const algorithms = policy.token_endpoint_auth_signing_alg_values;
  return authenticator.methods.filter((method) => {
    const own = algorithmsOfMethod.get(method);
    return policy.token_endpoint_auth_methods.includes(method) && (!own || algorithms.some((alg) => own.has(alg)));
  });
}

/** Without `none`, which proves nothing. */
function provingMethods(workspace: Workspace): string[] {
  return enabledMethods(workspace).filter((method) => method !== 'none');
}

type Algorithms = ReadonlyMap<string, unknown>;

const algorithmsOfMethod: ReadonlyMap<string, Algorithms> = new Map<string, Algorithms>([
  ['client_secret_jwt', macAlgorithms],
  ['private_key_jwt', asymmetricAlgorithms],
]);

/** The algorithms that some enabled method can really use. `EdDSA` is another name for `Ed25519` (RFC 9864). */
export function assertionAlgorithms(workspace: Workspace): string[] {
  const usable = enabledMethods(workspace).flatMap((method) => algorithmsOfMethod.get(method) ?? []);
  return workspace.policy.token_endpoint_auth_signing_alg_values
    .filter((alg) => usable.some((own) => own.has(alg)))
    .flatMap((alg) => (alg === 'Ed25519' ? ['Ed25519', 'EdDSA'] : [alg]));
}

/** RFC 8414 3.2: a claim with zero elements is left out. */
function withoutEmptyArrays(metadata: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => !(Array.isArray(value) && value.length === 0)),
  );
}
