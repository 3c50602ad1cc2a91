import { signerOf } from '../../client-authentication/assertion-signature.js';
import { isVerifiable, readKeySet } from '../../clients/key-sets.js';
import { OAuthError } from '../../errors.js';
import { readCompactJws } from '../../http/compact-jws.js';
import { longestJwt } from '../../http/limits.js';
import { loggable } from '../../loggable-value.js';
import { allowsAlgorithm } from '../../workspaces/profiles.js';
import type { Workspace } from '../../workspaces/workspace.js';

/** Characters. */

type Claims = Readonly<Record<string, unknown>>;

/**
 * What a software statement says (RFC 7591 2.3), once its signature, its times and its issuer are known to be good.
 * Rejects with `software_statement_unapproved` when its issuer is none of the workspace's anchors, with
 * `software_statement_invalid` when the rest is wrong.
 */
export async function readSoftwareStatement(statement: unknown, workspace: Workspace): Promise<Claims> {
  const read = typeof statement === 'string' ? readCompactJws(statement, longestJwt) : undefined;
  if (!read?.ok) throw invalid(read?.problem ?? 'is not a compact JWS');
  const { header, claims } = read;
  const keys = anchorOf(claims, workspace);
  const { alg, kid, crit, b64 } = header;
  if (typeof alg !== 'string' || !isVerifiable(alg)) throw invalid('is not signed with an asymmetric algorithm');
  if (!allowsAlgorithm(workspace.policy.profile, alg)) throw invalid('is signed with an algorithm not allowed here');
  if (crit !== undefined || b64 !== undefined) throw invalid('has a critical header');
  const candidates = keys.candidates({ alg, ...(typeof kid === 'string' && { kid }) });
  const signed = { jws: statement as string, header: { alg } };
  if (!signerOf(signed, candidates)) throw invalid('has no signature of its issuer');
  requireTimes(claims, workspace);
  return claims;
}

/** RFC 7591 2.3: `iss` must be there. */
function anchorOf({ iss }: Claims, { policy: { registration } }: Workspace) {
  const anchors = registration.software_statement_keys;
  const keys = typeof iss === 'string' && Object.hasOwn(anchors, iss) ? readKeySet(anchors[iss]) : undefined;
  if (keys) return keys;
  throw new OAuthError('software_statement_unapproved', { detail: { iss: loggable(iss) } });
}

function requireTimes({ exp, nbf }: Claims, { now, policy }: Workspace): void {
  const seconds = now() / 1000;
  for (const time of [exp, nbf]) {
    if (time !== undefined && !Number.isFinite(time)) throw invalid('has an exp or nbf that is no number');
  }
  if (exp !== undefined && seconds > Number(exp) + policy.clock_tolerance) throw invalid('has expired');
  if (nbf !== undefined && seconds < Number(nbf) - policy.clock_tolerance) throw invalid('is not valid yet');
}

function invalid(what: string): OAuthError {
  return new OAuthError('software_statement_invalid', {
    description: `software_statement: it ${what}.`,
    detail: { what },
  });
}
