import { z } from 'zod';
import type { WorkspaceServices } from '../../workspaces/services.js';
import { DpopNonces } from './nonces.js';
import { ProofVerifier } from './proof-verifier.js';
import type { ProofVerifiers } from './proof-verifiers.js';

/** Options of a guard that speak of DPoP. */
export const guardProofShape = {
  url: z
    .url({ protocol: /^https?$/ })
    .refine((url) => !/[?#]/.test(url), 'must not have a query or a fragment')
    .optional()
    .describe(
      "Public URL of this server's root, such as `https://api.example.com`: with the path of each request it makes the `htu` of DPoP proofs (RFC 9449 4.3).",
    ),
  dpop_nonce: z
    .enum(['off', 'required'])
    .optional()
    .describe(
      '`required`: proofs must carry a nonce of this API (RFC 9449 9). Absent: as the issuing workspace says, or `off`.',
    ),
};

type GuardProofOptions = z.output<z.ZodObject<typeof guardProofShape>>;

/** What verification uses of whoever issued the token. The rest is there where that is a workspace of this process. */
export type ProofHome = Pick<WorkspaceServices, 'issuer' | 'store' | 'secretKeys' | 'now'> &
  Partial<Pick<WorkspaceServices, 'policy'>> & { readonly dpop?: Pick<ProofVerifiers, 'origins'> };

/** The algorithms of proofs, where nobody says more. */
export const standingProofAlgorithms = ['ES256', 'RS256', 'PS256', 'Ed25519'] as const;

const standing = {
  dpop_signing_alg_values: standingProofAlgorithms,
  clock_tolerance: 10,
  dpop_nonce: 'off',
} as const;

/**
 * The verifier of a guard for the tokens of each issuer, made once. Absent `url`, the API is where its issuer is when
 * that is in this process, and where `resource` is otherwise.
 */
export function guardProofs(
  { url, dpop_nonce }: GuardProofOptions,
  resource?: string,
): (home: ProofHome) => ProofVerifier {
  const made = new WeakMap<ProofHome, ProofVerifier>();
  return (home) => {
    const known = made.get(home);
    if (known) return known;
    const { dpop_signing_alg_values: algorithms, clock_tolerance: clockTolerance, ...policy } = home.policy ?? standing;
    const purpose = 'dpop nonce of a resource server';
    const verifier = new ProofVerifier({
      ...home,
      algorithms,
      clockTolerance,
      bases: basesOf(url, resource, home),
      nonces:
        (dpop_nonce ?? policy.dpop_nonce) === 'required'
          ? new DpopNonces({ ...home, purpose, clockTolerance })
          : undefined,
    });
    made.set(home, verifier);
    return verifier;
  };
}

function basesOf(url: string | undefined, resource: string | undefined, { dpop }: ProofHome): readonly string[] {
  if (url !== undefined) return [url.replace(/\/+$/, '')];
  if (resource !== undefined) return [new URL(resource).origin];
  return dpop?.origins ?? [];
}
