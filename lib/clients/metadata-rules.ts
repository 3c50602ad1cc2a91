import { compileAnchorTexts } from '../certificates/anchor-texts.js';
import { compileIntermediates } from '../certificates/intermediates.js';
import { standardMethods } from '../workspaces/policy.js';
import { asymmetricAlgorithms, canonicalAlgorithm, macAlgorithms } from './assertion-algorithms.js';
import { certificateNameProblem, certificateTextDigest, registeredNames } from './certificate-names.js';
import { importClientKey } from './json-web-keys.js';
import { KeySet, maximumKeys } from './key-sets.js';
import { switchesOn, unbuiltMembers } from './known-metadata.js';
import type { ShapedMetadata } from './metadata-shape.js';
import { redirectUriProblem } from './redirect-uris.js';
import { secretMistakes } from './secret-rules.js';

/** A mistake that lies between members: `path` from the client's own object on. */
export interface RuleMistake {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Takes a mistake: what is wrong, in words that follow the member's name, and where. */
export type Report = (message: string, ...path: (string | number)[]) => void;
type Rule = (metadata: ShapedMetadata, report: Report) => void;

const standard: ReadonlySet<string> = new Set(standardMethods);
/** The second for the `x5c` certificates of its keys. */
const methodsWithPaths = new Set(['tls_client_auth', 'private_key_jwt']);

/** RFC 7591 2.1 and RFC 6749 2.1: what the grants need. */
const grants: Rule = (metadata, report) => {
  const { grant_types = ['authorization_code'], response_types, redirect_uris = [] } = metadata;
  const code = grant_types.includes('authorization_code');
  // Who lists no grant at all may want the client for authentication alone; without a URI no code can be asked for.
  if (code && metadata.grant_types && redirect_uris.length === 0) {
    report('is needed where grant_types has authorization_code (RFC 7591 2)', 'redirect_uris');
  }
  if (grant_types.includes('implicit')) report('has implicit, which is not supported (RFC 9700 2.1.2)', 'grant_types');
  if (grant_types.includes('client_credentials') && metadata.token_endpoint_auth_method === 'none') {
    report('has client_credentials, which a client of method none may not use (RFC 6749 4.4)', 'grant_types');
  }
  if (response_types === undefined) return;
  if (response_types.some((type) => type !== 'code')) report('may hold only "code" (RFC 9700 2.1.2)', 'response_types');
  if (code !== response_types.includes('code')) {
    report('must have "code" exactly where grant_types has authorization_code (RFC 7591 2.1)', 'response_types');
  }
};

const rotation: Rule = (metadata, report) => {
  if (metadata.token_endpoint_auth_method === 'none' && metadata.refresh_token_rotation === false) {
    report('must not be false for a client of method none (RFC 9700 2.2.2)', 'refresh_token_rotation');
  }
};

const redirects: Rule = (metadata, report) => {
  for (const member of ['redirect_uris', 'post_logout_redirect_uris'] as const) {
    for (const [index, uri] of (metadata[member] ?? []).entries()) {
      const problem = redirectUriProblem(uri);
      if (problem !== undefined) report(problem, member, index);
    }
  }
};

const signingAlgorithm: Rule = (
  { token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: alg },
  report,
) => {
  if (alg === undefined) return;
  const asymmetric = asymmetricAlgorithms.has(canonicalAlgorithm(alg));
  const member = 'token_endpoint_auth_signing_alg';
  if (!asymmetric && !macAlgorithms.has(alg)) report('is not a supported JWS algorithm; "none" never is', member);
  else if (method === 'client_secret_jwt' && asymmetric)
    report('must be HS256, HS384 or HS512 for client_secret_jwt', member);
  else if (method === 'private_key_jwt' && !asymmetric) report('must be asymmetric for private_key_jwt', member);
};

const keySources: Rule = (metadata, report) => {
  const { token_endpoint_auth_method: method, jwks, jwks_uri, certificate } = metadata;
  if (jwks && jwks_uri !== undefined) report('must not stand beside jwks (RFC 7591 2)', 'jwks_uri');
  if (method === 'private_key_jwt' && !jwks && jwks_uri === undefined) {
    report('or jwks_uri is needed for the method private_key_jwt', 'jwks');
  }
  if (method === 'self_signed_tls_client_auth' && !jwks && jwks_uri === undefined && certificate === undefined) {
    report('or jwks_uri, or certificate, is needed for the method self_signed_tls_client_auth', 'jwks');
  }
  if (certificate === undefined) return;
  const result = certificateTextDigest(certificate);
  if ('problem' in result) report(result.problem, 'certificate');
  if (standard.has(method) && method !== 'self_signed_tls_client_auth' && method !== 'tls_client_auth') {
    report('is used with the methods tls_client_auth and self_signed_tls_client_auth alone', 'certificate');
  }
};

const inlineKeys: Rule = (metadata, report) => {
  const { token_endpoint_auth_method: method, token_endpoint_auth_signing_alg: alg, jwks, certificate } = metadata;
  if (!jwks) return;
  if (jwks.keys.length > maximumKeys) return report(`may hold ${maximumKeys} keys at most`, 'jwks', 'keys');
  const imported = jwks.keys.map(importClientKey);
  for (const [index, result] of imported.entries()) if (!result.ok) report(result.problem, 'jwks', 'keys', index);
  if (imported.some(({ ok }) => !ok)) return;
  const keys = new KeySet(imported.flatMap((result) => (result.ok ? [result.key] : [])));
  if (method === 'private_key_jwt' && !keys.canVerify(alg)) {
    report(`holds no key that can verify ${alg ?? 'a signature'}`, 'jwks');
  }
  if (method === 'self_signed_tls_client_auth' && certificate === undefined && !keys.hasCertificates) {
    report('holds no key with an x5c, which self_signed_tls_client_auth needs (RFC 8705 2.2.2)', 'jwks');
  }
};

/** RFC 8705 2.1.2: exactly one name, and none where nothing would look at it. */
const certificateNames: Rule = (metadata, report) => {
  const method = metadata.token_endpoint_auth_method;
  const given = registeredNames(metadata);
  if (standard.has(method) && method !== 'tls_client_auth') {
    for (const member of given) report('is used with the method tls_client_auth alone', member);
    return;
  }
  if (method === 'tls_client_auth' && given.length === 0 && metadata.certificate === undefined) {
    report(
      'or one tls_client_auth_san_*, or certificate, is needed for the method tls_client_auth',
      'tls_client_auth_subject_dn',
    );
  }
  const [first, ...others] = given;
  for (const member of others)
    report(`must not stand beside ${first}: one name is registered (RFC 8705 2.1.2)`, member);
  for (const member of given) {
    const problem = certificateNameProblem(metadata, member);
    if (problem !== undefined) report(problem, member);
  }
};

/** Authorities of its own are for a client whose certificates are judged by a path. */
const ownAuthorities: Rule = (metadata, report) => {
  const { token_endpoint_auth_method: method, grant_types = [] } = metadata;
  for (const [member, compile] of authorityMembers) {
    const texts = metadata[member];
    if (texts === undefined) continue;
    if (standard.has(method) && !methodsWithPaths.has(method) && !grant_types.includes('tls_client_auth')) {
      report('is used with the methods tls_client_auth and private_key_jwt alone', member);
      continue;
    }
    const compiled = compile(texts);
    if (compiled.ok) continue;
    const at = compiled.index === undefined ? [] : [compiled.index];
    report(`cannot be used: ${compiled.problem}`, member, ...at);
  }
};

const authorityMembers = [
  ['trusted_cas', compileAnchorTexts],
  ['intermediate_cas', compileIntermediates],
] as const;

const unbuilt: Rule = (metadata, report) => {
  for (const member of Object.keys(unbuiltMembers) as (keyof typeof unbuiltMembers)[]) {
    if (switchesOn(metadata[member])) report('is not part of this version', member);
  }
};

const rules: readonly Rule[] = [
  grants,
  rotation,
  redirects,
  secretMistakes,
  signingAlgorithm,
  keySources,
  inlineKeys,
  certificateNames,
  ownAuthorities,
  unbuilt,
];

/** Every mistake that lies between the members of one client's metadata. */
export function ruleMistakes(metadata: ShapedMetadata): readonly RuleMistake[] {
  const mistakes: RuleMistake[] = [];
  for (const rule of rules) rule(metadata, (message, ...path) => mistakes.push({ path, message }));
  return mistakes;
}
