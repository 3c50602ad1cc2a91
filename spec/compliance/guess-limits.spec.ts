import type { IncomingMessage, RequestListener } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { authenticateClient, clientSecretBasic, openStore } from '../../index.js';
import { breakableStore } from '../support/breakable-store.js';
import { blocked, guessLimits, guessWorld, right } from '../support/guess-world.js';
import { exchange } from '../support/http-exchange.js';
import { allClients, basicHeader, issuer, newSecret } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

describe('GEN-17 guessing one client from one address', () => {
  it('GEN-17 ends with 429 and Retry-After, for the right secret too', async () => {
    const { ask, guess, clock } = guessWorld();
    clock.now += 20_000;
    await guess(5);
    const { reply, verdict } = await ask('basic-client', right);
    expect(verdict).toEqual(blocked);
    expect(reply.headers['retry-after']).toBe('40');
    expect(reply.body).toEqual({
      error: 'too_many_requests',
      error_description: 'Too many requests have failed. Try again later.',
    });
  });

  it('GEN-17 goes on when the time is over, and not a second before', async () => {
    const { ask, guess, clock } = guessWorld();
    await guess(5);
    clock.now += 59_999;
    expect((await ask('basic-client', right)).verdict).toEqual(blocked);
    clock.now += 1;
    expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });

  it('GEN-17 never keeps the client out elsewhere, nor other clients there', async () => {
    const { ask, guess } = guessWorld();
    await guess(5);
    expect((await ask('basic-client', right, '198.51.100.9')).verdict).toEqual([200, 'ok']);
    const other = await ask('nobody', 'wrong');
    expect(other.verdict).toEqual([401, 'unknown_client']);
  });

  it('GEN-17 is the same for a client that is not there, so that 429 tells nothing', async () => {
    const { ask, guess } = guessWorld();
    await guess(5, 'nobody');
    expect((await ask('nobody', 'wrong')).verdict).toEqual(blocked);
  });

  it('GEN-17 is not reached by failures that are no guesses, nor by success', async () => {
    const { server, ask, guess } = guessWorld();
    await guess(4);
    for (let time = 0; time < 20; time += 1) {
      const sent = {
        Authorization: `Basic ${Buffer.from('basic-client').toString('base64')}`,
        'X-Forwarded-For': '203.0.113.7',
      };
      expect((await server.token({ grant_type: 'client_credentials' }, sent)).status).toBe(401);
      expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
    }
    await guess(1);
    expect((await ask('basic-client', right)).verdict).toEqual(blocked);
  });

  it('GEN-17 counts 50 at once, and blocks afterwards', async () => {
    const { ask } = guessWorld();
    const replies = await Promise.all(Array.from({ length: 50 }, () => ask('basic-client', 'wrong')));
    expect(replies.filter(({ reply }) => reply.status === 401)).toHaveLength(5);
    expect(replies.filter(({ reply }) => reply.status === 429)).toHaveLength(45);
    expect((await ask('basic-client', right)).verdict).toEqual(blocked);
  });
});

describe('GEN-17 guessing many clients from one address', () => {
  it('GEN-17 ends with 429 for all of them, and for nobody elsewhere', async () => {
    const { ask, guess } = guessWorld();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await guess(2, name);
    expect((await ask('basic-client', right)).verdict).toEqual([429, 'source_guesses_exceeded']);
    expect((await ask('basic-client', right, '203.0.113.8')).verdict).toEqual([200, 'ok']);
  });
});

describe('GEN-17 the address', () => {
  it.each([
    ['the last that the proxy wrote', '203.0.113.7', '198.51.100.1, 203.0.113.7', true],
    ['not what the caller wrote before it', '203.0.113.7', '203.0.113.7, 198.51.100.1', false],
    ['a /64 of IPv6', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
    ['however it is written', '2001:db8::1', '2001:0DB8:0:0:1:2:3:4', true],
    ['not another /64', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
    ['IPv4 in IPv6', '203.0.113.7', '::ffff:203.0.113.7', true],
    ['IPv4 in IPv6, in groups', '203.0.113.7', '::FFFF:cb00:7107', true],
    ['not another IPv4 in IPv6', '::ffff:cb00:7107', '::ffff:cb00:7108', false],
    ['IPv4 that came through NAT64 (RFC 6052 2.1)', '203.0.113.7', '64:ff9b::cb00:7107', true],
    ['not another that came through NAT64', '64:ff9b::cb00:7107', '64:ff9b::203.0.113.8', false],
    ['with a port', '203.0.113.7', '203.0.113.7:4711', true],
  ])('GEN-17 is %s', async (_what, first, second, same) => {
    const { ask, guess } = guessWorld();
    await guess(5, 'basic-client', first);
    expect((await ask('basic-client', right, second)).reply.status).toBe(same ? 429 : 200);
  });

  it("GEN-17 is nobody's when the proxy does not say: its own would be everybody's", async () => {
    const { server, guess, ask } = guessWorld();
    await guess(8, 'basic-client', 'unknown');
    for (let time = 0; time < 8; time += 1) {
      const sent = { Authorization: basicHeader('basic-client', 'wrong') };
      expect((await server.token({ grant_type: 'client_credentials' }, sent)).status).toBe(401);
    }
    expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });

  it("GEN-17 is the peer's where no proxy is trusted, whatever it writes", async () => {
    const { guess, ask } = guessWorld({ trusted_proxies: [] });
    for (const from of ['1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4', '5.5.5.5']) await guess(1, 'basic-client', from);
    expect((await ask('basic-client', right, '6.6.6.6')).verdict).toEqual(blocked);
  });
});

describe('GEN-17 the settings', () => {
  it('GEN-17 switch it off, whole or in part', async () => {
    const off = [
      { enabled: false, ...guessLimits },
      { client: { max_attempts: 0 }, source: { max_attempts: 0 } },
    ];
    for (const rate_limits of off) {
      const { guess, ask } = guessWorld({ rate_limits });
      await guess(20);
      expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
    }
  });

  it('GEN-17 are on unless said otherwise: 100 failures of a client within a minute', async () => {
    const { guess, ask } = guessWorld({ rate_limits: undefined });
    await guess(100);
    expect((await ask('basic-client', right)).verdict).toEqual(blocked);
  });

  it('GEN-17 that make no sense are a mistake at start', () => {
    const wrong = { client: { max_attempts: -1 } };
    expect(() => specServer({ rate_limits: wrong })).toThrow('rate_limits.client.max_attempts');
    expect(() => specServer({ rate_limits: { hourly: 1 } as never })).toThrow('rate_limits.hourly');
  });
});

describe('GEN-17 several processes', () => {
  it('GEN-17 count together: one that has not heard compares one guess more', async () => {
    const store = await openStore('memory:?acknowledge=single-process');
    const [one, two] = [guessWorld({ store }), guessWorld({ store })];
    await one.guess(5);
    expect((await two.ask('basic-client', 'wrong')).verdict).toEqual(blocked);
    expect((await two.ask('basic-client', right)).verdict).toEqual(blocked);
  });

  it('GEN-17 do not compare for free when the store cannot count', async () => {
    const { store, broken } = breakableStore();
    const { ask } = guessWorld({ store });
    broken.add('increment');
    expect((await ask('basic-client', 'wrong')).verdict).toEqual([503, 'store_unavailable']);
    expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });
});

it('GEN-17 holds at every endpoint that takes a secret, as one count', async () => {
  const { server, ask, guess } = guessWorld();
  await guess(2);
  const headers = { authorization: basicHeader('basic-client', 'wrong'), 'x-forwarded-for': '203.0.113.7' };
  for (const path of ['/oauth2/introspect', '/oauth2/revoke', '/oauth2/par']) {
    expect((await exchange(server.router, { path, headers, body: 'token=x' })).status).toBe(401);
  }
  expect((await ask('basic-client', right)).verdict).toEqual(blocked);
  for (const path of ['/oauth2/introspect', '/oauth2/revoke', '/oauth2/par']) {
    const reply = await exchange(server.router, { path, headers, body: 'token=x' });
    expect([reply.status, reply.json().error]).toEqual([429, 'too_many_requests']);
  }
});

it('GEN-17 holds on a route of the host too', async () => {
  const guard = authenticateClient({
    issuer,
    clients: allClients,
    strategies: [clientSecretBasic()],
    store: await openStore('memory:?acknowledge=single-process'),
    rate_limits: { client: { max_attempts: 3, period: 3600 } },
  });
  const handler: RequestListener = (message: IncomingMessage, response) =>
    void guard(message, response, () => response.end('in'));
  const ask = (secret: string) => request(handler).get('/').set('Authorization', basicHeader('basic-client', secret));
  expect((await ask(right)).text).toBe('in');
  for (let time = 0; time < 3; time += 1) expect((await ask('wrong')).status).toBe(401);
  const reply = await ask(right);
  expect([reply.status, Number(reply.headers['retry-after']) > 0]).toEqual([429, true]);
});

describe('GEN-17 guessing what registration is opened by', () => {
  const [initial, members] = [newSecret(), { grant_types: ['client_credentials'] }];
  const open = () => guessWorld({ registration: { enabled: true, initial_access_tokens: [initial] } });
  const call = async (
    { server }: ReturnType<typeof guessWorld>,
    method: 'post' | 'get',
    path: string,
    token: string,
  ) => {
    const sent = request(server.router)[method](`/oauth2/register${path}`).set('Authorization', `Bearer ${token}`);
    const reply = await sent.set('X-Forwarded-For', '203.0.113.7').send(method === 'post' ? members : undefined);
    return [reply.status, server.last().reason ?? 'ok', reply.headers['retry-after']];
  };

  it('GEN-17 DCR-02 ends with 429, for the right initial access token too', async () => {
    const guessed = open();
    for (let time = 0; time < 12; time += 1) {
      expect((await call(guessed, 'post', '', newSecret())).slice(0, 2)).toEqual([401, 'initial_token_unknown']);
    }
    expect(await call(guessed, 'post', '', initial)).toEqual([429, 'source_guesses_exceeded', '60']);
    guessed.clock.now += 60_000;
    expect((await call(guessed, 'post', '', initial)).slice(0, 2)).toEqual([201, 'ok']);
  });

  it('GEN-17 DCR-09 is the same for the registration access token of a client that is there, and of none', async () => {
    const guessed = open();
    const known = await guessed.server.router.workspaces[0]!.directory.add({ grant_types: ['client_credentials'] });
    noteSecret(known.secret?.value ?? '');
    for (const id of [known.parsed.client_id, 'f'.repeat(32)]) {
      for (let time = 0; time < 5; time += 1) {
        const verdict = await call(guessed, 'get', `/${id}`, newSecret());
        expect(verdict.slice(0, 2)).toEqual([401, 'registration_token_unknown']);
      }
      expect(await call(guessed, 'get', `/${id}`, newSecret())).toEqual([429, 'client_guesses_exceeded', '60']);
    }
  });
});
