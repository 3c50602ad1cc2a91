import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import {
  type AuthorizationServerEvent,
  clientCredentials,
  type GrantRouter,
  grantRouter,
  type OutcomeEvent,
  protectResource,
  revokeBySubject,
  rotateSigningKeys,
  type Store,
  standardStrategies,
  type WarningEvent,
  type WorkspaceOptions,
} from '../index.js';
import { memoryStore } from '../lib/stores/memory.js';
import { newSecret } from './support/methods.js';
import { noteSecret } from './support/suite-log.js';

const secret = newSecret();
const record = (name: string, changes: Partial<WorkspaceOptions> = {}): WorkspaceOptions => ({
  issuer: `https://as.example.com/acme/${name}`,
  tenant: 'acme',
  workspace: name,
  clients: [{ client_id: 'app', client_secret: secret, grant_types: ['client_credentials'], scope: 'read' }],
  scopes: { read: {} },
  access_token_format: 'opaque',
  ...changes,
});

let now: number;
let asked: unknown[][];
let database: Map<string, unknown>;
let trouble: Error | undefined;
let events: AuthorizationServerEvent[];
let router: GrantRouter;
beforeEach(() => {
  now = 1_800_000_000_000;
  asked = [];
  database = new Map([['/acme/demo', record('demo')]]);
  trouble = undefined;
  events = [];
  router = grantRouter({
    workspaces: {
      find: async (...question) => {
        asked.push(question);
        if (trouble) throw trouble;
        return database.get(question[0]) as WorkspaceOptions | undefined;
      },
    },
    strategies: standardStrategies(),
    grants: [clientCredentials()],
    onEvent: (event) => events.push(event),
    now: () => now,
  });
});
afterEach(() => router.close());

const token = (path = '/acme/demo', client_secret = secret) =>
  request(router)
    .post(`${path}/oauth2/token`)
    .set('Host', 'AS.example.com:443')
    .type('form')
    .send({ grant_type: 'client_credentials', client_id: 'app', client_secret });
const metadata = (path = '/acme/demo') =>
  request(router).get(`${path}/.well-known/openid-configuration`).set('Host', 'as.example.com');
const outcome = () => events.findLast((event): event is OutcomeEvent => event.event !== 'warning');
const warnings = () => events.filter((event): event is WarningEvent => event.event === 'warning');

describe('workspaces of a database', () => {
  it('are asked for by path and host, and serve', async () => {
    await router.ready();
    expect((await token()).status).toBe(401); // client_secret_basic is registered
    expect(asked).toEqual([['/acme/demo', 'as.example.com']]);
    expect(outcome()).toMatchObject({ event: 'token', reason: 'method_not_registered', workspace: 'demo' });
  });

  it.each(['/acme/demo/.well-known/openid-configuration', '/.well-known/oauth-authorization-server/acme/demo'])(
    'serve %s',
    async (path) => {
      const { body } = await request(router).get(path);
      expect(body.issuer).toBe('https://as.example.com/acme/demo');
    },
  );

  it('an issuer without a path is the empty text', async () => {
    database.set('', record('root', { issuer: 'https://as.example.com' }));
    expect((await metadata('')).body.issuer).toBe('https://as.example.com');
    expect(asked[0]?.[0]).toBe('');
  });

  it('are asked for once a second, however many requests come', async () => {
    await Promise.all(Array.from({ length: 50 }, () => metadata()));
    expect(asked).toHaveLength(1);
    const made = await router.workspace('https://as.example.com/acme/demo');
    now += 999;
    await metadata();
    expect(asked).toHaveLength(1);
    now += 2;
    await metadata();
    expect(asked).toHaveLength(2);
    // Nothing has changed, so nothing is made anew.
    expect(await router.workspace('https://as.example.com/acme/demo')).toBe(made);
  });

  it('a change, and an end, take effect within the second', async () => {
    expect((await metadata()).body.scopes_supported).toEqual(['read']);
    const mutable = database.get('/acme/demo') as { scopes: object };
    mutable.scopes = { read: {}, write: {} };
    now += 1001;
    expect((await metadata()).body.scopes_supported).toEqual(['read', 'write']);
    database.delete('/acme/demo');
    now += 1001;
    expect((await metadata()).status).toBe(404);
  });

  it('a change counts within the second although the clock was set back meanwhile', async () => {
    expect((await metadata()).status).toBe(200);
    database.delete('/acme/demo');
    now -= 3_600_000;
    expect((await metadata()).status).toBe(404);
  });

  it('what is unknown counts for a second too', async () => {
    expect([(await metadata('/acme/new')).status, (await metadata('/acme/new')).status]).toEqual([404, 404]);
    expect(asked).toHaveLength(1);
    database.set('/acme/new', record('new'));
    now += 1001;
    expect((await metadata('/acme/new')).status).toBe(200);
  });

  it('a record with another function in it is another workspace', async () => {
    const people = (authenticateUser: () => undefined) => record('demo', { authenticateUser });
    database.set(
      '/acme/demo',
      people(() => undefined),
    );
    const first = await router.workspace('https://as.example.com/acme/demo');
    database.set(
      '/acme/demo',
      people(() => undefined),
    );
    now += 1001;
    expect(await router.workspace('https://as.example.com/acme/demo')).not.toBe(first);
  });

  it('people of their own may come again and again', async () => {
    const users = [{ id: 'u', username: 'u' }];
    database.set('/acme/demo', record('demo', { users }));
    const first = await router.workspace('https://as.example.com/acme/demo');
    database.set('/acme/demo', record('demo', { users: [...users, { id: 'v', username: 'v' }] }));
    now += 1001;
    const second = await router.workspace('https://as.example.com/acme/demo');
    expect(await first?.users?.find({ id: 'v' })).toBeUndefined();
    expect(await second?.users?.find({ id: 'v' })).toMatchObject({ id: 'v' });
  });

  it('null members count as absent, and the profile sets its defaults', async () => {
    database.set('/acme/demo', { ...record('demo', { profile: 'fapi2', clients: [] }), audience: null });
    expect((await metadata()).body.dpop_signing_alg_values_supported).not.toContain('RS256');
  });
});

describe('trouble with the database', () => {
  it('a find that fails is 503, and the event tells why', async () => {
    trouble = new Error('no route to host');
    const { status, body, headers } = await token();
    expect([status, body.error, headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '2']);
    expect(JSON.stringify(body)).not.toContain('route');
    expect(outcome()).toMatchObject({
      event: 'token',
      outcome: 'failure',
      reason: 'workspace_source_failed',
      cause: trouble,
      issuer: '/acme/demo',
      correlation_id: headers['x-correlation-id'],
    });
    trouble = undefined;
    expect((await metadata()).status).toBe(200);
  });

  it.each<[string, unknown, string]>([
    ['a wrong member', { ...record('demo'), pkce: 'maybe' }, 'pkce: '],
    ['another path', record('other'), 'issuer: has another path than "/acme/demo"'],
    ['a forbidden profile', record('demo', { profile: 'fapi2' }), 'clients[0].token_endpoint_auth_method: '],
    ['an unbuilt member', { ...record('demo'), colour: 'red' }, 'colour: is not a known member'],
    ['no record at all', 'demo', ''],
  ])('%s is 500, and the event names the member', async (_title, wrong, message) => {
    database.set('/acme/demo', wrong);
    const { status, body } = await token();
    expect([status, body.error]).toEqual([500, 'server_error']);
    expect(outcome()?.reason).toBe('workspace_record_wrong');
    expect(String(outcome()?.cause)).toContain(message);
    database.set('/acme/demo', record('demo'));
    expect((await metadata()).status).toBe(200);
  });

  it('two records may not share a part of the store', async () => {
    database.set('/acme/twin', { ...record('demo'), issuer: 'https://as.example.com/acme/twin' });
    expect((await metadata()).status).toBe(200);
    expect((await metadata('/acme/twin')).status).toBe(500);
    expect(String(outcome()?.cause)).toContain('workspace: has the same tenant and workspace as');
  });
});

describe('two processes with one database and one store', () => {
  const node = (store: Store) => {
    const told: AuthorizationServerEvent[] = [];
    const own = grantRouter({
      workspaces: { find: (path) => database.get(path) as WorkspaceOptions | undefined },
      strategies: standardStrategies(),
      grants: [clientCredentials()],
      store,
      secret_keys: [secretKey],
      onEvent: (event) => told.push(event),
    });
    const post = (client: { client_id: string; client_secret: string }) =>
      request(own)
        .post('/acme/demo/oauth2/token')
        .type('form')
        .send({ grant_type: 'client_credentials', ...client });
    /** Resolves when both, asked again and again, have refused; fails where one still did not after a second. */
    const refuses = async (client: Parameters<typeof post>[0], status: number) => {
      const changed = performance.now();
      for (let sent = changed; (await post(client)).status !== status; sent = performance.now()) {
        expect(sent - changed).toBeLessThan(1000);
      }
      return told.findLast((event): event is OutcomeEvent => event.event !== 'warning')?.reason;
    };
    return { own, post, refuses };
  };
  const secretKey = noteSecret(randomBytes(32).toString('base64'));
  const machine = {
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_post' as const,
    client_secret: newSecret(),
  };

  it('a client of the store that one disables is refused by the other, and so is a workspace that ends', async () => {
    const store = memoryStore();
    const [one, other] = [node(store), node(store)];
    const workspace = await one.own.workspace('https://as.example.com/acme/demo');
    const entered = await workspace?.directory.add(machine);
    const client = { client_id: entered?.parsed.client_id ?? '', client_secret: machine.client_secret };
    for (const { post } of [one, other]) expect((await post(client)).status).toBe(200);
    await workspace?.directory.setStatus(client.client_id, 'inactive');
    expect(await other.refuses(client, 401)).toBe('client_inactive');
    await workspace?.directory.setStatus(client.client_id, 'active');
    await other.refuses(client, 200);
    database.delete('/acme/demo');
    await other.refuses(client, 404);
    await one.refuses(client, 404);
    await one.own.close();
  });
});

describe('what needs all workspaces', () => {
  it('refuses a router that knows them not', async () => {
    await expect(revokeBySubject(router, 'u')).rejects.toThrow('router.workspace(issuer)');
    await expect(rotateSigningKeys(router)).rejects.toThrow('router.workspace(issuer)');
    expect(() => protectResource({ authorizationServer: router })).toThrow('lists no workspaces');
    const workspace = await router.workspace('https://as.example.com/acme/demo');
    if (!workspace) throw new Error('not found');
    await expect(revokeBySubject(workspace, 'u')).resolves.toBeUndefined();
  });

  it('router.workspace answers for the very issuer alone', async () => {
    expect(await router.workspace('https://other.example.com/acme/demo')).toBeUndefined();
    expect(await router.workspace('rubbish')).toBeUndefined();
    expect(await router.workspace('https://as.example.com/acme/demo')).toBeDefined();
  });
});

describe('an unknown workspace', () => {
  it.each(['/acme/dmeo/oauth2/token', '/nobody/demo/oauth2/authorize', '/x/.well-known/jwks.json', '/oauth2/token'])(
    '%s is 404 in one shape',
    async (path) => {
      await metadata();
      const reply = await request(router).get(path);
      expect([reply.status, reply.body]).toEqual([404, { error: 'not_found' }]);
      expect(reply.headers).toMatchObject({ 'cache-control': 'no-store', 'x-correlation-id': expect.any(String) });
    },
  );

  it('is told where it has neighbours', async () => {
    await metadata();
    await request(router).post('/nobody/demo/oauth2/token');
    expect(warnings()).toEqual([]);
    const { headers } = await token('/acme/dmeo');
    const detail = { path: '/acme/dmeo', known: ['/acme/demo'], correlation_id: headers['x-correlation-id'] };
    expect(warnings()).toEqual([{ event: 'warning', name: 'workspace_unknown', detail }]);
  });

  it('a path that is none of ours does not even ask', async () => {
    expect((await request(router).get('/acme/demo/hello')).status).toBe(404);
    expect((await request(router).get(`/${'a'.repeat(600)}/oauth2/token`)).status).toBe(404);
    expect(asked).toEqual([]);
  });

  it('names that a host has too fall through', async () => {
    const passed: (string | undefined)[] = [];
    const app = (path: string) =>
      request((incoming: Parameters<GrantRouter>[0], response: Parameters<GrantRouter>[1]) =>
        router(incoming, response, () => {
          passed.push(incoming.url);
          response.writeHead(204).end();
        }),
      ).get(path);
    for (const path of ['/admin/login', '/hello', '/consents', '/admin/userinfo'])
      expect((await app(path)).status).toBe(204);
    expect(passed).toEqual(['/admin/login', '/hello', '/consents', '/admin/userinfo']);
    expect((await app('/admin/oauth2/token')).status).toBe(404);
    expect((await app('/acme/demo/.well-known/openid-configuration')).status).toBe(200);
  });
});
