import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import request from 'supertest';
import { clientCredentials, clientMetadataSchema, type Grant, passwordless, refreshToken } from '../../index.js';
import { jane, webClient } from '../support/openid-flow.js';
import { fresh, RefreshServer, refreshClients, refusedAs } from '../support/refresh-flow.js';
import { noteSecret } from '../support/suite-log.js';

const day = 86_400;
const reused = refusedAs('refresh_token_reused');
const revoked = refusedAs('grant_revoked');

let server: RefreshServer;
beforeEach(() => {
  server = new RefreshServer();
});
afterEach(() => server.spec.router.close());

const taken = [200, undefined];
const dead = [401, 'token_revoked'];

describe('RTG-01 who may refresh', () => {
  it('RTG-01 gives new tokens, once more as uncacheable JSON', async () => {
    const { refresh_token } = await server.first();
    const { status, body, headers } = await server.refresh(refresh_token);
    expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid offline_access read',
      refresh_token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      id_token: expect.any(String),
    });
    expect(body.refresh_token).not.toBe(refresh_token);
    expect(await server.call(body.access_token)).toEqual(taken);
    expect(decodeJwt(body.access_token)).toMatchObject({ sub: jane.id, sub_type: 'user', client_id: 'web' });
    server.spec.events.pop();
    expect(server.spec.last()).toMatchObject({ event: 'token', grant_type: 'refresh_token', subject: jane.id });
  });

  it('RTG-01 a missing token is an invalid request', async () => {
    const { refresh_token } = await server.first();
    const missing = [400, 'invalid_request', 'parameter_missing'];
    expect(await server.verdict('')).toEqual(missing);
    const { status } = await server.as('web', { grant_type: 'refresh_token' });
    expect([status, server.spec.last().reason]).toEqual([400, 'parameter_missing']);
    expect(await server.verdict(refresh_token)).toEqual(fresh);
  });

  it('RTG-01 an unknown one, an access token or a code is an invalid grant', async () => {
    const { access_token } = await server.first();
    for (const wrong of ['x'.repeat(43), access_token, await server.code(), 'ü\u0000', '../..']) {
      expect(await server.verdict(wrong)).toEqual(refusedAs('refresh_token_unknown'));
    }
  });

  it("RTG-01 another client's is an invalid grant, and stays good for its own", async () => {
    const { refresh_token } = await server.first();
    for (const thief of ['other', 'app', 'still']) {
      expect(await server.verdict(refresh_token, {}, thief)).toEqual(refusedAs('refresh_token_client_mismatch'));
    }
    expect(server.spec.last()).toMatchObject({ client_id: 'still', detail: { issued_to: 'web' } });
    expect(await server.verdict(refresh_token)).toEqual(fresh);
  });

  it('RTG-01 a confidential client must authenticate, a public one must name itself', async () => {
    const { refresh_token } = await server.first();
    const form = { grant_type: 'refresh_token', refresh_token };
    expect((await server.spec.token({ ...form, client_id: 'web' })).body.error).toBe('invalid_client');
    expect((await server.spec.token(form)).body.error).toBe('invalid_client');
    expect(await server.verdict(refresh_token)).toEqual(fresh);
    const ofApp = await server.first({ client_id: 'app' });
    expect((await server.spec.token({ ...form, refresh_token: ofApp.refresh_token })).body.error).toBe(
      'invalid_client',
    );
    expect(await server.verdict(ofApp.refresh_token, {}, 'app')).toEqual(fresh);
  });

  it('RTG-01 a client that is inactive or has lost the grant type gets nothing', async () => {
    const { refresh_token } = await server.first();
    const [web] = refreshClients;
    server.clients.set('web', { ...web, client_id: 'web', status: 'inactive' });
    expect((await server.refresh(refresh_token)).body.error).toBe('invalid_client');
    server.clients.set('web', { ...web, client_id: 'web', grant_types: ['authorization_code'] });
    const lost = [400, 'unauthorized_client', 'grant_type_not_allowed'];
    expect(await server.verdict(refresh_token)).toEqual(lost);
    server.clients.set('web', { ...web, client_id: 'web' });
    expect(await server.verdict(refresh_token)).toEqual(fresh);
  });

  it('RTG-01 a person who is inactive or gone gets nothing, and the token is not used up', async () => {
    const { refresh_token } = await server.first();
    server.users.set(jane.id, { ...jane, status: 'inactive' });
    expect(await server.verdict(refresh_token)).toEqual(refusedAs('user_inactive'));
    server.users.delete(jane.id);
    expect(await server.verdict(refresh_token)).toEqual(refusedAs('user_inactive'));
    server.users.set(jane.id, jane);
    server.now += 60;
    expect(await server.verdict(refresh_token)).toEqual(fresh);
  });

  it('RTG-01 is issued for offline_access to a client that may use it, and not otherwise', async () => {
    expect(await server.first({ scope: 'openid read' })).not.toHaveProperty('refresh_token');
    const scope = 'openid offline_access read';
    server.clients.set('web', webClient({ scope }));
    expect(await server.first()).not.toHaveProperty('refresh_token');
    server.clients.set('web', webClient({ scope, grant_types: ['authorization_code', 'refresh_token'] }));
    expect(await server.first()).toHaveProperty('refresh_token');
    const without = new RefreshServer({ grant_types: ['authorization_code'] });
    expect(await without.first()).not.toHaveProperty('refresh_token');
    expect(await without.verdict('x')).toEqual([400, 'unsupported_grant_type', 'grant_type_unsupported']);
    await without.spec.router.close();
  });
});

describe('RTG-01 after other grants', () => {
  const grant_types = ['password', 'client_credentials', 'refresh_token'];

  it('RTG-01 PWG-05 a one-time code gives a refresh token too', async () => {
    const grants = [passwordless(), clientCredentials(), refreshToken()] as Grant[];
    const other = new RefreshServer({ users: [jane], grants, grant_types });
    const [web] = refreshClients;
    other.clients.set('web', { ...web, client_id: 'web', grant_types });
    const generated = await other.spec.router.workspaces[0]?.pool?.codes.generate({
      type: 'authentication',
      user: jane,
    });
    const form = { grant_type: 'password', username: 'jane', password: noteSecret(generated?.code ?? '') };
    const { body } = await other.as('web', { ...form, scope: 'openid offline_access read' });
    const { id_token, scope } = await other.next(noteSecret(body.refresh_token));
    expect(scope).toBe('openid offline_access read');
    expect(decodeJwt(id_token)).toMatchObject({ sub: jane.id, auth_time: other.now });
    const machine = await other.as('web', { grant_type: 'client_credentials', scope: 'offline_access read' });
    expect([machine.body.scope, machine.body.refresh_token]).toEqual(['read', undefined]);
    await other.spec.router.close();
  });

  it('RTG-01 where every other grant is for machines there is no refreshing', async () => {
    const machines = new RefreshServer({ grants: [clientCredentials(), refreshToken()] as Grant[] });
    const { body } = await request(machines.spec.router).get('/.well-known/openid-configuration');
    expect(body.grant_types_supported).toEqual(['client_credentials']);
    const metadata = await request(server.spec.router).get('/.well-known/openid-configuration');
    expect(metadata.body.grant_types_supported).toEqual(['authorization_code', 'client_credentials', 'refresh_token']);
    await machines.spec.router.close();
  });
});

describe('RTG-02 scope', () => {
  const notAllowed = [400, 'invalid_scope', 'scope_not_allowed'];

  it('RTG-02 narrows one access token and not the refresh token', async () => {
    const first = await server.first();
    const narrow = await server.next(first.refresh_token, { scope: 'read' });
    expect([narrow.scope, decodeJwt(narrow.access_token).scope]).toEqual(['read', 'read']);
    expect(narrow).not.toHaveProperty('id_token');
    const wide = await server.next(narrow.refresh_token);
    expect(wide.scope).toBe('openid offline_access read');
    expect(wide).toHaveProperty('id_token');
  });

  it('RTG-02 more than was granted is refused, and costs nothing', async () => {
    const { refresh_token } = await server.first();
    for (const scope of ['write', 'read write', 'READ', 'email']) {
      expect([scope, await server.verdict(refresh_token, { scope })]).toEqual([scope, notAllowed]);
    }
    expect(await server.verdict(refresh_token, { scope: 'a"b' })).toEqual([400, 'invalid_scope', 'scope_malformed']);
    server.now += 60;
    expect(await server.verdict(refresh_token, { scope: 'read' })).toEqual(fresh);
  });

  it('RTG-02 what was asked at the start and dropped is ignored, as long as something is left', async () => {
    const { refresh_token, scope } = await server.first({ scope: 'offline_access read email nonsense' });
    expect(scope).toBe('offline_access read');
    const again = await server.next(refresh_token, { scope: 'read email nonsense' });
    expect(again.scope).toBe('read');
    expect(await server.verdict(again.refresh_token, { scope: 'read other' })).toEqual(notAllowed);
    expect(await server.verdict(again.refresh_token, { scope: 'nonsense' })).toEqual(notAllowed);
  });

  it('RTG-02 what the client may no longer have is left out', async () => {
    const { refresh_token } = await server.first();
    const [web] = refreshClients;
    server.clients.set('web', { ...web, client_id: 'web', scope: 'openid offline_access' });
    const { scope, refresh_token: second } = await server.next(refresh_token);
    expect(scope).toBe('openid offline_access');
    expect(await server.verdict(second, { scope: 'read' })).toEqual(notAllowed);
  });
});

describe('RTG-03 RTG-04 rotation', () => {
  it.each(['app', 'web'])('RTG-03 RTG-04 every use replaces the token (%s)', async (client_id) => {
    const seen = new Set([(await server.first({ client_id })).refresh_token]);
    for (const token of seen) {
      server.now += 3600;
      if (seen.size < 6) seen.add((await server.next(token, {}, client_id)).refresh_token);
    }
    expect(seen.size).toBe(6);
    expect(server.warnings).not.toContain('refresh_token_reused');
  });

  it('RTG-03 a public client cannot be registered without rotation, nor be served so', async () => {
    const { refresh_token } = await server.first({ client_id: 'app' });
    const [, , , app] = refreshClients;
    server.clients.set('app', { ...app, client_id: 'app', refresh_token_rotation: false });
    expect(await server.verdict(refresh_token, {}, 'app')).toEqual([500, 'server_error', 'internal_error']);
    server.clients.set('app', { ...app, client_id: 'app', refresh_token_rotation: true });
    expect((await server.next(refresh_token, {}, 'app')).refresh_token).not.toBe(refresh_token);
  });

  it('RTG-03 what a configuration may say', () => {
    const [web, , , app] = refreshClients;
    const mistakes = (client: object) =>
      clientMetadataSchema.safeParse({ ...client, refresh_token_rotation: false }).error?.issues ?? [];
    expect(mistakes({ ...app })).toMatchObject([{ path: ['refresh_token_rotation'] }]);
    expect(mistakes({ ...web })).toEqual([]);
  });

  it.each(['app', 'web'])(
    'RTG-04 reuse after the grace window ends everything of the grant (%s)',
    async (client_id) => {
      const first = await server.first({ client_id });
      const second = await server.next(first.refresh_token, {}, client_id);
      const bystander = await server.first({ client_id });
      server.now += 10;
      expect(await server.verdict(first.refresh_token, {}, client_id)).toEqual(reused);
      expect(server.spec.last().detail).toMatchObject({ subject: jane.id, generation: 0 });
      expect(server.warnings.filter((name) => name === 'refresh_token_reused')).toHaveLength(1);
      expect(await server.verdict(second.refresh_token, {}, client_id)).toEqual(revoked);
      expect(await server.verdict(first.refresh_token, {}, client_id)).toEqual(revoked);
      for (const { access_token } of [first, second]) expect(await server.call(access_token)).toEqual(dead);
      expect(await server.call(bystander.access_token)).toEqual(taken);
      expect(await server.verdict(bystander.refresh_token, {}, client_id)).toEqual(fresh);
      expect(server.warnings.filter((name) => name === 'refresh_token_reused')).toHaveLength(1);
    },
  );

  it('RTG-04 a token that was used is reuse also when its idle time is over, or its successor long unused', async () => {
    const first = await server.first();
    await server.next(first.refresh_token);
    server.now += 15 * day;
    expect(await server.verdict(first.refresh_token)).toEqual(reused);
  });
});

describe('RTG-05 what a stolen string alone can do', () => {
  it('RTG-05 without authentication, or as another client, reuse ends nothing', async () => {
    const { refresh_token } = await server.first();
    const second = await server.next(refresh_token);
    server.now += 60;
    const form = { grant_type: 'refresh_token', refresh_token };
    const wrong = { Authorization: `Basic ${Buffer.from('web:wrong').toString('base64')}` };
    expect((await server.spec.token(form, wrong)).body.error).toBe('invalid_client');
    expect((await server.spec.token({ ...form, client_id: 'web' })).body.error).toBe('invalid_client');
    for (const thief of ['app', 'other']) {
      expect(await server.verdict(refresh_token, {}, thief)).toEqual(refusedAs('refresh_token_client_mismatch'));
    }
    expect(await server.verdict(refresh_token, { scope: 'write' })).toEqual([
      400,
      'invalid_scope',
      'scope_not_allowed',
    ]);
    expect(server.warnings).not.toContain('grant_revoked');
    expect(await server.verdict(second.refresh_token)).toEqual(fresh);
  });

  it('RTG-05 as the client itself it ends the family', async () => {
    const { refresh_token } = await server.first({ client_id: 'app' });
    await server.next(refresh_token, {}, 'app');
    server.now += 60;
    expect(await server.verdict(refresh_token, {}, 'app')).toEqual(reused);
  });
});

describe('RTG-06 retries and confidential clients', () => {
  it('RTG-06 a retry within the grace window gets the same successor and a fresh access token', async () => {
    const { refresh_token } = await server.first();
    const won = await server.next(refresh_token);
    server.now += 9;
    const again = await server.next(refresh_token);
    expect(again.refresh_token).toBe(won.refresh_token);
    expect(again.access_token).not.toBe(won.access_token);
    expect(await server.call(won.access_token)).toEqual(taken);
    expect(await server.call(again.access_token)).toEqual(taken);
    expect(await server.verdict(won.refresh_token)).toEqual(fresh);
  });

  it('RTG-06 once the successor has been used, grace is over', async () => {
    const { refresh_token } = await server.first();
    const second = await server.next(refresh_token);
    const third = await server.next(second.refresh_token);
    server.now += 1;
    expect(await server.verdict(refresh_token)).toEqual(reused);
    expect(await server.verdict(third.refresh_token)).toEqual(revoked);
  });

  it.each([
    [0, 0, reused],
    [60, 59, fresh],
    [60, 60, reused],
  ])('RTG-06 with %i seconds of grace, %i seconds later', async (refresh_grace_seconds, later, expected) => {
    const other = new RefreshServer({ refresh_grace_seconds });
    const { refresh_token } = await other.first();
    await other.next(refresh_token);
    other.now += later;
    expect(await other.verdict(refresh_token)).toEqual(expected);
    await other.spec.router.close();
  });

  it('RTG-06 a confidential client may keep its token, whose idle time starts anew', async () => {
    const { refresh_token } = await server.first({ client_id: 'still' });
    for (let uses = 0; uses < 2; uses += 1) {
      server.now += 13 * day;
      expect((await server.next(refresh_token, {}, 'still')).refresh_token).toBe(refresh_token);
    }
    expect(server.warnings).toEqual([]);
    server.now += 13 * day;
    expect(await server.verdict(refresh_token, {}, 'still')).toEqual(refusedAs('refresh_token_expired'));
  });

  it('RTG-06 a token that was rotated before the client stopped rotating is no way around reuse', async () => {
    const { refresh_token } = await server.first();
    const second = await server.next(refresh_token);
    const [web] = refreshClients;
    server.clients.set('web', { ...web, client_id: 'web', refresh_token_rotation: false });
    expect((await server.next(refresh_token)).refresh_token).toBe(second.refresh_token);
    server.now += 10;
    expect(await server.verdict(refresh_token)).toEqual(reused);
  });
});
