import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from '../../lib/stores/memory.js';
import { breakableStore } from '../support/breakable-store.js';
import { exchange, formType } from '../support/http-exchange.js';
import { basicHeader, issuer } from '../support/methods.js';
import { mintToken } from '../support/mint-token.js';
import { jane, webClient } from '../support/openid-flow.js';
import { refusedAs } from '../support/refresh-flow.js';
import { noteSecret } from '../support/suite-log.js';
import { TokenServer } from '../support/token-world.js';

const { client_secret: secret = '' } = webClient();
const path = '/oauth2/revoke';
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

let server: TokenServer;
beforeEach(() => {
  server = new TokenServer();
});
afterEach(() => server.spec.router.close());

async function reopen(options: ConstructorParameters<typeof TokenServer>[0]): Promise<void> {
  await server.spec.router.close();
  server = new TokenServer(options);
}

/** Status and body of a revocation, with what it told. */
async function revoked(token: string, clientId?: string, more: Record<string, string> = {}) {
  const { status, text, body } = await server.revoke({ token, ...more }, clientId);
  const { outcome, reason } = server.spec.last();
  return status === 200 ? [status, text, outcome] : [status, body.error, reason];
}
const done = [200, '', 'success'];

describe('REV-01 who may revoke', () => {
  it('REV-01 a client that authenticates', async () => {
    const { access_token: token } = await server.first();
    const unauthenticated = { status: 401, error: 'invalid_client', event: 'revocation', outcome: 'failure' };
    const challenge = `Basic realm="${issuer}", error="invalid_client"`;
    const asked = server.revoke({ token });
    expect(await server.refusal(asked)).toEqual({ ...unauthenticated, challenge, reason: 'no_credentials' });
    const named = server.revoke({ token, client_id: 'web' });
    expect(await server.refusal(named)).toEqual({ ...unauthenticated, challenge, reason: 'no_credentials' });
    const wrong = server.revoke({ token }).set('Authorization', basicHeader('web', 'wrong'));
    expect(await server.refusal(wrong)).toEqual({ ...unauthenticated, challenge, reason: 'secret_mismatch' });
    const idle = server.revoke({ token }, 'idle');
    expect(await server.refusal(idle)).toEqual({ ...unauthenticated, challenge, reason: 'client_inactive' });
    expect(await server.alive(token)).toBe(true);
    expect(await revoked(token, 'web')).toEqual(done);
    expect(server.spec.last()).toMatchObject({
      event: 'revocation',
      client_id: 'web',
      method: 'client_secret_basic',
      subject: jane.id,
    });
    expect(await server.alive(token)).toBe(false);
  });

  it('REV-01 a public client by its client_id, for its own tokens', async () => {
    const { access_token, refresh_token } = await server.first({ client_id: 'app' });
    const { access_token: foreign } = await server.first();
    for (const other of ['loud-app', 'still', 'other']) {
      expect([other, ...(await revoked(access_token, other))]).toEqual([
        other,
        400,
        'invalid_request',
        'token_client_mismatch',
      ]);
    }
    // A scope it has registered gives it nothing: it proves nothing.
    expect(await revoked(foreign, 'loud-app')).toEqual([400, 'invalid_request', 'token_client_mismatch']);
    expect([await server.alive(access_token), await server.alive(foreign)]).toEqual([true, true]);
    expect(await revoked(access_token, 'app')).toEqual(done);
    expect(await server.alive(access_token)).toBe(false);
    expect(await revoked(refresh_token, 'app')).toEqual(done);
    expect(await server.verdict(refresh_token, {}, 'app')).toEqual(refusedAs('grant_revoked'));
  });

  it('REV-01 who has revoke_tokens, by registration or by a Bearer token, revokes every token', async () => {
    const [one, two, three] = [await server.first(), await server.first(), await server.first()];
    expect(await revoked(one.access_token, 'janitor')).toEqual(done);
    const held = bearer(await server.ofClient('janitor', 'revoke_tokens'));
    expect((await server.revoke({ token: two.access_token }).set(held)).status).toBe(200);
    expect(server.spec.last()).toMatchObject({ client_id: 'janitor', method: 'bearer', subject: jane.id });
    const poor = server.revoke({ token: three.access_token }).set(bearer(await server.ofClient('janitor', 'read')));
    expect(await server.refusal(poor)).toMatchObject({
      status: 403,
      reason: 'scope_insufficient',
      challenge: expect.stringContaining('scope="revoke_tokens"'),
    });
    const reading = server
      .revoke({ token: three.access_token })
      .set(bearer(await server.ofClient('auditor', 'introspect_tokens')));
    expect(await server.refusal(reading)).toMatchObject({ status: 403, reason: 'scope_insufficient' });
    const alive = await Promise.all([one, two, three].map(({ access_token }) => server.alive(access_token)));
    expect(alive).toEqual([false, false, true]);
  });
});

describe('REV-02 what is no live token', () => {
  it('REV-02 is answered 200 all the same', async () => {
    const { access_token, id_token } = await server.first();
    const code = await server.code({ scope: 'openid' });
    const other = new TokenServer();
    for (const token of [
      'unknown',
      '..',
      'x'.repeat(60_000),
      id_token,
      code,
      `${access_token}x`,
      (await other.first()).refresh_token,
      (await other.first()).access_token,
      await mintToken(server.spec.router, { claims: { client_id: 'web', exp: server.now } }),
      // Nobody learns whose it was.
      await mintToken(server.spec.router, { claims: { client_id: 'other', exp: server.now } }),
    ]) {
      expect(await revoked(token, 'web')).toEqual(done);
    }
    expect(server.spec.last()).not.toHaveProperty('subject');
    expect((await server.redeem(code)).status).toBe(200);
    expect(await server.alive(access_token)).toBe(true);
  });

  it('REV-02 twice is as good as once', async () => {
    const { access_token, refresh_token } = await server.first();
    for (const token of [access_token, access_token, refresh_token, refresh_token]) {
      expect(await revoked(token, 'web')).toEqual(done);
    }
    // Of a revoked one it is no matter whose it was.
    expect(await revoked(access_token, 'other')).toEqual(done);
  });
});

describe('REV-03 a token of another client', () => {
  it.each(['access_token', 'refresh_token'] as const)(
    'REV-03 %s lives on, and the request is refused',
    async (kind) => {
      const tokens = await server.first();
      expect(await revoked(tokens[kind], 'other')).toEqual([400, 'invalid_request', 'token_client_mismatch']);
      expect(server.spec.last().detail).toEqual({ issued_to: 'web', presented_by: 'other' });
      // To see all of them is not to end them.
      expect(await revoked(tokens[kind], 'auditor')).toEqual([400, 'invalid_request', 'token_client_mismatch']);
      expect(await server.alive(tokens.access_token)).toBe(true);
      await server.next(tokens.refresh_token);
      expect(await revoked(tokens[kind], 'web')).toEqual(done);
    },
  );
});

describe.each(['jwt', 'opaque'] as const)('REV-04 what dies with it (%s)', (access_token_format) => {
  beforeEach(async () => {
    await reopen({ access_token_format });
  });

  it('REV-04 a refresh token takes every token of its authorization along, and of no other', async () => {
    const first = await server.first();
    const second = await server.next(first.refresh_token);
    const other = await server.first();
    expect(await revoked(second.refresh_token, 'web')).toEqual(done);
    for (const { access_token } of [first, second]) expect(await server.alive(access_token)).toBe(false);
    expect((await server.userinfo(second.access_token)).status).toBe(401);
    expect(await server.verdict(second.refresh_token)).toEqual(refusedAs('grant_revoked'));
    expect(server.warnings).toContain('grant_revoked');
    expect(await server.alive(other.access_token)).toBe(true);
    await server.next(other.refresh_token);
  });

  it('REV-04 so does one that was replaced: its client may never have got the next', async () => {
    const first = await server.first();
    const second = await server.next(first.refresh_token);
    expect(await revoked(first.refresh_token, 'other')).toEqual([400, 'invalid_request', 'token_client_mismatch']);
    expect(await revoked(first.refresh_token, 'web')).toEqual(done);
    expect(await server.alive(second.access_token)).toBe(false);
    expect(await server.verdict(second.refresh_token)).toEqual(refusedAs('grant_revoked'));
  });

  it('REV-04 so does one that was replaced long ago, as long as its authorization lasts', async () => {
    const { refresh_token: first } = await server.first();
    server.now += 1_000_000;
    const { refresh_token: second } = await server.next(first);
    server.now += 1_000_000;
    expect([await server.knownAbout(first), (await server.knownAbout(second)).active]).toEqual([
      { active: false },
      true,
    ]);
    expect(await revoked(first, 'web')).toEqual(done);
    expect(await server.verdict(second)).toEqual(refusedAs('grant_revoked'));
    server.now += 1_000_000;
    expect(await revoked(second, 'other')).toEqual(done);
  });

  it('REV-04 what a refresh gives at the same moment is dead too', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { refresh_token } = await server.first();
      const [{ body }, { status }] = await Promise.all([
        server.refresh(refresh_token),
        server.revoke({ token: refresh_token }, 'web'),
      ]);
      expect(status).toBe(200);
      for (const token of [body.access_token, body.refresh_token, refresh_token]) {
        if (token !== undefined) expect(await server.knownAbout(noteSecret(token))).toEqual({ active: false });
      }
    }
  });

  it('REV-04 an access token dies alone', async () => {
    const first = await server.first();
    const second = await server.next(first.refresh_token);
    expect(await revoked(first.access_token, 'web')).toEqual(done);
    expect([await server.alive(first.access_token), await server.alive(second.access_token)]).toEqual([false, true]);
    await server.next(second.refresh_token);
    const machine = [await server.ofClient('janitor', 'read'), await server.ofClient('janitor', 'read')] as const;
    expect(await revoked(machine[0], 'janitor')).toEqual(done);
    expect([await server.alive(machine[0]), await server.alive(machine[1])]).toEqual([false, true]);
  });

  it('REV-04 the mark of an access token outlives it', async () => {
    const store = memoryStore();
    const written: [string, number][] = [];
    const spying = new Proxy(store, {
      get(target, name) {
        const member = Reflect.get(target, name, target);
        if (name !== 'set') return typeof member === 'function' ? member.bind(target) : member;
        return (key: string, value: string, ttl: number) => {
          written.push([key, ttl]);
          return target.set(key, value, ttl);
        };
      },
    });
    await reopen({ access_token_format, store: spying });
    const { access_token: token, refresh_token } = await server.first();
    server.now += 600;
    await server.revoke({ token }, 'web');
    expect(written.at(-1)?.[1]).toBe(3060);
    await server.revoke({ token: refresh_token }, 'web');
    // 30 days of the authorization, and an access token from its last second.
    expect(written.at(-1)?.[1]).toBe(2_592_000 - 600 + 3600 + 60);
    // The store learns no token.
    expect(JSON.stringify(written)).not.toContain(token);
    expect(JSON.stringify(written)).not.toContain(refresh_token);
  });
});

describe('REV-05 hints and trouble', () => {
  it.each(['refresh_token', 'access_token', 'id_token', 'constructor'])(
    'REV-05 hint %s is no more than one',
    async (token_type_hint) => {
      const { access_token, refresh_token } = await server.first();
      expect(await revoked(access_token, 'web', { token_type_hint })).toEqual(done);
      expect(await server.alive(access_token)).toBe(false);
      expect(await revoked(refresh_token, 'web', { token_type_hint })).toEqual(done);
      expect(await server.verdict(refresh_token)).toEqual(refusedAs('grant_revoked'));
    },
  );

  it.each(['get', 'set'] as const)(
    'REV-05 GEN-11 while the store cannot %s it is 503, and nothing is said to be done',
    async (verb) => {
      const { store, broken } = breakableStore();
      await reopen({ store });
      const { access_token, refresh_token } = await server.first();
      for (const token of [access_token, refresh_token]) {
        broken.add(verb);
        const { status, body, headers } = await server.revoke({ token }, 'web');
        expect([status, body.error, headers['retry-after']]).toEqual([503, 'temporarily_unavailable', '2']);
        expect(server.spec.last()).toMatchObject({ event: 'revocation', reason: 'store_unavailable' });
        broken.clear();
        expect(await server.knownAbout(token)).toMatchObject({ active: true });
        expect(await revoked(token, 'web')).toEqual(done);
      }
    },
  );

  it('INT-04 GEN-11 introspection never calls active what the store cannot vouch for', async () => {
    const { store, broken } = breakableStore();
    await reopen({ store });
    const { access_token, refresh_token } = await server.first();
    broken.add('get');
    for (const token of [access_token, refresh_token]) {
      const { status, body } = await server.introspect({ token }, 'web');
      expect([status, body.error]).toEqual([503, 'temporarily_unavailable']);
    }
    broken.clear();
  });
});

describe('the request', () => {
  it('REV-01 token is needed', async () => {
    const missing = { status: 400, error: 'invalid_request', reason: 'parameter_missing' };
    expect(await server.refusal(server.revoke({}, 'web'))).toMatchObject(missing);
    expect(await server.refusal(server.revoke({ token: '' }, 'web'))).toMatchObject(missing);
    expect(await revoked('x', 'web')).toEqual(done);
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS'])('GEN-01 %s is 405 and ends nothing', async (method) => {
    const { access_token: token } = await server.first();
    const reply = await exchange(server.spec.router, {
      method,
      path: `${path}?token=${token}`,
      headers: { authorization: basicHeader('web', secret), 'content-type': formType },
      body: `token=${token}`,
    });
    expect([reply.status, reply.headers.allow, reply.headers['cache-control']]).toEqual([405, 'POST', 'no-store']);
    expect(server.spec.last()).toMatchObject({ event: 'revocation', reason: 'method_not_allowed' });
    expect(await server.alive(token)).toBe(true);
  });

  it('GEN-04 GEN-06 GEN-07 GEN-09 parameters once, in the body; unknown ones are ignored; nothing is kept', async () => {
    const { access_token: token } = await server.first();
    const twice = server.revoke(`token=${token}&token=${token}`, 'web');
    expect(await server.refusal(twice)).toMatchObject({ status: 400, reason: 'parameter_repeated' });
    const ask = (query: string, body: string) =>
      exchange(server.spec.router, {
        path: `${path}?${query}`,
        headers: { 'content-type': formType, authorization: basicHeader('web', secret) },
        body,
      });
    expect((await ask(`token=${token}`, 'a=b')).status).toBe(400);
    expect(server.spec.last().reason).toBe('parameter_missing');
    expect((await ask('client_assertion=x', `token=${token}`)).status).toBe(400);
    expect(server.spec.last().reason).toBe('credentials_in_query');
    expect(await server.alive(token)).toBe(true);
    const { status, headers } = await ask('', `token=${token}&client_secret=&callback=f`);
    expect([status, headers['cache-control'], headers['content-length']]).toEqual([200, 'no-store', '0']);
    expect(await server.alive(token)).toBe(false);
  });
});
