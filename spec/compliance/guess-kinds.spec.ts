import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { openStore } from '../../index.js';
import { blocked, guessWorld, right } from '../support/guess-world.js';
import { type Answer, fieldOf, jane, john, LoginServer, Visitor } from '../support/login-flow.js';
import { basicHeader, clientPerMethod, newSecret } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';

const here = { 'x-forwarded-for': '203.0.113.7' };
const elsewhere = { 'x-forwarded-for': '198.51.100.9' };
const trusted_proxies = [{ cidr: '127.0.0.0/8', client_certificate: 'nginx' as const }];
const three = { max_attempts: 3 };

describe('GEN-17 block_duration', () => {
  const rate_limits = { client: { max_attempts: 5, period: 60, block_duration: 300 } };

  it('GEN-17 outlives the period, and not itself', async () => {
    const { guess, ask, clock } = guessWorld({ rate_limits });
    await guess(5);
    expect((await ask('basic-client', right)).reply.headers['retry-after']).toBe('300');
    clock.now += 299_999;
    expect((await ask('basic-client', right)).verdict).toEqual(blocked);
    clock.now += 1;
    expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
    await guess(4);
  });

  it('GEN-17 may be shorter than the period: a guess each time', async () => {
    const { guess, ask, clock } = guessWorld({ rate_limits: { client: { max_attempts: 5, block_duration: 10 } } });
    await guess(5);
    clock.now += 10_000;
    expect((await ask('basic-client', 'wrong')).verdict).toEqual(blocked);
    clock.now += 9_999;
    expect((await ask('basic-client', right)).verdict).toEqual(blocked);
    clock.now += 1;
    expect((await ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });

  it('GEN-17 holds in a process that hears of it in a later period', async () => {
    const store = await openStore('memory:?acknowledge=single-process');
    const [one, two] = [guessWorld({ store, rate_limits }), guessWorld({ store, rate_limits })];
    await one.guess(5);
    two.clock.now += 90_000;
    const { reply, verdict } = await two.ask('basic-client', 'wrong');
    expect([verdict, reply.headers['retry-after']]).toEqual([blocked, '210']);
    expect((await two.ask('basic-client', right)).verdict).toEqual(blocked);
    expect((await two.ask('basic-client', right, '198.51.100.9')).verdict).toEqual([200, 'ok']);
  });
});

describe('GEN-17 one-time codes in browsers', () => {
  let server: LoginServer;
  afterEach(() => server.stop());

  const open = async (one_time_code = three) => {
    server = await new LoginServer({ trusted_proxies, rate_limits: { one_time_code } }).start();
    return new Visitor(server);
  };
  const ask = async (visitor: Visitor, email = john.email!) => {
    const page = await visitor.get('/login', here);
    return visitor.post('/login', { form: fieldOf(page, 'form'), email }, here);
  };
  const type = async (visitor: Visitor, page: Answer, code: string, from = here) => {
    const answer = await visitor.post('/login', { form: fieldOf(page, 'form'), code }, from);
    return { answer, verdict: [answer.status, server.lastReason] };
  };
  const wrongOf = (code: string) => String((Number(code[0]) + 1) % 10) + code.slice(1);

  it('GEN-17 GAC-05 of several people from one address end with 429, for the right one too', async () => {
    const visitor = await open();
    const [ofJohn, ofJane] = [await ask(visitor), await ask(visitor, jane.email)];
    const [first, second] = [await server.mail(1), await server.mail(2)];
    for (const [page, { code }] of [[ofJohn, first] as const, [ofJane, second] as const, [ofJohn, first] as const]) {
      expect((await type(visitor, page, wrongOf(code))).verdict).toEqual([400, 'otc_mismatch']);
    }
    const { answer, verdict } = await type(visitor, ofJohn, first.code);
    expect(verdict).toEqual([429, 'code_guesses_exceeded']);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(answer.text).toContain('Too many requests have failed. Try again later.');
    expect((await type(visitor, ofJohn, first.code, elsewhere)).verdict).toEqual([303, 'success']);
  });

  it('GEN-17 leave the link of the mail alone, which nobody guesses', async () => {
    const visitor = await open();
    const page = await ask(visitor);
    const { code, link } = await server.mail(1);
    for (let time = 0; time < 3; time += 1) await type(visitor, page, wrongOf(code));
    expect((await type(visitor, page, code)).verdict[0]).toBe(429);
    const shown = await visitor.get(link, here);
    expect((await visitor.post('/login/link', { form: fieldOf(shown, 'form') }, here)).status).toBe(303);
  });

  it('GEN-17 count alike for people who are there and who are not, whatever is left of a code', async () => {
    const seen = [];
    for (const email of [john.email!, 'nobody@example.com']) {
      const visitor = await open({ max_attempts: 7 });
      const page = await ask(visitor, email);
      await server.quiet();
      const verdicts = [];
      for (let time = 0; time < 8; time += 1) verdicts.push((await type(visitor, page, '00000000')).answer.status);
      seen.push(verdicts);
      if (email === john.email) await server.stop();
    }
    expect(seen[0]).toEqual([400, 400, 400, 400, 400, 400, 400, 429]);
    expect(seen[1]).toEqual(seen[0]);
  });

  it('GEN-17 GAC-08 at the authorization endpoint end with a page, and not at the client', async () => {
    const visitor = await open();
    const { extendedCode } = await server.generate(john);
    const wrong = btoa(`${john.id}:0000000000`).replace(/=+$/, '');
    const present = (authentication_code: string | undefined, from = here) =>
      visitor.get(authorizeUrlWith(authentication_code), from);
    for (let time = 0; time < 3; time += 1) expect((await present(wrong)).status).toBe(200);
    const refused = await present(extendedCode);
    expect([refused.status, refused.location, server.lastReason]).toEqual([429, undefined, 'code_guesses_exceeded']);
    expect(refused.headers.get('retry-after')).not.toBeNull();
    expect((await present(undefined)).status).toBe(200);
    const asked = await present(extendedCode, elsewhere);
    expect([asked.status, asked.text.includes('Web Shop'), server.lastReason]).toEqual([200, true, 'success']);
  });

  it('GEN-17 are not counted with 0', async () => {
    const visitor = await open({ max_attempts: 0 });
    const page = await ask(visitor, 'nobody@example.com');
    for (let time = 0; time < 8; time += 1) {
      expect((await type(visitor, page, '00000000')).verdict).toEqual([400, 'otc_unknown_user']);
    }
  });
});

const authorizeUrlWith = (authentication_code: string | undefined) => {
  const query = new URLSearchParams({
    client_id: 'web',
    response_type: 'code',
    redirect_uri: 'https://app.example/cb',
    scope: 'read',
    state: 's1',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
    ...(authentication_code !== undefined && { authentication_code: noteSecret(authentication_code) }),
  });
  return `/oauth2/authorize?${query}`;
};

describe('GEN-17 initial access tokens', () => {
  const initial = newSecret();
  const open = (registration?: { max_attempts: number }) =>
    guessWorld({
      registration: { enabled: true, initial_access_tokens: [initial] },
      rate_limits: registration && { registration },
    });
  const register = async ({ server }: ReturnType<typeof guessWorld>, token: string) => {
    const sent = request(server.router)
      .post('/oauth2/register')
      .set({ ...here, Authorization: `Bearer ${token}` });
    const reply = await sent.send({ grant_types: ['client_credentials'] });
    return [reply.status, server.last().reason ?? 'ok'];
  };

  it('GEN-17 DCR-02 have a limit of their own, which keeps no client out', async () => {
    const world = open(three);
    for (let time = 0; time < 3; time += 1) {
      expect(await register(world, newSecret())).toEqual([401, 'initial_token_unknown']);
    }
    expect(await register(world, initial)).toEqual([429, 'registration_guesses_exceeded']);
    expect((await world.ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });

  it.each<[string, { max_attempts: number } | undefined, unknown[]]>([
    ['20 a minute unless said otherwise', undefined, [429, 'registration_guesses_exceeded']],
    ['any number with 0', { max_attempts: 0 }, [201, 'ok']],
  ])('GEN-17 DCR-02 may be wrong %s', async (_what, limit, verdict) => {
    const world = open(limit);
    for (let time = 0; time < 20; time += 1) {
      expect(await register(world, newSecret())).toEqual([401, 'initial_token_unknown']);
    }
    expect(await register(world, initial)).toEqual(verdict);
  });
});

describe('GEN-17 access tokens', () => {
  const open = () => guessWorld({ rate_limits: { access_token: three } });
  const call = async ({ server }: ReturnType<typeof guessWorld>, path: string, token: string) => {
    const sent = request(server.router).post(path).type('form');
    const reply = await sent.set({ ...here, Authorization: `Bearer ${token}` }).send({ token: 'x' });
    return [reply.status, reply.body.error, server.last().reason ?? 'ok', reply.headers['retry-after']];
  };

  it('GEN-17 by which clients call introspection and revocation are one count', async () => {
    const world = open();
    const unknown = [401, 'invalid_token', 'token_unknown', undefined];
    for (const path of ['/oauth2/introspect', '/oauth2/revoke', '/oauth2/introspect']) {
      expect(await call(world, path, newSecret())).toEqual(unknown);
    }
    for (const path of ['/oauth2/introspect', '/oauth2/revoke']) {
      expect(await call(world, path, newSecret())).toEqual([429, 'too_many_requests', 'token_guesses_exceeded', '60']);
    }
    expect((await world.ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });

  it('GEN-17 that others bring to a client, and it to userinfo or introspection, shut it out nowhere', async () => {
    const world = open();
    const headers = { ...here, Authorization: basicHeader('basic-client', right) };
    for (let time = 0; time < 5; time += 1) {
      expect((await call(world, '/userinfo', newSecret()))[2]).toBe('token_unknown');
      const asked = request(world.server.router).post('/oauth2/introspect').type('form').set(headers);
      expect((await asked.send({ token: newSecret() })).body).toEqual({ active: false });
    }
  });
});

describe('GEN-17 authorization codes', () => {
  const open = () => guessWorld({ rate_limits: { grant: three } });
  const redeem = async ({ server }: ReturnType<typeof guessWorld>, more: object, headers: object) => {
    const code = newSecret();
    const form = { grant_type: 'authorization_code', code, redirect_uri: 'https://app.example.com/callback', ...more };
    const reply = await server.token(form, { 'X-Forwarded-For': '203.0.113.7', ...headers });
    return [reply.status, server.last().reason ?? 'ok'];
  };

  it('GEN-17 that nobody knows are counted where anybody can try them', async () => {
    const world = open();
    const named = { client_id: 'public-client' };
    for (let time = 0; time < 3; time += 1) expect(await redeem(world, named, {})).toEqual([400, 'code_unknown']);
    expect(await redeem(world, named, {})).toEqual([429, 'grant_guesses_exceeded']);
    expect(await redeem(world, named, { 'X-Forwarded-For': '198.51.100.9' })).toEqual([400, 'code_unknown']);
    expect((await world.ask('basic-client', right)).verdict).toEqual([200, 'ok']);
  });

  it('GEN-17 that a client passes on which has proven who it is shut it out never: browsers bring them', async () => {
    const redirect_uris = ['https://app.example.com/callback'];
    const client = { ...clientPerMethod.client_secret_basic, grant_types: ['authorization_code'], redirect_uris };
    const world = guessWorld({ rate_limits: { grant: three, source: three }, clients: [client] as never });
    const proven = { Authorization: basicHeader('basic-client', right) };
    for (let time = 0; time < 6; time += 1) expect(await redeem(world, {}, proven)).toEqual([400, 'code_unknown']);
  });
});
