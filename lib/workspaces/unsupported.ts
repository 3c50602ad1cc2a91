import type { WorkspacePolicy } from './policy.js';

/** A member of a policy that asks for something this version does not do. `path` is relative to the policy. */
export interface UnbuiltMember {
  readonly path: string;
  readonly message: string;
}

const message = 'is not part of this version';
const unbuiltGrants: ReadonlySet<string> = new Set(['tls_client_auth']);

/** What `policy` switches on and this version does not have. Empty when it can be served as it is written. */
export function refuseUnbuilt(policy: WorkspacePolicy): UnbuiltMember[] {
  const switchedOn: readonly (readonly [path: string, on: boolean])[] = [
    ['profile', policy.profile !== 'default'],
    ['cors_origins', policy.cors_origins.length > 0],
    ['require_pushed_authorization_requests', policy.require_pushed_authorization_requests],
    ['oracle_endpoints', policy.oracle_endpoints],
    ['app_roles', Object.keys(policy.app_roles).length > 0],
    ['revocation.crl.mode', policy.revocation.crl.mode !== 'off'],
    ['revocation.ocsp.mode', policy.revocation.ocsp.mode !== 'off'],
    ['registration.enabled', policy.registration.enabled],
    ...policy.grant_types.map((name, index) => [`grant_types[${index}]`, unbuiltGrants.has(name)] as const),
  ];
  return switchedOn.filter(([, on]) => on).map(([path]) => ({ path, message }));
}
