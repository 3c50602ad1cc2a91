import { standardMethods } from '../workspaces/policy.js';
import { macAlgorithms } from './assertion-algorithms.js';
import type { Report } from './metadata-rules.js';
import type { ShapedMetadata } from './metadata-shape.js';
import { readMacHash, readSha256Hash } from './stored-secrets.js';

/** The methods that a client proves itself by with a secret (RFC 7591 2, OpenID Connect Core 9). */
export const secretMethods: ReadonlySet<string> = new Set([
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
]);

const standard: ReadonlySet<string> = new Set(standardMethods);
const exchangeable = new Set(['client_secret_basic', 'client_secret_post']);
const secretMembers = ['client_secret', 'client_secrets', 'client_secret_hash', 'client_secret_encrypted'] as const;
const forms = ['value', 'hash', 'encrypted'] as const;

/** What is wrong with the secrets of a client, or with their being there. */
export function secretMistakes(metadata: ShapedMetadata, report: Report): void {
  const method = metadata.token_endpoint_auth_method;
  if (metadata.secret_methods === 'basic-or-post' && standard.has(method) && !exchangeable.has(method)) {
    report('may be "basic-or-post" with client_secret_basic and client_secret_post alone', 'secret_methods');
  }
  const given = secretMembers.filter((member) => metadata[member] !== undefined);
  if (standard.has(method) && !secretMethods.has(method)) {
    for (const member of given) report(`is not used with the method ${method}`, member);
    return;
  }
  if (secretMethods.has(method)) unfitForms(metadata, given, report);
  hashForm(metadata.client_secret_hash, report, 'client_secret_hash');
  for (const [index, each] of (metadata.client_secrets ?? []).entries()) {
    if (forms.filter((form) => each[form] !== undefined).length !== 1) {
      report('must hold exactly one of value, hash and encrypted', 'client_secrets', index);
    }
    hashForm(each.hash, report, 'client_secrets', index, 'hash');
  }
  if (method === 'client_secret_jwt') macSecretLengths(metadata, report);
}

/** A MAC needs the secret itself; where it is only compared, nobody need be able to read it. */
function unfitForms(metadata: ShapedMetadata, given: readonly (typeof secretMembers)[number][], report: Report): void {
  const method = metadata.token_endpoint_auth_method;
  const form = method === 'client_secret_jwt' ? 'hash' : 'encrypted';
  const unfit = `client_secret_${form}` as const;
  const usable = given.filter(
    (member) => member !== unfit && (member !== 'client_secrets' || metadata[member]?.length),
  );
  if (usable.length === 0) report(`is needed for the method ${method}`, 'client_secret');
  if (metadata[unfit] !== undefined) report(`cannot be used with the method ${method}`, unfit);
  for (const [index, each] of (metadata.client_secrets ?? []).entries()) {
    if (each[form] !== undefined) report(`cannot be used with the method ${method}`, 'client_secrets', index, form);
  }
}

function hashForm(hash: string | undefined, report: Report, ...path: (string | number)[]): void {
  if (hash === undefined || readSha256Hash(hash) || readMacHash(hash)) return;
  report('must be "sha256:" with hex or base64url, or "hmac-sha256:" with key id and base64url', ...path);
}

/** RFC 7518 3.2: an HMAC key has at least as many octets as the hash. */
function macSecretLengths(metadata: ShapedMetadata, report: Report): void {
  const octets = shortestMacSecret(metadata.token_endpoint_auth_signing_alg);
  const message = `must have at least ${octets} octets for client_secret_jwt (RFC 7518 3.2)`;
  if (metadata.client_secret && Buffer.byteLength(metadata.client_secret) < octets) report(message, 'client_secret');
  for (const [index, { value }] of (metadata.client_secrets ?? []).entries()) {
    if (value !== undefined && Buffer.byteLength(value) < octets) {
      report(message, 'client_secrets', index, 'value');
    }
  }
}

/** The fewest octets of a client_secret_jwt secret: those of its pinned algorithm, or of HS256. */
export function shortestMacSecret(alg: string | undefined): number {
  return macAlgorithms.get(alg ?? 'HS256') ?? 32;
}
