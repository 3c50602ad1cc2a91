import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  authenticateClient,
  clientCredentials,
  clientSecretBasic,
  type GrantRouterOptions,
  grantRouter,
  OptionsError,
  openStore,
  PrivateKeyJwtStrategy,
  standardStrategies,
} from '../index.js';
import { allClients, issuer } from './support/methods.js';

const right = { issuer, clients: allClients, strategies: standardStrategies(), grants: [clientCredentials()] };
const workspace = { issuer, clients: [] };

/** The mistakes that constructing with these options is refused for. */
function mistakes(change: Record<string, unknown>, base: Record<string, unknown> = right): string[] {
  try {
    grantRouter({ ...base, ...change } as unknown as GrantRouterOptions);
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(OptionsError);
    expect(thrown).toBeInstanceOf(TypeError);
    return (thrown as OptionsError).mistakes.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe('options of grantRouter', () => {
  it('accepts right ones', () => {
    expect(mistakes({})).toEqual([]);
  });

  it.each([
    ['a misspelt member', { isuer: issuer }, 'isuer: is not a known member'],
    ['an http issuer', { issuer: 'http://as.example.com' }, 'issuer: must be an https URL'],
    ['a slash at the end of the issuer', { issuer: `${issuer}/` }, `issuer: must be written as ${issuer}`],
    ['a query in the issuer', { issuer: `${issuer}?a=1` }, 'issuer: must not have a query'],
    ['an upper-case host', { issuer: 'https://AS.example.com' }, `issuer: must be written as ${issuer}`],
    ['no strategy', { strategies: [] }, 'strategies: needs at least one strategy'],
    [
      'a strategy twice',
      { strategies: [clientSecretBasic(), clientSecretBasic()] },
      'strategies: has client_secret_basic twice',
    ],
    ['something that is no strategy', { strategies: [{ name: 'x' }] }, 'strategies[0]: is not a strategy'],
    ['no grant', { grants: [] }, 'grants: needs at least one grant'],
    ['something that is no grant', { grants: ['client_credentials'] }, 'grants[0]: is not a grant'],
    ['clients of the wrong kind', { clients: 'all' }, 'clients: must be an array of client metadata'],
    [
      'a wrong client',
      { clients: [{ client_id: 'a', client_secret: 'b', colour: 'red' }] },
      'clients[0].colour: is not a known',
    ],
    ['a client twice', { clients: [...allClients, allClients[0]] }, 'clients[7].client_id: is taken'],
    ['a CA that is no certificate', { root_cas: ['x'] }, 'root_cas[0]: there is something other than CERTIFICATE'],
    ['a secret key of the wrong size', { secret_keys: ['YWJj'] }, 'secret_keys[0]: must be base64 of exactly 32 bytes'],
    [
      'a proxy that is everybody',
      { trusted_proxies: [{ cidr: '0.0.0.0/0', client_certificate: 'nginx' }] },
      'trusted_proxies[0].cidr',
    ],
    ['too much tolerance', { clock_tolerance: 61 }, 'clock_tolerance: '],
    [
      'methods that no strategy has',
      { token_endpoint_auth_methods: ['magic'] },
      'token_endpoint_auth_methods: lists no method',
    ],
    ['something that is no store', { store: {} }, 'store: is not a store; openStore answers one'],
    [
      'an initial access token that nobody can send',
      { registration: { enabled: true, initial_access_tokens: ['two words'] } },
      'registration.initial_access_tokens[0]',
    ],
  ])('names %s', (_title, change, expected) => {
    expect(mistakes(change)[0]).toContain(expected);
  });

  it('puts the workspace before the path', () => {
    const many = { strategies: right.strategies, grants: right.grants, workspaces: [workspace, workspace] };
    expect(mistakes({}, many)).toEqual(['workspaces[1]: has the same issuer as workspaces[0]']);
    const second = { ...workspace, issuer: `${issuer}/two`, root_cas: ['x'] };
    expect(mistakes({ workspaces: [workspace, second] }, many)[0]).toContain('workspaces[1].root_cas[0]: ');
    expect(mistakes({ workspaces: [workspace, { ...second, root_cas: [], clients: [{}] }] }, many)[0]).toContain(
      'workspaces[1].clients[0].client_id: ',
    );
  });

  it('wants secret_keys with a store that outlives the process, and only for what is encrypted in it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'router-options-'));
    const store = await openStore(`lmdb:${directory}`);
    try {
      expect(mistakes({ store })[0]).toContain('secret_keys: is needed with a store that outlives the process');
      expect(mistakes({ store, secret_keys: [Buffer.alloc(32, 7).toString('base64')] })).toEqual([]);
      expect(() =>
        authenticateClient({ issuer, clients: allClients, store, strategies: standardStrategies() }),
      ).not.toThrow();
      expect(() => new PrivateKeyJwtStrategy({ issuer, clients: allClients, store })).not.toThrow();
    } finally {
      await store.close();
      rmSync(directory, { recursive: true });
    }
  });
});

describe('options of authenticateClient and of bare strategies', () => {
  it.each([
    ['issuer', { clients: allClients }],
    ['clients', { issuer }],
    ['colour', { issuer, clients: allClients, colour: 'red' }],
  ])('names %s', (path, options) => {
    const wrong = options as unknown as ConstructorParameters<typeof PrivateKeyJwtStrategy>[0];
    expect(() => new PrivateKeyJwtStrategy(wrong)).toThrow(new RegExp(`^${path}: `));
    expect(() => authenticateClient({ ...wrong, strategies: standardStrategies() })).toThrow(new RegExp(`^${path}: `));
  });
});
