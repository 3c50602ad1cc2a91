import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { killAll } from '../example-app/run-app.js';
import { assertion, assertionType, basicHeader, clientPerMethod, newSecret, secrets } from '../support/methods.js';
import { addressOf, passwordlessConfiguration } from '../support/passwordless-configuration.js';
import { freePort, RedisProcess } from '../support/redis-process.js';
import { noteLogged, noteSecret } from '../support/suite-log.js';
import { type TcpRelay, tcpRelay } from '../support/tcp-relay.js';
import { Instance } from '../support/two-instances.js';

const issuer = 'https://as.example.com/acme/demo';
const secret = newSecret();
const redirectUri = 'https://app.example.com/cb';
/** RFC 7636 Appendix B. */
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const app = {
  client_id: 'app',
  client_secret: secret,
  grant_types: ['authorization_code', 'password', 'refresh_token'],
  redirect_uris: [redirectUri],
  scope: 'openid offline_access read',
  trusted: true,
};

function configuration() {
  const { tenants, ...top } = passwordlessConfiguration('https://as.example.com', ['john', 'jane', 'jill']);
  const { system, demo } = tenants.acme.workspaces;
  const clients = [
    { ...clientPerMethod.client_secret_basic, scope: 'read' },
    { ...clientPerMethod.private_key_jwt, scope: 'read' },
    app,
  ];
  const policy = {
    grant_types: ['authorization_code', 'client_credentials', 'password', 'refresh_token'],
    scopes: { openid: {}, offline_access: {}, read: {} },
    refresh_grace_seconds: 0,
    access_token_format: 'opaque',
  };
  return {
    ...top,
    tls: false,
    trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'haproxy' }],
    tenants: { acme: { ...tenants.acme, workspaces: { system, demo: { ...policy, pool: demo.pool, clients } } } },
  };
}

let directory: string;
let redis: RedisProcess;
let relay: TcpRelay;
let instances: Instance[];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  // What it has acknowledged is on disk.
  redis = await RedisProcess.start({ appendonly: 'yes', appendfsync: 'always' });
  relay = await tcpRelay('127.0.0.1', redis.port);
  const file = join(directory, 'as.json');
  writeFileSync(file, JSON.stringify(configuration()));
  const args = ['--config', file, '--data-dir', join(directory, 'data'), '--store', `redis://127.0.0.1:${relay.port}`];
  instances = await Promise.all(Array.from({ length: 4 }, async () => new Instance(await freePort(), args)));
  await Promise.all(instances.map((instance) => instance.start()));
}, 90_000);
afterAll(async () => {
  for (const { log } of instances) noteLogged(log);
  await killAll();
  await relay.close();
  await redis.remove();
  rmSync(directory, { recursive: true });
}, 30_000);

interface Reply {
  readonly status: number;
  readonly body: Record<string, string>;
}

/** Every status that came, of all requests. */
const seen = new Map<number, number>();
let turn = 0;

/** A request to the next instance. Status 0: nobody answered. */
async function send(path: string, form: Record<string, string> | string, authorization?: string): Promise<Reply> {
  turn += 1;
  const body = typeof form === 'string' ? form : new URLSearchParams(form);
  const headers = {
    ...(authorization && { authorization }),
    ...(typeof form === 'string' && { 'content-type': 'application/json' }),
  };
  const reply = await instances[turn % instances.length]!.fetch(path, {
    method: 'POST',
    headers,
    body,
    signal: AbortSignal.timeout(5_000),
  })
    .then(async (answer) => {
      const text = await answer.text();
      return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : {} };
    })
    .catch(() => ({ status: 0, body: {} }));
  seen.set(reply.status, (seen.get(reply.status) ?? 0) + 1);
  for (const name of ['access_token', 'refresh_token', 'extended_code', 'code']) {
    if (typeof reply.body[name] === 'string') noteSecret(reply.body[name]);
  }
  return reply;
}

const asBasic = basicHeader('basic-client', secrets.basic);
const asMachine = basicHeader('signin', 'a secret of the machine client');
const asApp = basicHeader('app', secret);
const token = (form: Record<string, string>, authorization?: string) =>
  send('/acme/demo/oauth2/token', form, authorization);

/** How often a single-use thing of each kind was accepted. */
const used: { readonly kind: string; readonly accepted: number }[] = [];
/** Tokens whose revocation was acknowledged. */
const revoked: string[] = [];

/** Three at once, by three instances. */
async function race(kind: string, ask: () => Promise<Reply>): Promise<Reply | undefined> {
  const replies = await Promise.all([ask(), ask(), ask()]);
  const accepted = replies.filter(({ status }) => status === 200);
  used.push({ kind, accepted: accepted.length });
  return accepted[0];
}

async function assertions(): Promise<void> {
  const client_assertion = await assertion('private-key-client', { claims: { aud: issuer } });
  await race('assertion', () =>
    token({ grant_type: 'client_credentials', client_assertion, client_assertion_type: assertionType }),
  );
}

/** A one-time code for a person, in the form that names them; undefined when the server was away. */
async function ordered(name: string): Promise<string | undefined> {
  const machine = { grant_type: 'client_credentials', scope: 'identity_self_registration' };
  const { body } = await send('/acme/system/oauth2/token', machine, asMachine);
  const order = JSON.stringify({ type: 'authentication', address: addressOf(name) });
  const path = '/api/identity/acme/system/pools/staff/user/code/generate';
  const { body: made } = await send(path, order, `Bearer ${body.access_token}`);
  return made.extended_code;
}

async function people(name: string): Promise<void> {
  const password = await ordered(name);
  if (password === undefined) return;
  const form = {
    grant_type: 'password',
    username: addressOf(name),
    password,
    scope: 'openid offline_access',
  };
  const first = await race('one-time code', () => token(form, asApp));
  const refresh_token = first?.body.refresh_token;
  if (refresh_token === undefined) return;
  await race('refresh token', () => token({ grant_type: 'refresh_token', refresh_token }, asApp));
}

/** A person signs in by a one-time code, and the client redeems what the browser brings. */
async function codes(name: string): Promise<void> {
  const authentication_code = await ordered(name);
  if (authentication_code === undefined) return;
  const code = await authorized({
    response_type: 'code',
    client_id: 'app',
    redirect_uri: redirectUri,
    code_challenge: challenge,
    code_challenge_method: 'S256',
    scope: 'openid',
    authentication_code,
  });
  if (code === undefined) return;
  const form = { grant_type: 'authorization_code', redirect_uri: redirectUri, code, code_verifier: verifier };
  await race('authorization code', () => token(form, asApp));
}

/** The code a browser is given that presses the button of the page; undefined when a server was away. */
async function authorized(request: Record<string, string>): Promise<string | undefined> {
  const page = await browse(`/acme/demo/oauth2/authorize?${new URLSearchParams(request)}`);
  const action = /<form[^>]* action="([^"]+)"/.exec(page?.text ?? '')?.[1];
  if (!page || action === undefined) return undefined;
  const hidden = page.text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g);
  const form = new URLSearchParams([...hidden].map(([, name = '', value = '']): [string, string] => [name, value]));
  form.set('decision', 'allow');
  const pressed = await browse(new URL(action, 'https://as.example.com').pathname, {
    method: 'POST',
    headers: { cookie: page.cookies, 'sec-fetch-site': 'same-origin' },
    body: form,
  });
  const code = pressed?.location && new URL(pressed.location).searchParams.get('code');
  return code ? noteSecret(code) : undefined;
}

/** What the next instance shows a browser; undefined: nobody answered. */
async function browse(path: string, init: RequestInit = {}) {
  turn += 1;
  try {
    const signal = AbortSignal.timeout(5_000);
    const reply = await instances[turn % instances.length]!.fetch(path, { ...init, signal });
    seen.set(reply.status, (seen.get(reply.status) ?? 0) + 1);
    const cookies = reply.headers
      .getSetCookie()
      .map((each) => each.split(';')[0])
      .join('; ');
    return { text: await reply.text(), location: reply.headers.get('location'), cookies };
  } catch {
    return undefined;
  }
}

async function revocations(): Promise<void> {
  const { body } = await token({ grant_type: 'client_credentials' }, asBasic);
  if (body.access_token === undefined) return;
  const { status } = await send('/acme/demo/oauth2/revoke', { token: body.access_token }, asBasic);
  if (status === 200) revoked.push(body.access_token);
}

/** Milliseconds between two blows. */
const calm = 700;

async function blows(): Promise<void> {
  for (const victim of instances) {
    await pause(calm);
    await victim.kill('SIGKILL');
    await pause(calm);
    relay.cut();
    await victim.start();
  }
  await pause(calm);
  await redis.kill();
  // Long enough that requests are refused while it is away.
  await pause(calm);
  const health = await Promise.all(['/readyz', '/healthz'].map((path) => instances[0]!.fetch(path)));
  expect(health.map(({ status }) => status)).toEqual([503, 200]);
  await redis.start();
  await pause(calm);
  relay.loseAnswers(5);
  await pause(2 * calm);
}

it('whatever dies, nothing single-use succeeds twice, no revocation is forgotten, and nothing fails but by 503', async () => {
  let over = false;
  const works = [assertions, revocations, () => people('john'), () => people('jane'), () => codes('jill')];
  const load = works.map(async (work) => {
    while (!over) await work();
  });
  await blows().finally(() => {
    over = true;
  });
  await Promise.all(load);
  expect(used.filter(({ accepted }) => accepted > 1)).toEqual([]);
  // Else this proves nothing.
  for (const kind of ['assertion', 'one-time code', 'authorization code', 'refresh token']) {
    expect([kind, used.some((each) => each.kind === kind && each.accepted === 1)]).toEqual([kind, true]);
  }
  expect(revoked.length).toBeGreaterThan(5);
  expect(seen.get(503)).toBeGreaterThan(0);
  expect([...seen.keys()].filter((status) => status >= 500 && status !== 503)).toEqual([]);

  const active = await Promise.all(
    revoked.map((each) => send('/acme/demo/oauth2/introspect', { token: each }, asBasic)),
  );
  expect(active.filter(({ status, body }) => status !== 200 || String(body.active) !== 'false')).toEqual([]);
  const keys = (await redis.command('KEYS', '*')) as string[];
  const endless: string[] = [];
  for (const key of keys) if (Number(await redis.command('PTTL', key)) === -1) endless.push(key);
  expect(endless.filter((key) => !/signing-key/.test(key))).toEqual([]);
}, 90_000);
