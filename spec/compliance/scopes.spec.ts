import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import request from 'supertest';
import type { ClientMetadataInput, WorkspacePolicyInput } from '../../index.js';
import { basicHeader, newSecret } from '../support/methods.js';
import { OpenIdServer, webClient } from '../support/openid-flow.js';
import { redemption } from '../support/refresh-flow.js';
import { noteSecret } from '../support/suite-log.js';

const open: OpenIdServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.spec.router.close();
});

const secret = newSecret();

/** A server with these scopes, and the client `machine` that has those named. */
function serve(scopes: WorkspacePolicyInput['scopes'], scope: string, more: WorkspacePolicyInput = {}): OpenIdServer {
  const server = new OpenIdServer({
    access_token_format: 'jwt',
    signing_keys: ['ES256'],
    ...(scopes && { scopes }),
    ...more,
  });
  open.push(server);
  const machine: ClientMetadataInput = {
    client_id: 'machine',
    client_secret: secret,
    grant_types: ['client_credentials'],
    scope,
  };
  server.clients.set('machine', machine);
  server.clients.set('web', webClient({ scope }));
  return server;
}

/** The token reply to the client `machine`: its scope and audience, or error and private reason. */
async function ask(server: OpenIdServer, form: Record<string, string | string[]> = {}) {
  const { status, body } = await request(server.spec.router)
    .post('/oauth2/token')
    .set('Authorization', basicHeader('machine', secret))
    .type('form')
    .send({ grant_type: 'client_credentials', ...form });
  if (status !== 200) return [body.error, server.spec.last().reason];
  return [body.scope, decodeJwt(noteSecret(body.access_token)).aud];
}

const issuer = 'https://as.example.com';
const [pay, mail] = ['https://pay.example.com', 'https://mail.example.com'];

describe('default scopes', () => {
  const scopes = { openid: {}, read: { default: true }, write: {}, offline_access: {}, admin: { default: true } };

  it('GEN-06 are what a client gets that has them and asks for nothing', async () => {
    const server = serve(scopes, 'read write openid');
    expect(await ask(server)).toEqual(['read', issuer]);
    expect(await ask(server, { scope: '' })).toEqual(['read', issuer]);
    expect(await ask(server, { scope: 'write' })).toEqual(['write', issuer]);
    expect(await ask(server, { scope: 'admin' })).toEqual(['invalid_scope', 'scope_not_allowed']);
  });

  it('GEN-06 count at the authorization endpoint too', async () => {
    const server = serve(scopes, 'read write openid');
    expect((await server.tokens()).scope).toBe('read');
    expect((await server.tokens({ scope: 'write' })).scope).toBe('write');
  });

  it('where there are none, a client gets all it has but offline_access', async () => {
    const server = serve({ read: {}, write: {}, offline_access: {} }, 'read write offline_access');
    expect(await ask(server)).toEqual(['read write', issuer]);
  });

  it.each([
    [{ 'accounts.*': { default: true } }, 'scopes.accounts.*.default: is not for a pattern'],
    [{ offline_access: { default: true } }, 'scopes.offline_access.default: must be asked for by name'],
  ])('%j is an error at start', (wrong, message) => {
    expect(() => serve(wrong, '')).toThrow(message);
  });
});

describe('dynamic scopes', () => {
  it.each([
    ['accounts.*', 'accounts.17', 'accounts.17.all', 'accounts', 'accounts.*', 'accounts:17'],
    ['consent:*', 'consent:urn:x:1', 'consent:2', 'consent', 'consent:*', 'consent.1'],
  ])('TOK-04 %s stands for what is below it', async (pattern, one, two, ...refused) => {
    const server = serve({ [pattern]: { description: 'One of many' }, read: {} }, `${pattern} read`);
    expect(await ask(server, { scope: `${one} ${two}` })).toEqual([`${one} ${two}`, issuer]);
    for (const scope of refused) expect(await ask(server, { scope })).toEqual(['invalid_scope', 'scope_not_allowed']);
    // A pattern alone gives nothing.
    expect(await ask(server)).toEqual(['read', issuer]);
    const { body } = await request(server.spec.router).get('/.well-known/openid-configuration');
    expect(body.scopes_supported).toEqual(['read']);
  });

  it('a client may have a part of what a workspace has', async () => {
    const server = serve({ 'accounts.*': {} }, 'accounts.17 accounts.read.*');
    expect((await ask(server, { scope: 'accounts.17 accounts.read.1' }))[1]).toBe(issuer);
    expect(await ask(server, { scope: 'accounts.18' })).toEqual(['invalid_scope', 'scope_not_allowed']);
  });
});

describe('scopes with an audience', () => {
  const scopes = {
    openid: {},
    read: {},
    offline_access: {},
    charge: { audience: pay },
    'refund.*': { audience: pay },
    send: { audience: mail },
  };
  const all = 'openid read charge refund.* send';

  it('TOK-03 asking for one is naming its resource', async () => {
    const server = serve(scopes, all);
    expect(await ask(server, { scope: 'charge' })).toEqual(['charge', pay]);
    expect(await ask(server, { scope: 'refund.1 charge read' })).toEqual(['refund.1 charge read', pay]);
    expect(await ask(server, { scope: 'read' })).toEqual(['read', issuer]);
  });

  it('TOK-03 two of them are two tokens', async () => {
    const server = serve(scopes, all);
    expect(await ask(server, { scope: 'charge send' })).toEqual(['invalid_scope', 'scope_of_other_resource']);
  });

  it('a resource that is named counts, and must fit', async () => {
    const server = serve(scopes, all);
    expect(await ask(server, { scope: 'charge', resource: pay })).toEqual(['charge', pay]);
    expect(await ask(server, { scope: 'read', resource: mail })).toEqual(['read', mail]);
    expect(await ask(server, { scope: 'charge', resource: mail })).toEqual([
      'invalid_scope',
      'scope_of_other_resource',
    ]);
    expect(await ask(server, { resource: 'https://else.example.com' })).toEqual([
      'invalid_target',
      'target_not_allowed',
    ]);
  });

  it('who asks for no scope gets those of the default audience', async () => {
    expect(await ask(serve(scopes, all))).toEqual(['read', issuer]);
    expect(await ask(serve(scopes, all), { resource: pay })).toEqual(['read charge', pay]);
  });

  it('people allow several, and each token is for one', async () => {
    const server = serve(scopes, all);
    const code = await server.code({ scope: 'read charge send' });
    const authorization = basicHeader('web', String(webClient().client_secret));
    const { body } = await server.spec.token({ ...redemption(code), resource: mail }, { authorization });
    expect([body.scope, decodeJwt(noteSecret(body.access_token)).aud]).toEqual(['read send', mail]);
    const other = await server.tokens({ scope: 'read charge send' });
    expect([other.scope, decodeJwt(other.access_token ?? '').aud]).toEqual(['read charge', pay]);
  });

  it('they stand beside the resources that list scopes', async () => {
    const resources = { [pay]: { description: 'Payments', scopes: ['read'] } };
    const server = serve(scopes, all, { resources });
    expect(await ask(server, { scope: 'charge read' })).toEqual(['charge read', pay]);
    expect(await ask(server, { scope: 'read' })).toEqual(['invalid_scope', 'scope_of_other_resource']);
  });

  it.each([
    [{ read: { audience: 'payments' } }, 'scopes.read.audience: must be an absolute URI'],
    [{ read: { audience: `${pay}#x` } }, 'scopes.read.audience: must be an absolute URI'],
    [{ openid: { audience: pay } }, 'scopes.openid.audience: is not for a scope about the person'],
  ])('%j is an error at start', (wrong, message) => {
    expect(() => serve(wrong, '')).toThrow(message);
  });
});

describe('the lives of tokens', () => {
  it('those of the client win over the workspace’s, one by one', async () => {
    const server = serve({ read: {}, openid: {} }, 'read openid', {
      token_ttls: { access_token: 500, id_token: 400, authorization_code: 50 },
    });
    const lives = async () => {
      const { access_token = '', id_token = '', expires_in } = await server.tokens({ scope: 'openid read' });
      const [access, id] = [decodeJwt(noteSecret(access_token)), decodeJwt(id_token)];
      return [expires_in, (access.exp ?? 0) - (access.iat ?? 0), (id.exp ?? 0) - (id.iat ?? 0)];
    };
    expect(await lives()).toEqual([500, 500, 400]);
    server.clients.set(
      'web',
      webClient({ scope: 'openid read', token_ttls: { access_token: 20, authorization_code: 5 } }),
    );
    expect(await lives()).toEqual([20, 20, 400]);
    const late = await server.code({ scope: 'read' });
    server.now += 6;
    expect((await server.redeem(late)).body.error).toBe('invalid_grant');
    expect(server.spec.last().reason).toBe('code_expired');
    const early = await server.code({ scope: 'read' });
    server.now += 4;
    expect((await server.redeem(early)).status).toBe(200);
  });
});
