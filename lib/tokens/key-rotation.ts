import type { GrantRouter } from '../router.js';
import type { Workspace } from '../workspaces/workspace.js';
import { workspacesOf } from '../workspaces/workspaces-of.js';
import { type RotationOrder, type SigningKeyStatus, unknownAlgorithm } from './key-upkeep.js';

/** Whose keys: of every workspace of a router, or of one of `router.workspaces`. */
export type KeyScope = Pick<GrantRouter, 'workspaces'> | Workspace;

/** A signing key and where it belongs. */
export interface WorkspaceSigningKey extends SigningKeyStatus {
  readonly issuer: string;
  readonly tenant?: string;
  readonly workspace?: string;
}

/**
 * Publishes a new key per algorithm, or for `alg` alone. It signs once `signing_key_rotation.lead` seconds are over; the
 * old key stays in the JWKS until its last token expires. With `now: true`, for a key that was stolen, the new key signs
 * at once and the old ones are gone at once: their tokens are refused wherever the JWKS is read anew. Any number of
 * calls at once, in all processes that share the store, make one new key; while one waits there is no second. Answers
 * the new keys. Rejects when the store does, and for an algorithm that a workspace has not.
 */
export async function rotateSigningKeys(where: KeyScope, order: RotationOrder = {}): Promise<WorkspaceSigningKey[]> {
  const { alg } = order;
  // Before any of them rotates.
  if (alg !== undefined && !workspacesOf(where).every(({ policy }) => policy.signing_keys.includes(alg))) {
    throw unknownAlgorithm(alg);
  }
  return everywhere(where, ({ signingKeys }) => signingKeys.rotate(order));
}

/** Every signing key that is not over, as the store has it now. Makes none. */
export function listSigningKeys(where: KeyScope): Promise<WorkspaceSigningKey[]> {
  return everywhere(where, ({ signingKeys }) => signingKeys.list());
}

async function everywhere(
  where: KeyScope,
  ask: (workspace: Workspace) => Promise<SigningKeyStatus[]>,
): Promise<WorkspaceSigningKey[]> {
  const found = await Promise.all(
    workspacesOf(where).map(async (each) => {
      const { issuer, tenant, name } = each;
      const names = { issuer, ...(tenant !== undefined && { tenant }), ...(name !== undefined && { workspace: name }) };
      return (await ask(each)).map((key) => ({ ...names, ...key }));
    }),
  );
  return found.flat();
}
