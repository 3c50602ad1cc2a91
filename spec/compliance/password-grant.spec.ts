import { beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import request, { type Response } from 'supertest';
import { type GrantRouterOptions, grantRouter, passwordless, standardStrategies, userList } from '../../index.js';
import { consentId } from '../../lib/identity/consents.js';
import { isRevoked, revoke } from '../../lib/tokens/revocation.js';
import {
  app,
  appSecret,
  gone,
  type IdentityWorld,
  identityWorld,
  jane,
  john,
  wrongOf,
} from '../support/identity-world.js';
import { newSecret } from '../support/methods.js';

let world: IdentityWorld;
beforeEach(() => {
  world = identityWorld();
});

const seen = (reply: { status: number; body: { error?: string } }) => [
  reply.status,
  reply.body.error,
  world.last().reason,
];

describe('PWG-01 who may use it', () => {
  it('PWG-01 a workspace that does not list it answers unsupported_grant_type, and does not offer it', async () => {
    const off = identityWorld({ policy: { grant_types: undefined } });
    const { code } = await off.generate();
    const reply = await off.password(code);
    expect([reply.status, reply.body.error, off.last().reason]).toEqual([
      400,
      'unsupported_grant_type',
      'grant_type_unsupported',
    ]);
    const metadata = '/acme/demo/.well-known/openid-configuration';
    expect((await request(off.router).get(metadata)).body.grant_types_supported).not.toContain('password');
    expect((await request(world.router).get(metadata)).body.grant_types_supported).toContain('password');
    expect((await world.password((await world.generate()).code)).status).toBe(200);
  });

  it('PWG-01 a client that did not register it: unauthorized_client, and the code is not touched', async () => {
    const shy = { ...app, client_id: 'shy', grant_types: ['client_credentials'] };
    world = identityWorld({ clients: [app, shy] });
    const { code } = await world.generate();
    expect(seen(await world.password(code, { client_id: 'shy' }))).toEqual([
      400,
      'unauthorized_client',
      'grant_type_not_allowed',
    ]);
    expect((await world.password(code)).status).toBe(200);
  });

  it('PWG-01 a client of method none: unauthorized_client, and the code is not touched', async () => {
    const { client_secret: _, ...open } = app;
    const nobody = { ...open, client_id: 'public', token_endpoint_auth_method: 'none' };
    world = identityWorld({ clients: [app, nobody] });
    const { code } = await world.generate();
    const form = { grant_type: 'password', client_id: 'public', username: 'johndoe', password: code };
    expect(seen(await world.token(form))).toEqual([400, 'unauthorized_client', 'client_not_confidential']);
    expect((await world.password(code)).status).toBe(200);
  });

  it('PWG-01 a client that does not authenticate costs the code nothing', async () => {
    const { code } = await world.generate();
    for (let guess = 0; guess < 6; guess += 1) {
      const reply = await world.password(wrongOf(code), { client_secret: newSecret() });
      expect(seen(reply)).toEqual([401, 'invalid_client', 'secret_mismatch']);
    }
    expect((await world.password(code)).status).toBe(200);
  });

  it('PWG-01 each workspace that has it warns at start, and no other', () => {
    const warned = world.events.flatMap((event) =>
      event.event === 'warning' && event.name === 'password_grant_enabled' ? [event.issuer] : [],
    );
    expect(warned).toEqual(['demo', 'second', 'partners'].map((name) => `https://as.example.com/acme/${name}`));
  });

  it.each(['oauth21', 'fapi2'] as const)('PWG-01 no workspace of the profile %s starts with it', (profile) => {
    expect(() => identityWorld({ policy: { profile, grant_types: ['password'] } })).toThrow(
      'grant_types[0]: must not be password',
    );
    expect(() => identityWorld({ policy: { profile: 'default', grant_types: ['password'] } })).not.toThrow();
  });

  it('PWG-01 a workspace without people does not offer it', async () => {
    const options: GrantRouterOptions = {
      issuer: 'https://as.example.com',
      clients: [app],
      strategies: standardStrategies(),
      grants: [passwordless()],
      grant_types: ['password'],
    };
    const form = { grant_type: 'password', client_id: 'app', client_secret: appSecret, username: 'a', password: 'b' };
    const ask = (router: ReturnType<typeof grantRouter>) =>
      request(router).post('/oauth2/token').type('form').send(form);
    expect((await ask(grantRouter(options))).body.error).toBe('unsupported_grant_type');
    expect((await ask(grantRouter({ ...options, users: [john] }))).body.error).toBe('invalid_grant');
  });
});

describe('PWG-02 what is wrong with a request', () => {
  it.each(['username', 'password'])('PWG-02 %s missing, empty or twice: invalid_request', async (name) => {
    const { code } = await world.generate();
    const missing = await world.password(code, { [name]: '' });
    expect(seen(missing)).toEqual([400, 'invalid_request', 'parameter_missing']);
    expect(missing.body.error_description).toContain(name);
    const twice = await request(world.router)
      .post('/acme/demo/oauth2/token')
      .type('form')
      .send(`grant_type=password&client_id=app&client_secret=${appSecret}&username=johndoe&password=${code}&${name}=x`);
    expect(seen(twice)).toEqual([400, 'invalid_request', 'parameter_repeated']);
    expect((await world.password(code)).status).toBe(200);
  });

  it('PWG-02 unknown, inactive, wrong, expired, used, dead: one indistinguishable invalid_grant', async () => {
    const replies: [string | undefined, Response][] = [];
    const told = async (password: string, username = 'johndoe') => {
      const reply = await world.password(password, { username });
      replies.push([world.last().reason, reply]);
    };
    await told('00000000', 'nobody');
    await told('00000000', 'gone');
    await told('00000000');
    const { code } = await world.generate();
    await told(wrongOf(code));
    await world.password(code);
    await told(code);
    const dying = await world.generate();
    for (let guess = 0; guess < 5; guess += 1) await world.password(wrongOf(dying.code));
    await told(dying.code);
    const late = await world.generate();
    world.ahead = 600_001;
    await told(late.code);
    expect(replies.map(([reason]) => reason)).toEqual([
      'otc_unknown_user',
      'user_inactive',
      'otc_mismatch',
      'otc_mismatch',
      'otc_used',
      'otc_exhausted',
      'otc_expired',
    ]);
    const outside = replies.map(([, { status, text, headers }]) => {
      const { date: _date, 'x-correlation-id': _id, ...others } = headers;
      return JSON.stringify([status, text, others]);
    });
    expect(new Set(outside).size).toBe(1);
    expect(JSON.parse(outside[0]!)[0]).toBe(400);
    expect(outside[0]).toContain('invalid_grant');
  });

  it('PWG-02 a wrong scope costs the code nothing', async () => {
    const { code } = await world.generate();
    const reply = await world.password(code, { scope: 'openid admin' });
    expect(seen(reply)).toEqual([400, 'invalid_scope', 'scope_not_allowed']);
    expect((await world.password(code)).status).toBe(200);
  });

  it('PWG-02 the event tells the reason and whose code it was, and never the code', async () => {
    const { code } = await world.generate();
    await world.password(wrongOf(code));
    expect(world.last()).toMatchObject({
      event: 'token',
      outcome: 'failure',
      error: 'invalid_grant',
      reason: 'otc_mismatch',
      client_id: 'app',
      grant_type: 'password',
      detail: { subject: john.id },
    });
    await world.password(code);
    expect(JSON.stringify(world.events)).not.toContain(code);
    expect(JSON.stringify(world.events)).not.toContain(wrongOf(code));
  });
});

describe('PWG-03 what a password is', () => {
  it.each(['hunter2', 'correct horse battery staple', '', john.id, 'johndoe', '12345678'])(
    'PWG-03 %j signs nobody in',
    async (password) => {
      expect((await world.password(password)).status).toBe(400);
      await world.generate();
      expect((await world.password(password)).status).toBe(400);
    },
  );

  it('PWG-03 only a code of the type authentication does', async () => {
    const pool = world.router.workspaces.find(({ name }) => name === 'demo')?.pool;
    const other = await pool!.codes.generate({ type: 'reset_password', user: john });
    expect(seen(await world.password(other.code))).toEqual([400, 'invalid_grant', 'otc_mismatch']);
    const fit = await pool!.codes.generate({ type: 'authentication', user: john });
    expect((await world.password(fit.code)).status).toBe(200);
  });

  it('PWG-03 only one of the workspace’s own pool does', async () => {
    const { extended_code } = await world.generate({ identifier: 'johndoe' }, 'partners');
    expect(seen(await world.password(extended_code))).toEqual([400, 'invalid_grant', 'otc_mismatch']);
  });

  it('PWG-03 a directory of your own plugs in with one function', async () => {
    const asked: unknown[] = [];
    const list = userList([john, jane, gone]);
    const router = grantRouter({
      issuer: 'https://as.example.com',
      clients: [app],
      strategies: standardStrategies(),
      grants: [passwordless()],
      grant_types: ['password'],
      signing_keys: ['ES256'],
      users: {
        find: async (key) => {
          asked.push(key);
          return list.find(key);
        },
      },
      otp_settings: { authentication: { length: 6 } },
    });
    const [workspace] = router.workspaces;
    const { code } = await workspace!.pool!.codes.generate({ type: 'authentication', user: jane });
    expect(code).toMatch(/^\d{6}$/);
    const form = { grant_type: 'password', client_id: 'app', client_secret: appSecret, password: code };
    const ask = (username: string) =>
      request(router)
        .post('/oauth2/token')
        .type('form')
        .send({ ...form, username });
    expect((await ask('gone')).status).toBe(400);
    expect((await ask('JANE@example.com')).status).toBe(200);
    expect(asked).toContainEqual({ email: 'jane@example.com' });
  });
});

describe('PWG-04 guesses', () => {
  it('PWG-04 the code is used up by success, and by five failures', async () => {
    const first = await world.generate();
    expect((await world.password(first.code)).status).toBe(200);
    expect(seen(await world.password(first.code))).toEqual([400, 'invalid_grant', 'otc_used']);
    const second = await world.generate();
    for (let guess = 0; guess < 5; guess += 1) await world.password(wrongOf(second.code));
    expect(seen(await world.password(second.code))).toEqual([400, 'invalid_grant', 'otc_exhausted']);
  });

  it('PWG-04 fifty requests at once with the right code: one 200, no 5xx', async () => {
    const { extended_code } = await world.generate();
    const replies = await Promise.all(Array.from({ length: 50 }, () => world.password(extended_code)));
    const statuses = replies.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array.from({ length: 49 }, () => 400)]);
  });
});

describe('PWG-05 the reply', () => {
  it('PWG-05 an access token of the person, and with openid an ID token', async () => {
    const { extended_code } = await world.generate();
    const reply = await world.password(extended_code, { scope: 'openid profile email read' });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'openid profile email read',
      id_token: expect.any(String),
    });
    expect(reply.headers['cache-control']).toBe('no-store');
    const seconds = Math.floor(Date.now() / 1000);
    const access = decodeJwt(reply.body.access_token);
    expect(access).toMatchObject({ sub: john.id, sub_type: 'user', client_id: 'app', grant_id: expect.any(String) });
    const id = decodeJwt<{ auth_time: number }>(reply.body.id_token);
    expect(id).toMatchObject({
      iss: 'https://as.example.com/acme/demo',
      sub: john.id,
      aud: 'app',
      name: 'John Doe',
      preferred_username: 'johndoe',
      email: 'johndoe@example.com',
    });
    expect(Math.abs(id.auth_time - seconds)).toBeLessThan(5);
    expect(world.last()).toMatchObject({
      event: 'token',
      outcome: 'success',
      subject: john.id,
      grant_type: 'password',
    });
  });

  it('PWG-05 without openid no ID token, and no refresh token without offline_access', async () => {
    const reply = await world.password((await world.generate()).code, { scope: 'read' });
    expect(reply.body).toMatchObject({ scope: 'read' });
    expect(Object.keys(reply.body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
    const all = await world.password((await world.generate()).code);
    expect(all.body.scope).toBe('openid profile email read');
    expect(all.body.refresh_token).toBeUndefined();
  });

  it('CON-05 the token stands below the consent of person and client, so that a withdrawal reaches it', async () => {
    const jwt = identityWorld({ policy: { access_token_format: 'jwt' } });
    const { body } = await jwt.password((await jwt.generate()).code);
    const demo = jwt.router.workspaces.find(({ name }) => name === 'demo')!;
    const id = await consentId(demo, john.id, 'app');
    expect(String(decodeJwt(body.access_token).grant_id)).toMatch(new RegExp(`^${id}\\.`));
    await revoke(demo, id, 60);
    expect(await isRevoked(demo, decodeJwt(body.access_token) as { grant_id: string })).toBe(true);
  });
});
