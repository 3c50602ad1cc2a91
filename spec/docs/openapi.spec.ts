import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { endpoints } from '../../lib/router.js';
import { DemoSite } from '../support/demo-site.js';
import { basicHeader, newSecret } from '../support/methods.js';
import { passwordlessConfiguration } from '../support/passwordless-configuration.js';
import { type Answer, SiteVisitor } from '../support/site-visitor.js';
import { noteSecret } from '../support/suite-log.js';
import { WireContract } from '../support/wire-contract.js';

// The example app is started.
jest.setTimeout(60_000);

type Fields = Readonly<Record<string, string>>;

interface Call {
  readonly client_id?: string;
  readonly query?: Fields | string;
  readonly form?: Fields;
  readonly json?: unknown;
  readonly headers?: Fields;
  readonly params?: Fields;
  /** Sent on purpose, so not held against the document. */
  readonly wrong?: boolean;
}

const contract = new WireContract();
const secrets = {
  shop: newSecret(),
  machine: newSecret(),
  system: newSecret(),
  admin: newSecret(),
  initial: newSecret(),
};
const site = new DemoSite();
const seen = new Map<string, Set<number>>();

function configuration(publicUrl: string) {
  const { tenants, ...content } = passwordlessConfiguration(publicUrl, ['jane', 'john']);
  const { system, demo } = tenants.acme.workspaces;
  const confidential = { token_endpoint_auth_method: 'client_secret_basic' };
  return {
    ...content,
    admin_tokens: [secrets.admin],
    tenants: {
      acme: {
        ...tenants.acme,
        workspaces: {
          system: {
            clients: [
              { ...system.clients[0], client_secret: secrets.system, scope: 'identity_self_registration identity' },
            ],
          },
          demo: {
            ...demo,
            scopes: { ...demo.scopes, offline_access: {} },
            grant_types: ['authorization_code', 'client_credentials', 'refresh_token', 'password', 'tls_client_auth'],
            oracle_endpoints: true,
            registration: { enabled: true, initial_access_tokens: [secrets.initial] },
            clients: [
              {
                ...demo.clients[1],
                ...confidential,
                client_secret: secrets.shop,
                grant_types: ['authorization_code', 'refresh_token', 'password'],
                scope: 'openid profile email read offline_access',
              },
              {
                client_id: 'machine',
                ...confidential,
                client_secret: secrets.machine,
                grant_types: ['client_credentials'],
                scope: 'read introspect_tokens',
              },
            ],
          },
        },
      },
    },
  };
}

const defaults = { tenant: 'acme', workspace: 'demo', pool: 'staff' };

/** Sends a request of an operation, and holds it and its reply against the document. */
async function call(id: string, sent: Call = {}, visitor = new SiteVisitor(site.url, site.ca)): Promise<Answer> {
  const operation = contract.operation(id);
  const params: Fields = { ...defaults, ...sent.params };
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  const target = sent.query ? `${path}?${new URLSearchParams(sent.query)}` : path;
  const type = sent.form ? 'application/x-www-form-urlencoded' : 'application/json';
  const given = sent.form ?? sent.json;
  if (given !== undefined && !sent.wrong)
    expect([id, contract.requestMistakes(operation, type, given)]).toEqual([id, []]);
  const body = sent.form
    ? new URLSearchParams(sent.form).toString()
    : given === undefined
      ? undefined
      : JSON.stringify(given);
  const headers = {
    ...(given !== undefined && { 'content-type': type, 'sec-fetch-site': 'same-origin' }),
    ...sent.headers,
  };
  const answer = await visitor.send(operation.method, target, body, { accept: 'application/json', ...headers });
  expect([id, contract.replyMistakes(operation, answer)]).toEqual([id, []]);
  seen.set(id, (seen.get(id) ?? new Set()).add(answer.status));
  return answer;
}

const told = ({ status, text }: Answer) => ({ status, error: text === '' ? undefined : JSON.parse(text).error });
const bodyOf = ({ text }: Answer): Fields => JSON.parse(text);
const basic = (id: string, secret: string) => ({ authorization: basicHeader(id, secret) });
const bearer = (token = '') => ({ authorization: `Bearer ${token}` });
const asMachine = basic('machine', secrets.machine);
const asShop = basic('shop', secrets.shop);
const wrongly = basic('machine', newSecret());

async function tokenOf(headers: Fields, form: Fields, workspace = 'demo', operation = 'token'): Promise<Fields> {
  const answer = await call(operation, { headers, form, params: { workspace } });
  expect(answer.status).toBe(200);
  const body = bodyOf(answer);
  for (const name of ['access_token', 'refresh_token', 'id_token']) if (body[name]) noteSecret(body[name]);
  return body;
}

const machineToken = async () =>
  (await tokenOf(asMachine, { grant_type: 'client_credentials', scope: 'read' })).access_token;
const systemToken = async (scope: string) =>
  (await tokenOf(basic('signin', secrets.system), { grant_type: 'client_credentials', scope }, 'system')).access_token;

async function codeFor(identifier: string): Promise<Fields> {
  const headers = bearer(await systemToken('identity_self_registration'));
  const answer = await call('generateCode', { headers, json: { type: 'authentication', identifier } });
  const body = bodyOf(answer);
  noteSecret(body.extended_code ?? '');
  return body;
}

/** The fields that a form of a page sends along. */
function hidden({ text }: Answer): Record<string, string> {
  const inputs = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value]));
}

const authorization = (): Fields => ({
  response_type: 'code',
  client_id: 'shop',
  redirect_uri: `${site.url}/callback`,
  scope: 'openid profile email read offline_access',
  state: 'a state',
});
const browser = () => new SiteVisitor(site.url, site.ca);
const leadsTo = ({ headers }: Answer) => new URL(String(headers.location), site.url);

beforeAll(() => site.start(configuration));
afterAll(() => site.stop());

describe('docs/openapi.json', () => {
  it('is valid OpenAPI 3.1; with a member out of place it would not be', async () => {
    const copy = () => structuredClone(contract.document) as Record<string, unknown>;
    expect(await new Validator().validate(copy())).toMatchObject({ valid: true });
    expect(await new Validator().validate({ ...copy(), info: {} })).toMatchObject({ valid: false });
    expect(contract.document.openapi).toMatch(/^3\.1\./);
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(contract.document.info).toMatchObject({ version });
    expect(contract.operations.size).toBeGreaterThan(30);
  });

  it('has every route of the router, and no other below a workspace', () => {
    const places = endpoints.map(({ path }) => path.replace('{issuer}', '/{tenant}/{workspace}')).sort();
    const paths = Object.keys(contract.document.paths as object);
    expect(paths.filter((path) => path.includes('{workspace}')).sort()).toEqual(places);
    expect(places).toContain('/{tenant}/{workspace}/oauth2/token');
  });

  it('finds what a reply should not be', () => {
    const operation = contract.operation('token');
    const headers = {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'x-correlation-id': 'x'.repeat(20),
    };
    const text = JSON.stringify({ access_token: 'a', token_type: 'Bearer', expires_in: 1 });
    expect(contract.replyMistakes(operation, { status: 200, headers, text })).toEqual([]);
    expect(contract.replyMistakes(operation, { status: 200, headers: {}, text })).not.toEqual([]);
    expect(
      contract.replyMistakes(operation, { status: 200, headers, text: text.replace('Bearer', 'MAC') }),
    ).not.toEqual([]);
    expect(contract.replyMistakes(operation, { status: 418, headers, text })).not.toEqual([]);
    expect(contract.requestMistakes(operation, 'application/x-www-form-urlencoded', { grant_type: 'x' })).not.toEqual(
      [],
    );
  });
});

describe('a running server answers as docs/openapi.json says', () => {
  it.each(['token', 'oracleToken'])('%s', async (operation) => {
    await tokenOf(asMachine, { grant_type: 'client_credentials', scope: 'read' }, 'demo', operation);
    const form = { grant_type: 'client_credentials' };
    expect(told(await call(operation, { headers: wrongly, form }))).toEqual({ status: 401, error: 'invalid_client' });
    const scope = await call(operation, { headers: asMachine, form: { ...form, scope: 'email' } });
    expect(told(scope)).toEqual({ status: 400, error: 'invalid_scope' });
    const grant = await call(operation, { headers: asMachine, form: { grant_type: 'barter' }, wrong: true });
    expect(told(grant)).toEqual({ status: 400, error: 'unsupported_grant_type' });
  });

  it('introspect and revoke', async () => {
    const token = (await machineToken()) ?? '';
    const ask = () => call('introspect', { headers: asMachine, form: { token } });
    expect(bodyOf(await ask())).toMatchObject({ active: true, client_id: 'machine' });
    const signed = { ...asMachine, accept: 'application/token-introspection+jwt' };
    expect((await call('introspect', { headers: signed, form: { token } })).text).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(told(await call('introspect', { headers: wrongly, form: { token } })).error).toBe('invalid_client');
    expect(told(await call('introspect', { headers: bearer(token), form: { token } })).status).toBe(403);

    expect(told(await call('revoke', { headers: wrongly, form: { token } })).error).toBe('invalid_client');
    expect((await call('revoke', { headers: asMachine, form: { token } })).status).toBe(200);
    expect(bodyOf(await ask())).toEqual({ active: false });
    expect(told(await call('revoke', { headers: asMachine, form: {}, wrong: true })).status).toBe(400);
  });

  it('the authorization of a person with a code, their tokens, and what stands behind them', async () => {
    const visitor = browser();
    const { extended_code = '' } = await codeFor('jane');
    const html = { accept: 'text/html' };
    const page = await call(
      'authorize',
      { query: { ...authorization(), authentication_code: extended_code }, headers: html },
      visitor,
    );
    expect(page.status).toBe(200);
    const wrong = await call(
      'decide',
      { form: { transaction: 'nobody knows', decision: 'allow' }, headers: html },
      visitor,
    );
    expect(wrong.status).toBe(403);
    const transaction = /name="transaction" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const decided = await call('decide', { form: { transaction, decision: 'allow' }, headers: html }, visitor);
    expect(decided.status).toBe(303);
    const code = leadsTo(decided).searchParams.get('code') ?? '';
    noteSecret(code);

    const redeem = { grant_type: 'authorization_code', code, redirect_uri: `${site.url}/callback` };
    const { access_token: token = '', id_token = '' } = await tokenOf(asShop, redeem);
    expect(told(await call('token', { headers: asShop, form: redeem }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(id_token).not.toBe('');

    const { access_token: other = '' } = await tokenOf(asShop, {
      grant_type: 'password',
      username: 'jane',
      password: (await codeFor('jane')).code ?? '',
      scope: 'openid email read',
    });
    expect(bodyOf(await call('userinfo', { headers: bearer(other) }))).toMatchObject({ sub: 'id-of-jane' });
    expect((await call('userinfoByForm', { form: { access_token: other } })).status).toBe(200);
    expect((await call('userinfo', { headers: bearer('wrong') })).status).toBe(401);
    expect((await call('userinfoByForm', { form: { access_token: 'wrong' } })).status).toBe(401);
    const twice = await call('userinfoByForm', { headers: bearer(other), form: { access_token: other } });
    expect(twice.status).toBe(400);
    expect((await call('hello', { headers: bearer(other) })).status).toBe(200);
    expect((await call('hello', { headers: bearer('wrong') })).status).toBe(401);
    expect(token).not.toBe(other);
  });

  it('refresh tokens, where offline_access was granted', async () => {
    const form = { grant_type: 'password', username: 'john', scope: 'openid offline_access' };
    const first = await tokenOf(asShop, { ...form, password: (await codeFor('john')).code ?? '' });
    const refresh = { grant_type: 'refresh_token', refresh_token: first.refresh_token ?? '' };
    expect((await tokenOf(asShop, refresh)).access_token).not.toBe(first.access_token);
    const wrong = await call('token', { headers: asShop, form: { ...refresh, refresh_token: 'wrong' } });
    expect(told(wrong)).toEqual({ status: 400, error: 'invalid_grant' });
  });

  it('pushed requests, and an authorization endpoint that refuses', async () => {
    const { client_id: _, ...request } = authorization();
    const { request_uri = '' } = bodyOf(await call('pushAuthorizationRequest', { headers: asShop, form: request }));
    expect(request_uri).toContain('urn:ietf:params:oauth:request_uri:');
    expect(told(await call('pushAuthorizationRequest', { headers: wrongly, form: request })).status).toBe(401);
    const elsewhere = { ...request, redirect_uri: 'https://elsewhere.example/cb' };
    expect(told(await call('pushAuthorizationRequest', { headers: asShop, form: elsewhere })).status).toBe(400);

    expect((await call('authorize', { query: { client_id: 'shop', request_uri } })).status).toBe(200);
    expect((await call('authorize', { query: { ...authorization(), client_id: 'nobody' } })).status).toBe(400);
    expect((await call('authorizeByForm', { form: authorization() })).status).toBe(200);
    expect((await call('authorizeByForm', { form: { ...authorization(), client_id: 'nobody' } })).status).toBe(400);
    const scope = await call('authorize', { query: { ...authorization(), prompt: 'none' } });
    expect(leadsTo(scope).searchParams.get('error')).toBe('login_required');
  });

  it('login by mail, consents, logout', async () => {
    const visitor = browser();
    const html = { accept: 'text/html' };
    const start = await call('authorize', { query: authorization(), headers: html }, visitor);
    expect((await call('login', { headers: html })).status).toBe(200);
    const typed = { form: '', email: 'jane@example.com' };
    expect((await call('loginByForm', { form: typed, headers: html })).status).toBe(403);
    const before = (await site.mails()).length;
    const asked = await call('loginByForm', { form: { ...typed, ...hidden(start) }, headers: html }, visitor);
    expect(asked.status).toBe(200);
    const { link } = await site.mailAfter(before);
    const t = noteSecret(new URL(link).searchParams.get('t') ?? '');
    const question = await call('loginLink', { query: { t }, headers: html }, visitor);
    expect((await call('loginLink', { query: 't=one&t=two', headers: html })).status).toBe(400);
    expect((await call('followLoginLink', { form: { form: 'wrong' }, headers: html })).status).toBe(403);
    const followed = hidden(question) as { form: string };
    const inside = await call('followLoginLink', { form: followed, headers: html }, visitor);
    expect([question.status, inside.status]).toEqual([200, 303]);

    const list = await call('consents', { headers: html }, visitor);
    const [, withdraw = ''] = /name="withdraw" value="([^"]+)"/.exec(list.text) ?? [];
    const { form = '' } = hidden(list);
    expect((await call('withdrawConsent', { form: { form, withdraw }, headers: html }, visitor)).status).toBe(303);
    expect((await call('withdrawConsent', { form: { form: 'wrong' }, headers: html }, visitor)).status).toBe(403);
    const foreign = { post_logout_redirect_uri: 'https://elsewhere.example', client_id: 'shop' };
    expect((await call('logout', { query: foreign, headers: html }, visitor)).status).toBe(400);
    expect((await call('logoutByForm', { form: foreign, headers: html }, visitor)).status).toBe(400);
    const out = await call('logout', { headers: html }, visitor);
    expect(out.status).toBe(200);
    expect((await call('logoutByForm', { form: hidden(out), headers: html }, visitor)).status).toBe(200);
  });

  it('registration and its management', async () => {
    const json = { client_name: 'New', redirect_uris: ['https://new.example/cb'] };
    expect(told(await call('register', { json })).status).toBe(401);
    const register = (members: unknown) => call('register', { json: members, headers: bearer(secrets.initial) });
    expect(told(await register({ ...json, redirect_uris: ['ftp://x'] }))).toEqual({
      status: 400,
      error: 'invalid_redirect_uri',
    });
    const created = bodyOf(await register(json));
    const { client_id = '', registration_access_token: token } = created;
    for (const secret of [created.client_secret, token]) noteSecret(secret ?? '');
    const params = { client_id };
    for (const id of ['readRegistration', 'updateRegistration', 'deleteRegistration']) {
      const body = id === 'updateRegistration' ? { json } : {};
      expect([id, (await call(id, { params, headers: bearer('wrong'), ...body })).status]).toEqual([id, 401]);
    }
    const headers = bearer(token);
    expect((await call('readRegistration', { params, headers })).status).toBe(200);
    const changed = { ...json, client_id, client_name: 'Newer' };
    expect((await call('updateRegistration', { params, headers, json: changed })).status).toBe(200);
    expect((await call('updateRegistration', { params, headers, json: { ...changed, client_id: 'x' } })).status).toBe(
      400,
    );
    expect((await call('deleteRegistration', { params, headers })).status).toBe(204);
  });

  it.each(['jwks', 'openidConfiguration', 'authorizationServerMetadata', 'idcsConfiguration'])('%s', async (id) => {
    expect((await call(id)).status).toBe(200);
    const operation = contract.operation(id);
    const path = operation.path.replace('{tenant}', 'acme').replace('{workspace}', 'demo');
    const refused = await browser().send('POST', path, '', { accept: 'application/json' });
    expect([refused.status, contract.replyMistakes(operation, refused)]).toEqual([405, []]);
    seen.get(id)?.add(405);
  });

  it('the identity API', async () => {
    const { code = '', extended_code = '' } = await codeFor('jane');
    const headers = bearer(await systemToken('identity'));
    expect(extended_code).not.toBe('');
    expect(bodyOf(await call('verifyCode', { headers, json: { code, identifier: 'jane' } }))).toEqual({
      id: 'id-of-jane',
    });
    expect(told(await call('verifyCode', { headers, json: { code, identifier: 'jane' } })).status).toBe(422);
    expect((await call('verifyCode', { json: { code } })).status).toBe(401);
    expect(
      told(await call('generateCode', { headers, json: { type: 'authentication', identifier: 'jane' } })).status,
    ).toBe(403);
    const able = bearer(await systemToken('identity_self_registration'));
    const unknown = await call('generateCode', {
      headers: able,
      json: { type: 'authentication', identifier: 'nobody' },
    });
    expect(told(unknown)).toEqual({ status: 404, error: 'not_found' });
    expect((await call('generateCode', { headers: able, json: {}, wrong: true })).status).toBe(400);
    expect((await call('generateCode', { json: { type: 'authentication' } })).status).toBe(401);
  });

  it('what operators ask', async () => {
    const failed = await call('token', { headers: wrongly, form: { grant_type: 'client_credentials' } });
    const params = { correlation_id: String(failed.headers['x-correlation-id']) };
    const headers = bearer(secrets.admin);
    expect(bodyOf(await call('explain', { params, headers }))).toMatchObject({ reason: 'secret_mismatch' });
    expect((await call('explain', { params: { correlation_id: 'unknown' }, headers })).status).toBe(404);
    expect((await call('explain', { params })).status).toBe(401);
    expect((await call('metrics', { headers })).text).toContain('# HELP');
    expect((await call('metrics')).status).toBe(401);
    expect((await call('live')).status).toBe(200);
    expect((await call('ready')).status).toBe(200);
    expect((await call('protectedResourceMetadata')).status).toBe(200);
    expect((await call('outbox')).status).toBe(200);
    expect((await call('outbox', { headers: { 'x-forwarded-for': '203.0.113.9' } })).status).toBe(404);
  });

  it('each operation was seen to succeed, and to fail where a caller can make it fail', () => {
    const outcomes = [...contract.operations.values()].map(({ id, responses }) => {
      const statuses = [...(seen.get(id) ?? [])];
      const canFail = responses.some((status) => status.startsWith('4'));
      const succeeded = statuses.some((status) => status < 400);
      return [id, succeeded && statuses.some((status) => status >= 400) === canFail] as const;
    });
    expect(outcomes.filter(([, whole]) => !whole).map(([id]) => id)).toEqual([]);
  });
});
