import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import {
  authorizationCode,
  clientCredentials,
  type Grant,
  type GrantRouterOptions,
  grantRouter,
  OptionsError,
  passwordless,
  standardStrategies,
  type User,
} from '../../index.js';
import { newSecret } from '../support/methods.js';

const john: User = { id: 'u-john', username: 'johndoe', email: 'johndoe@example.com' };
const secret = newSecret();
const signin = {
  client_id: 'signin',
  client_secret: secret,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['client_credentials'],
  scope: 'identity_self_registration',
};
const parts = {
  strategies: standardStrategies(),
  grants: [authorizationCode(), clientCredentials(), passwordless()] as Grant[],
};
const workspace = (name: string, more: object = {}) => ({
  issuer: `https://as.example.com/acme/${name}`,
  tenant: 'acme',
  workspace: name,
  clients: [],
  signing_keys: ['ES256' as const],
  access_token_format: 'opaque' as const,
  ...more,
});
const staff = { tenant: 'acme', pool: 'staff', users: [john] };

const mistakes = (options: Partial<Extract<GrantRouterOptions, { workspaces: unknown }>>) => {
  try {
    grantRouter({ ...parts, workspaces: [workspace('demo')], ...options });
  } catch (thrown) {
    if (thrown instanceof OptionsError) return thrown.mistakes.map(({ path, message }) => `${path}: ${message}`);
    throw thrown;
  }
  return [];
};

describe('the pools of a router', () => {
  it('are shared by the workspaces that name them, and by no other', () => {
    const { workspaces } = grantRouter({
      ...parts,
      pools: [staff],
      workspaces: [workspace('one', { pool: 'staff' }), workspace('two', { pool: 'staff' }), workspace('three')],
    });
    const [one, two, three] = workspaces;
    expect(one?.pool).toMatchObject({ name: 'staff', tenant: 'acme' });
    expect(two?.pool).toBe(one?.pool);
    expect(one?.users).toBe(one?.pool?.users);
    expect([three?.pool, three?.users]).toEqual([undefined, undefined]);
  });

  it('are made for a workspace that brings its people along, by its name', () => {
    const [demo] = grantRouter({ ...parts, workspaces: [workspace('demo', { users: [john] })] }).workspaces;
    expect(demo?.pool).toMatchObject({ name: 'demo', tenant: 'acme' });
    expect(demo?.users?.find({ username: 'johndoe' })).toEqual(john);
    const own = { find: () => john };
    const [other] = grantRouter({ ...parts, workspaces: [workspace('demo', { users: own })] }).workspaces;
    expect(other?.users).toBe(own);
  });

  it.each<[string, Partial<Extract<GrantRouterOptions, { workspaces: unknown }>>, string]>([
    ['a name twice', { pools: [staff, staff] }, 'pools[1].pool: the pool staff is there already'],
    [
      'the name of a workspace with its own people',
      { pools: [{ ...staff, pool: 'demo' }], workspaces: [workspace('demo', { users: [] })] },
      'workspaces[0].users: the pool demo is there already',
    ],
    [
      'no pool of that name',
      { workspaces: [workspace('demo', { pool: 'staff' })] },
      'workspaces[0].pool: there is no pool "staff" in this tenant',
    ],
    [
      'a pool of another tenant',
      { pools: [{ ...staff, tenant: 'globex' }], workspaces: [workspace('demo', { pool: 'staff' })] },
      'workspaces[0].pool: there is no pool "staff" in this tenant',
    ],
    [
      'a pool and people',
      { pools: [staff], workspaces: [workspace('demo', { pool: 'staff', users: [] })] },
      'workspaces[0].pool: must not stand beside users',
    ],
    [
      'settings without people',
      { pools: [staff], workspaces: [workspace('demo', { pool: 'staff', otp_settings: {} })] },
      'workspaces[0].otp_settings: needs users; those of a pool stand with the pool',
    ],
    ['twins', { pools: [{ ...staff, users: [john, john] }] }, 'pools[0].users[1].id: is taken'],
    [
      'a strange address in a workspace',
      { workspaces: [workspace('demo', { users: [{ id: 'x', email: 'a@b.example,c@d.example' }] })] },
      'workspaces[0].users[0].email: is not one plain e-mail address',
    ],
    [
      'people who are neither',
      { pools: [{ ...staff, users: {} as User[] }] },
      'pools[0].users: must be an array of users, or an object with find(key)',
    ],
  ])('with %s do not start', (_what, options, mistake) => {
    expect(mistakes(options)[0]).toBe(mistake);
    expect(mistakes({ pools: [staff], workspaces: [workspace('demo', { pool: 'staff' })] })).toEqual([]);
  });
});

describe('the identity API in an application', () => {
  const system = (more: object = {}) => workspace('system', { clients: [signin], ...more });
  const form = { grant_type: 'client_credentials', client_id: 'signin', client_secret: secret };
  const order = { type: 'authentication', identifier: 'johndoe' };

  it('hangs below the path that stands before tenant and workspace', async () => {
    const router = grantRouter({
      ...parts,
      pools: [staff],
      workspaces: [system({ issuer: 'https://example.com/auth/acme/system' })],
    });
    const { body } = await request(router).post('/auth/acme/system/oauth2/token').type('form').send(form);
    const ask = (path: string) =>
      request(router).post(path).set('Authorization', `Bearer ${body.access_token}`).send(order);
    expect((await ask('/auth/api/identity/acme/system/pools/staff/user/code/generate')).status).toBe(201);
    expect((await ask('/api/identity/acme/system/pools/staff/user/code/generate')).status).toBe(404);
  });

  it('also serves the pool of a workspace with its own people, and a tenant name that URLs must encode', async () => {
    const tenant = 'acme & co';
    const named = { tenant, issuer: 'https://example.com/whatever' };
    const people = workspace('demo', { tenant, issuer: 'https://example.com/demo', users: [john] });
    const router = grantRouter({ ...parts, workspaces: [system(named), people] });
    const { body } = await request(router).post('/whatever/oauth2/token').type('form').send(form);
    const reply = await request(router)
      .post('/api/identity/acme%20%26%20co/system/pools/demo/user/code/generate')
      .set('Authorization', `Bearer ${body.access_token}`)
      .send(order);
    expect(reply.status).toBe(201);
  });

  it('reads what a JSON parser of the host has read, and says so when a form parser was there', async () => {
    const reasons: unknown[] = [];
    const router = grantRouter({
      ...parts,
      pools: [staff],
      workspaces: [system()],
      onEvent: (event) => 'reason' in event && reasons.push(event.reason),
    });
    const { body } = await request(router).post('/acme/system/oauth2/token').type('form').send(form);
    const app = express().use(express.json(), express.urlencoded({ extended: false }), router);
    const ask = (type: string) =>
      request(app)
        .post('/api/identity/acme/system/pools/staff/user/code/generate')
        .set({ Authorization: `Bearer ${body.access_token}`, 'Content-Type': type })
        .send(JSON.stringify(order));
    expect((await ask('application/json')).status).toBe(201);
    expect((await ask('application/x-www-form-urlencoded')).status).toBe(500);
    expect(reasons.at(-1)).toBe('body_already_consumed');
  });
});
