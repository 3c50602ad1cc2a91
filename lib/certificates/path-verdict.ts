import type { PathCertificate } from './path-certificate.js';

/** Why there is no valid path. */
export type PathProblem =
  | 'malformed'
  | 'expired'
  | 'not_yet_valid'
  | 'untrusted'
  | 'ca_certificate'
  | 'not_a_ca'
  | 'not_a_client_certificate'
  | 'weak_key'
  | 'weak_signature'
  | 'unknown_critical_extension'
  | 'path_too_long'
  | 'name_constraints';

/**
 * `validUntil` is the earliest end of a validity period in the path, milliseconds. `path` has the leaf first and the
 * anchor last, or the leaf alone where it is an anchor itself. `detail` is for the operator.
 */
export type PathVerdict =
  | { readonly ok: true; readonly validUntil: number; readonly path: readonly PathCertificate[] }
  | { readonly ok: false; readonly reason: PathProblem; readonly detail: string };
