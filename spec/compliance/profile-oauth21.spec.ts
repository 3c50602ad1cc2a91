import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { authorizationCode, type ClientMetadataInput, type Grant, type WorkspacePolicyInput } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { basicHeader } from '../support/methods.js';
import { OpenIdServer, webClient } from '../support/openid-flow.js';
import { redemption } from '../support/refresh-flow.js';
import { specServer } from '../support/spec-server.js';

const open: OpenIdServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.spec.router.close();
});

function serve(policy: WorkspacePolicyInput = {}, store = memoryStore()): OpenIdServer {
  const server = new OpenIdServer({ grants: [authorizationCode()] as Grant[], store, ...policy });
  open.push(server);
  return server;
}

/** Status, error and private reason of redeeming. */
async function redeem(server: OpenIdServer, form: Record<string, string>) {
  const authorization = basicHeader('web', String(webClient().client_secret));
  const { status, body } = await server.spec.token(form, { authorization });
  return [status, body.error, server.spec.last().reason];
}

const good = [200, undefined, undefined];
const profile = 'oauth21';
const start = (policy: WorkspacePolicyInput, clients: ClientMetadataInput[] = []) => {
  return () => void specServer({ profile, clients, ...policy }).router.close();
};

describe('what the profile forbids', () => {
  it.each<[row: string, policy: WorkspacePolicyInput, message: string]>([
    ['PKC-01', { pkce: 'public-clients' }, 'pkce: must be required'],
    ['PWG-01', { grant_types: ['password'] }, 'grant_types[0]: must not be password'],
    [
      'CSP-02',
      { token_endpoint_auth_methods: ['client_secret_basic'] },
      'token_endpoint_auth_methods: has client_secret_basic and',
    ],
  ])('%s %j', (_row, policy, message) => {
    expect(start(policy)).toThrow(message);
    expect(() => void specServer({ clients: [], ...policy }).router.close()).not.toThrow();
  });

  it('PWG-01 a client for the password grant', () => {
    const client = webClient({ grant_types: ['client_credentials', 'password'] });
    expect(start({}, [client])).toThrow('clients[0].grant_types[1]: must not be password');
    expect(start({}, [webClient()])).not.toThrow();
  });

  it('CSP-02 methods without Basic need no post', () => {
    expect(start({ token_endpoint_auth_methods: ['client_secret_post'] })).not.toThrow();
    expect(start({ token_endpoint_auth_methods: ['private_key_jwt', 'none'] })).not.toThrow();
  });
});

describe('what the profile changes', () => {
  it('PKC-01 every client needs a challenge, whatever the workspace said before', async () => {
    const { headers } = await serve({ profile }).authorize({ code_challenge: '', code_challenge_method: '' });
    expect(new URL(String(headers.location)).searchParams.get('error')).toBe('invalid_request');
    await expect(
      serve({ pkce: 'public-clients' }).code({ code_challenge: '', code_challenge_method: '' }),
    ).resolves.toBeTruthy();
  });

  it('PKC-05 a code without a challenge, made before the profile, is good for nothing', async () => {
    const store = memoryStore();
    const before = serve({ pkce: 'public-clients' }, store);
    const { code_verifier: _, ...form } = redemption(
      await before.code({ code_challenge: '', code_challenge_method: '' }),
    );
    expect(await redeem(serve({ profile }, store), form)).toEqual([400, 'invalid_grant', 'code_without_challenge']);
    expect(await redeem(before, form)).toEqual(good);
  });

  it('ACG-02 redirect_uri may be left out when the code is redeemed, and may not be another', async () => {
    const server = serve({ profile });
    const { redirect_uri: _, ...without } = redemption(await server.code());
    expect(await redeem(server, { ...without, redirect_uri: 'https://web.example.com/other' })).toEqual([
      400,
      'invalid_grant',
      'redirect_uri_mismatch',
    ]);
    expect(await redeem(server, without)).toEqual(good);
    const usual = serve();
    const { redirect_uri: __, ...missing } = redemption(await usual.code());
    expect(await redeem(usual, missing)).toEqual([400, 'invalid_grant', 'redirect_uri_mismatch']);
  });

  it('MET-09 metadata do not list what is forbidden', async () => {
    const { body } = await request(serve({ profile }).spec.router).get('/.well-known/openid-configuration');
    expect(body).toMatchObject({
      grant_types_supported: ['authorization_code'],
      code_challenge_methods_supported: ['S256'],
    });
    expect(body.token_endpoint_auth_methods_supported).toContain('client_secret_post');
  });
});
