import { inspect } from 'node:util';
import { expect, it } from '@jest/globals';
import { OAuthError, type Store } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { freshCode, redeeming, signedIn } from '../support/code-flow.js';
import { allClients, assertion, assertionType, basicHeader, issuer, newSecret, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const good = { grant_type: 'client_credentials' };
const headers = { Authorization: basicHeader('basic-client', secrets.basic) };

/** A memory store that also tells everything that was ever put into it. */
function watchedStore(): { store: Store; written: string[] } {
  const inner = memoryStore();
  const written: string[] = [];
  const noting = new Set(['set', 'claim', 'increment']);
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        if (noting.has(String(name))) written.push(...given.map(String));
        return member.apply(target, given);
      };
    },
  });
  return { store, written };
}

/** A store whose verbs reject once it is told to. */
function breakableStore(problem: () => unknown): { store: Store; break(): void } {
  const inner = memoryStore();
  let broken = false;
  const store = new Proxy(inner, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => (broken ? Promise.reject(problem()) : member.apply(target, given));
    },
  });
  return {
    store,
    break: () => {
      broken = true;
    },
  };
}

const down = () => new Error('connect ECONNREFUSED 10.1.2.3:6379, password hunter2');

it('GEN-11 a store that is down while a token is stored is 503 with Retry-After', async () => {
  const { store, break: breakStore } = breakableStore(down);
  const server = specServer({ store });
  expect((await server.token(good, headers)).status).toBe(200);
  breakStore();
  const reply = await server.token(good, headers);
  expect([reply.status, reply.body]).toEqual([
    503,
    {
      error: 'temporarily_unavailable',
      error_description: 'The server cannot answer right now. Try again soon.',
    },
  ]);
  expect(reply.headers['retry-after']).toBe('2');
  expect([server.last().reason, String(server.last().cause)]).toEqual(['store_unavailable', String(down())]);
});

it('GEN-11 a store that is down while a jti is claimed is no invalid_client', async () => {
  const { store, break: breakStore } = breakableStore(down);
  const server = specServer({ store });
  const send = async () =>
    server.token({
      ...good,
      client_assertion: await assertion('private-key-client'),
      client_assertion_type: assertionType,
    });
  expect((await send()).status).toBe(200);
  breakStore();
  const reply = await send();
  expect([reply.status, reply.body.error]).toEqual([503, 'temporarily_unavailable']);
  expect(server.last().reason).toBe('store_unavailable');
  expect(reply.headers['www-authenticate']).toBeUndefined();
});

it('GEN-11 a store that is down while a code is redeemed is no invalid_grant', async () => {
  const { store, break: breakStore } = breakableStore(down);
  const server = specServer({ ...signedIn, store });
  const code = await freshCode(server.router);
  breakStore();
  const reply = await server.token({ client_id: 'public-client', ...redeeming(code) });
  expect([reply.status, reply.body.error]).toEqual([503, 'temporarily_unavailable']);
});

it('GEN-11 a store that says when it will be back is 503 with Retry-After', async () => {
  const { store, break: breakStore } = breakableStore(() => new OAuthError('store_unavailable'));
  const server = specServer({ store });
  breakStore();
  const reply = await server.token(good, headers);
  expect([reply.status, reply.body.error, reply.headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '2']);
  expect(server.last().reason).toBe('store_unavailable');
});

it('GEN-11 a signing key that cannot be read from the store is 503', async () => {
  const { store, break: breakStore } = breakableStore(down);
  const server = specServer({ store, access_token_format: 'jwt' });
  breakStore();
  const reply = await server.token(good, headers);
  expect([reply.status, reply.body.error]).toEqual([503, 'temporarily_unavailable']);
});

it('GEN-11 a client database that fails is 500 server_error, one that finds nobody 401', async () => {
  const find = (id: string) => {
    if (id === 'basic-client') throw down();
    return null;
  };
  const server = specServer({ clients: { find } });
  const reply = await server.token(good, headers);
  expect([reply.status, reply.body.error]).toEqual([500, 'server_error']);
  expect(reply.text).not.toMatch(/hunter2|ECONNREFUSED/);
  expect((await server.token(good, { Authorization: basicHeader('nobody', 'x') })).status).toBe(401);
});

it('GEN-16 access tokens and codes are 256 random bits, each position of them', async () => {
  const server = specServer(signedIn);
  const tokens: string[] = [];
  for (let count = 0; count < 150; count += 1)
    tokens.push(noteSecret((await server.token(good, headers)).body.access_token));
  const codes: string[] = [];
  for (let count = 0; count < 50; count += 1) codes.push(await freshCode(server.router));
  for (const values of [tokens, codes]) {
    expect(new Set(values).size).toBe(values.length);
    for (const value of values) expect(value).toMatch(/^[A-Za-z0-9_-]{43}$/);
    // The last character holds four bits only.
    for (let position = 0; position < 42; position += 1) {
      expect(new Set(values.map((value) => value[position])).size).toBeGreaterThan(20);
    }
  }
});

it('GEN-18 neither secrets, tokens, codes nor verifiers are at rest', async () => {
  const { store, written } = watchedStore();
  const server = specServer({ ...signedIn, store });
  const { access_token } = (await server.token(good, headers)).body;
  const code = await freshCode(server.router);
  const redeemed = await server.token({ client_id: 'public-client', ...redeeming(code) });
  expect(redeemed.status).toBe(200);
  const used = [secrets.basic, access_token, code, redeemed.body.access_token, redeeming(code).code_verifier];
  expect(written.length).toBeGreaterThan(3);
  for (const secret of used) expect(written.join('\n')).not.toContain(noteSecret(String(secret)));
});

it('GEN-18 neither what was right nor what was wrong about a credential is told or logged', async () => {
  const server = specServer();
  const wrong = newSecret();
  const replies = [
    await server.token(good, { Authorization: basicHeader('basic-client', wrong) }),
    await server.token({ ...good, client_id: 'post-client', client_secret: wrong }),
    await server.token({ ...good, client_id: 'post-client', client_secret: secrets.post }, headers),
    await server.token({ ...good, client_id: 'basic-client', client_secret: secrets.basic }),
    await server.token(good, { Authorization: `Bearer ${wrong}` }),
    await server.token({ grant_type: 'authorization_code', code: wrong, code_verifier: wrong }, headers),
  ];
  const told = replies.map(({ text, headers: sent }) => text + JSON.stringify(sent)).join('\n');
  const logged = inspect(server.events, { depth: 12, maxStringLength: Infinity, showHidden: true });
  expect(server.events).toHaveLength(replies.length);
  for (const secret of [wrong, secrets.basic, secrets.post]) {
    for (const place of [told, logged]) {
      expect(place).not.toContain(secret);
      expect(place).not.toContain(encodeURIComponent(basicHeader('basic-client', secret)));
    }
  }
});

it('GEN-18 a router that somebody prints does not print its secrets', async () => {
  const server = specServer();
  await server.token(good, headers);
  const printed = inspect(server.router, { depth: 12, maxStringLength: Infinity, showHidden: true });
  expect(printed).toContain(issuer);
  for (const { client_secret } of allClients) if (client_secret) expect(printed).not.toContain(client_secret);
});

it.each([
  ['the first character', (secret: string) => `!${secret.slice(1)}`],
  ['the last character', (secret: string) => `${secret.slice(0, -1)}!`],
  ['one character more', (secret: string) => `${secret}x`],
  ['one character less', (secret: string) => secret.slice(0, -1)],
  ['NUL and more after it', (secret: string) => `${secret}\0x`],
])('GEN-18 a secret that differs by %s is compared whole and refused', async (_name, change) => {
  const server = specServer();
  const send = (client_secret: string) =>
    server.token({ ...good, client_id: 'post-client', client_secret: noteSecret(client_secret) });
  expect((await send(change(secrets.post))).status).toBe(401);
  expect(server.last().reason).toBe('secret_mismatch');
  expect((await send(secrets.post)).status).toBe(200);
});

it('GEN-18 a grant type that is no name is not told: a client that joins parameters wrongly has its secret in it', async () => {
  const server = specServer();
  const reply = await server.token({ grant_type: `client_credentials;client_secret=${secrets.post}` }, headers);
  expect([reply.status, reply.body.error]).toEqual([400, 'unsupported_grant_type']);
  expect(server.last()).toMatchObject({ grant_type: 'malformed', detail: { grant_type: 'malformed' } });
  expect((await server.token({ grant_type: 'urn:example:own' }, headers)).status).toBe(400);
  expect(server.last()).toMatchObject({ grant_type: 'urn:example:own' });
});
