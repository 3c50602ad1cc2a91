import { macAlgorithms } from '../clients/assertion-algorithms.js';
import type { ClientMetadataInput } from '../clients/metadata.js';
import type { WorkspacePolicy } from './policy.js';

const signedReplies = [
  'id_token_signed_response_alg',
  'userinfo_signed_response_alg',
  'introspection_signed_response_alg',
] as const;

/** What a client's metadata ask and this workspace cannot give. `path` is a member. */
export function impossibleMembers(
  client: Partial<Pick<ClientMetadataInput, (typeof signedReplies)[number]>>,
  { signing_keys }: Pick<WorkspacePolicy, 'signing_keys'>,
): { readonly path: (typeof signedReplies)[number]; readonly message: string }[] {
  const keys: readonly string[] = signing_keys;
  return signedReplies.flatMap((member) => {
    const alg = client[member];
    return alg === undefined || keys.includes(alg) ? [] : [{ path: member, message: `needs ${alg} in signing_keys` }];
  });
}

/** Random octets of a secret whose text suits every MAC algorithm that the workspace accepts (RFC 7518 3.2). */
export function secretBytes({
  token_endpoint_auth_signing_alg_values: algorithms,
}: Pick<WorkspacePolicy, 'token_endpoint_auth_signing_alg_values'>): number {
  const octets = Math.max(32, ...algorithms.map((alg) => macAlgorithms.get(alg) ?? 0));
  // Base64 writes three octets as four.
  return Math.max(32, Math.ceil((octets * 3) / 4));
}
