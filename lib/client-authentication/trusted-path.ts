import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { PathCertificate } from '../certificates/path-certificate.js';
import { type PathProblem, validatePath } from '../certificates/path-validation.js';
import type { RegisteredClient } from '../clients/client.js';
import { type FailureReason, OAuthError } from '../errors.js';
import type { AuthenticationContext } from './strategy.js';

const reasons: Readonly<Partial<Record<PathProblem, FailureReason>>> = {
  expired: 'certificate_expired',
  not_yet_valid: 'certificate_not_yet_valid',
  ca_certificate: 'certificate_purpose_refused',
  not_a_client_certificate: 'certificate_purpose_refused',
};

type PathContext = Pick<AuthenticationContext, 'trustAnchors' | 'intermediates' | 'clockTolerance' | 'now'>;

/**
 * The path from a client's certificate to an anchor of its own (`trusted_cas`) or else of the issuer, leaf first.
 * Throws OAuthError with a `certificate_*` reason where there is none.
 */
export function trustedPath(
  certificate: ClientCertificate,
  client: RegisteredClient,
  context: PathContext,
): readonly PathCertificate[] {
  const anchors = client.trustAnchors ?? context.trustAnchors;
  const intermediates = [context.intermediates, ...(client.intermediates ? [client.intermediates] : [])];
  const { clockTolerance: toleranceSeconds } = context;
  const verdict = validatePath(certificate, anchors, { now: context.now(), toleranceSeconds, intermediates });
  if (verdict.ok) return verdict.path;
  throw new OAuthError(reasons[verdict.reason] ?? 'certificate_untrusted', {
    detail: {
      problem: verdict.reason,
      explanation: verdict.detail,
      anchors: anchors.size,
      ...(client.trustAnchors && { anchors_of: 'trusted_cas' }),
    },
  });
}

/**
 * {@link trustedPath} for a certificate that a client presented: where a proxy passed it on without its chain, as of a
 * resumed TLS session, the chain it was trusted with before is tried (standards row MTL-06).
 */
export async function presentedPath(
  certificate: ClientCertificate,
  client: RegisteredClient,
  context: PathContext & Pick<AuthenticationContext, 'knownChains'>,
): Promise<readonly PathCertificate[]> {
  try {
    const path = trustedPath(certificate, client, context);
    if (path.length > 2) await context.knownChains.note(certificate);
    return path;
  } catch (thrown) {
    const untrusted = thrown instanceof OAuthError && thrown.detail?.problem === 'untrusted';
    const completed = untrusted ? await context.knownChains.completed(certificate) : undefined;
    if (completed === undefined) throw thrown;
    return trustedPath(completed, client, context);
  }
}

/**
 * Resolves when no certificate of a path has been revoked, or when the issuer does not ask. Rejects with OAuthError
 * `certificate_revoked`, or `certificate_revocation_unknown` where nothing could tell and the policy demands it.
 */
export async function refuseRevoked(
  path: readonly PathCertificate[],
  client: RegisteredClient,
  { revocation, warn }: Pick<AuthenticationContext, 'revocation' | 'warn'>,
): Promise<void> {
  const verdict = await revocation?.check(path);
  if (verdict === undefined) return;
  if (!verdict.ok) {
    const reason = verdict.reason === 'revoked' ? 'certificate_revoked' : 'certificate_revocation_unknown';
    throw new OAuthError(reason, { detail: verdict.detail });
  }
  for (const facts of verdict.unchecked) warn('certificate_revocation_unchecked', { client_id: client.id, ...facts });
}
