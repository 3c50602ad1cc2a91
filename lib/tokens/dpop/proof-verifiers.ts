import type { WorkspaceServices } from '../../workspaces/services.js';
import { DpopNonces, type NoncePurpose } from './nonces.js';
import { ProofVerifier } from './proof-verifier.js';

/** Who verifies DPoP proofs for a workspace. The nonces of one verifier are not good for the other. */
export interface ProofVerifiers {
  /** Those of requests at its endpoints (RFC 9449 5, 10.1). */
  readonly authorizationServer: ProofVerifier;
  /** Those that come with its access tokens (RFC 9449 7). */
  readonly resourceServer: ProofVerifier;
  /** Where it is reached: the issuer's own, and one for mutual TLS. */
  readonly origins: readonly string[];
}

type Home = Pick<WorkspaceServices, 'issuer' | 'policy' | 'store' | 'secretKeys' | 'now'> &
  Pick<ProofVerifiers, 'origins'>;

/** The verifiers of one workspace. */
export function proofVerifiers({ policy, origins, ...home }: Home): ProofVerifiers {
  const { dpop_signing_alg_values: algorithms, clock_tolerance: clockTolerance } = policy;
  const verifier = (purpose: NoncePurpose) =>
    new ProofVerifier({
      ...home,
      algorithms,
      clockTolerance,
      bases: origins,
      nonces: policy.dpop_nonce === 'required' ? new DpopNonces({ ...home, purpose, clockTolerance }) : undefined,
    });
  return {
    authorizationServer: verifier('dpop nonce of the authorization server'),
    resourceServer: verifier('dpop nonce of a resource server'),
    origins,
  };
}
