import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OAuthError } from '../../lib/errors.js';
import { grantScopes, matchesScope, narrowScopes, parseScopes } from '../../lib/grants/scope.js';
import type { WorkspacePolicy } from '../../lib/workspaces/policy.js';

const client = { scopes: ['openid', 'offline_access', 'read', 'accounts.*', 'unknown'] };
const policy = { scopes: {} } as unknown as WorkspacePolicy;
const workspace = { knowsScope: (scope: string) => scope !== 'unknown', policy };

it('TOK-04 splits at spaces, takes each value once, or throws scope_malformed', () => {
  expect(parseScopes(' b  a b ')).toEqual(['b', 'a']);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        for (const scope of parseScopes(text)) expect(scope).toMatch(/^[\x21\x23-\x5B\x5D-\x7E]+$/);
      } catch (thrown) {
        expect(thrown instanceof OAuthError && thrown.reason).toBe('scope_malformed');
      }
    }),
  );
});

it('TOK-04 a pattern matches what is below it', () => {
  expect(['accounts.1', 'accounts.1.2'].every((scope) => matchesScope('accounts.*', scope))).toBe(true);
  expect(
    ['accounts', 'accounts.', 'accountsx', 'accounts.1.*', 'Accounts.1'].some((scope) =>
      matchesScope('accounts.*', scope),
    ),
  ).toBe(false);
  expect([matchesScope('read', 'read'), matchesScope('read', 'read.all'), matchesScope('*', 'read')]).toEqual([
    true,
    false,
    false,
  ]);
});

it('TOK-04 a token request gets all it asks for or nothing', () => {
  expect(grantScopes('read accounts.1', client, workspace, { user: true })).toEqual(['read', 'accounts.1']);
  for (const scope of ['read write', 'unknown', 'accounts.*']) {
    expect(() => grantScopes(scope, client, workspace, { user: true })).toThrow(
      expect.objectContaining({ reason: 'scope_not_allowed' }),
    );
  }
});

it('TOK-02 without a person, scopes of persons are dropped; without a request, offline_access and patterns', () => {
  const known = { scopes: client.scopes.slice(0, 4) };
  expect(grantScopes('openid offline_access read', known, workspace, { user: false })).toEqual(['read']);
  expect(grantScopes(undefined, known, workspace, { user: true })).toEqual(['openid', 'read']);
  expect(grantScopes(undefined, known, workspace, { user: false })).toEqual(['read']);
});

it('AUT-08 an authorization request is narrowed, and refused when nothing is left', () => {
  expect(narrowScopes('read write', client, workspace)).toEqual({ scopes: ['read'], dropped: ['write'] });
  expect(() => narrowScopes('write', client, workspace)).toThrow(
    expect.objectContaining({ reason: 'scope_not_allowed' }),
  );
});
