import { describe, expect, it } from '@jest/globals';
import { type WorkspacePolicyInput, workspacePolicySchema } from '../../lib/workspaces/policy.js';
import { refuseUnbuilt } from '../../lib/workspaces/unsupported.js';

const found = (policy: WorkspacePolicyInput) =>
  refuseUnbuilt(workspacePolicySchema.parse(policy)).map(({ path }) => path);

describe('members that wait for their feature', () => {
  it('takes the defaults, and everything that is written and off', () => {
    expect(found({})).toEqual([]);
    expect(found({ profile: 'default', app_roles: {}, grant_types: ['refresh_token', 'urn:example:own'] })).toEqual([]);
  });

  it.each<[string, WorkspacePolicyInput]>([
    ['profile', { profile: 'fapi2' }],
    ['cors_origins', { cors_origins: ['https://app.example.com'] }],
    ['require_pushed_authorization_requests', { require_pushed_authorization_requests: true }],
    ['oracle_endpoints', { oracle_endpoints: true }],
    ['app_roles', { app_roles: { Reader: ['read'] } }],
    ['revocation.crl.mode', { revocation: { crl: { mode: 'prefer' } } }],
    ['revocation.ocsp.mode', { revocation: { ocsp: { mode: 'require' } } }],
    ['registration.enabled', { registration: { enabled: true } }],
    ['grant_types[1]', { grant_types: ['password', 'tls_client_auth'] }],
  ])('names %s', (path, policy) => {
    expect(found(policy)).toEqual([path]);
  });
});
