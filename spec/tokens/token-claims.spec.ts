import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { OptionsError, type TokenClaims, type TokenClaimsRequest } from '../../index.js';
import { breakableStore } from '../support/breakable-store.js';
import { jane } from '../support/openid-flow.js';
import { redemption } from '../support/refresh-flow.js';
import { TokenServer } from '../support/token-world.js';

let server: TokenServer;
afterEach(() => server?.spec.router.close());

type Options = ConstructorParameters<typeof TokenServer>[0];

/** A server whose hook a spec may change. */
function serverWith(hook: TokenClaims, options: Options = {}) {
  const hooked = { current: hook, asked: [] as TokenClaimsRequest[] };
  server = new TokenServer({
    ...options,
    tokenClaims: (request) => {
      hooked.asked.push(request);
      return hooked.current(request);
    },
  });
  return hooked;
}

const scope = 'openid profile offline_access read';
const verdict = async (pending: PromiseLike<{ status: number; body: Record<string, unknown> }>) => {
  const { status, body } = await pending;
  const { reason, detail } = server.spec.last();
  return { seen: [status, body.error, reason], detail, body };
};
const failed = [500, 'server_error', 'token_claims_failed'];
const late = [503, 'temporarily_unavailable', 'token_claims_timeout'];
const good = [200, undefined, undefined];

describe('claims a host adds', () => {
  const claims = { accessToken: { groups: ['a', 'b'], 'https://example.com/plan': { seats: 3 } }, idToken: { org: 7 } };

  it('stand in access token and ID token, each in its own', async () => {
    const { asked } = serverWith(() => claims);
    const tokens = await server.first({ scope });
    expect(decodeJwt(tokens.access_token)).toMatchObject({ sub: jane.id, ...claims.accessToken });
    expect(decodeJwt(tokens.access_token)).not.toHaveProperty('org');
    expect(decodeJwt(tokens.id_token)).toMatchObject({ sub: jane.id, org: 7, name: jane.name });
    expect(decodeJwt(tokens.id_token)).not.toHaveProperty('groups');
    expect(asked).toEqual([
      {
        kind: 'user',
        client: expect.objectContaining({ client_id: 'web' }),
        user: expect.objectContaining({ id: jane.id, authTime: server.now - 100 }),
        scopes: scope.split(' '),
        grantType: 'authorization_code',
        workspace: { issuer: 'https://as.example.com' },
        signal: expect.any(AbortSignal),
      },
    ]);
    expect(asked[0]?.client).not.toHaveProperty('client_secret');
  });

  it('are asked for anew at a refresh, and for a client that acts for itself', async () => {
    const { asked } = serverWith(({ kind, grantType }) => ({ accessToken: { kind, by: grantType } }));
    const first = await server.first({ scope });
    const second = await server.next(first.refresh_token);
    expect(decodeJwt(second.access_token)).toMatchObject({ kind: 'user', by: 'refresh_token' });
    expect(decodeJwt(await server.ofClient('auditor', 'read'))).toMatchObject({
      kind: 'client',
      by: 'client_credentials',
    });
    expect(asked).toHaveLength(3);
    expect(asked[2]?.user).toBeUndefined();
  });

  it.each(['jwt', 'opaque'] as const)('INT-07 are told by introspection of %s tokens', async (access_token_format) => {
    serverWith(() => claims, { access_token_format });
    const { access_token } = await server.first({ scope });
    expect(await server.knownAbout(access_token)).toMatchObject({ active: true, sub: jane.id, ...claims.accessToken });
  });

  it.each([undefined, null, {}, { accessToken: {} }])('may be none: %j', async (answer) => {
    serverWith(() => answer);
    const plain = decodeJwt(await server.ofClient('auditor', 'read'));
    expect(Object.keys(plain).sort()).toEqual(
      ['aud', 'client_id', 'exp', 'grant_id', 'iat', 'iss', 'jti', 'scope', 'sub', 'sub_type'].sort(),
    );
  });

  it('are what the host answered, not what it makes of it later', async () => {
    const shared = { roles: ['reader'] };
    serverWith(() => ({ accessToken: shared }), { access_token_format: 'opaque' });
    const token = await server.ofClient('auditor', 'read');
    shared.roles.push('admin');
    expect(await server.knownAbout(token)).toMatchObject({ roles: ['reader'] });
  });
});

describe('claims that are refused', () => {
  it.each(
    'iss sub aud exp iat nbf jti client_id scope cnf auth_time nonce at_hash acr amr azp grant_id sub_type dated active token_type'.split(
      ' ',
    ),
  )('%s is ours to set, in either token', async (claim) => {
    const hooked = serverWith(() => ({ accessToken: { [claim]: 'x' } }));
    for (const member of ['accessToken', 'idToken']) {
      hooked.current = () => ({ [member]: { fine: 1, [claim]: 'x' } });
      const { seen, detail, body } = await verdict(server.redeem(await server.code({ scope })));
      expect(seen).toEqual(failed);
      expect(detail).toMatchObject({ member, claim });
      expect(JSON.stringify(body)).not.toContain(claim === 'scope' ? '"scope"' : `"${claim}"`);
    }
    hooked.current = () => ({ accessToken: { [`x_${claim}`]: 'x' } });
    expect((await verdict(server.redeem(await server.code({ scope })))).seen).toEqual(good);
  });

  const circle: unknown[] = [];
  circle.push(circle);
  it.each<[string, unknown]>([
    ['a function', () => 1],
    ['undefined', undefined],
    ['a bigint', 1n],
    ['not a number', Number.NaN],
    ['an infinity', [1, Number.POSITIVE_INFINITY]],
    ['a date', new Date(0)],
    ['a map', { a: new Map() }],
    ['a symbol', Symbol('x')],
    ['something that holds itself', circle],
  ])('a value that JSON has not: %s', async (_title, value) => {
    serverWith(() => ({ accessToken: { odd: value } }));
    const { seen, detail } = await verdict(server.as('auditor', { grant_type: 'client_credentials' }));
    expect(seen).toEqual(failed);
    expect(detail).toMatchObject({ claim: 'odd' });
  });

  it('more than 4096 octets', async () => {
    const hooked = serverWith(() => ({ accessToken: { x: 'é'.repeat(2040) } }));
    const ask = () => verdict(server.as('auditor', { grant_type: 'client_credentials' }));
    expect((await ask()).seen).toEqual(good);
    hooked.current = () => ({ accessToken: { x: 'é'.repeat(2050) } });
    const { seen, detail } = await ask();
    expect([seen, detail]).toEqual([failed, expect.objectContaining({ member: 'accessToken', size: 4108 })]);
  });

  it.each<[string, unknown]>([
    ['a list', []],
    ['text', 'groups'],
    ['claims beside the tokens', { groups: ['a'] }],
    ['claims that are a list', { accessToken: ['a'] }],
    ['claims that are null', { idToken: null }],
    ['a name that reaches the prototype', JSON.parse('{"accessToken":{"__proto__":{"scope":"write"}}}')],
  ])('an answer of another shape: %s', async (_title, answer) => {
    serverWith(() => answer as never);
    expect((await verdict(server.as('auditor', { grant_type: 'client_credentials' }))).seen).toEqual(failed);
  });

  it('wrong options are named', () => {
    expect(() => serverWith('x' as never, { tokenClaims: 1 as never, token_claims_timeout: 0 })).toThrow(OptionsError);
    expect(() => new TokenServer({ tokenClaims: 1 as never })).toThrow('tokenClaims: must be a function');
    expect(() => new TokenServer({ token_claims_timeout: 60 })).toThrow('token_claims_timeout');
  });
});

describe('a hook that fails', () => {
  const boom = () => Promise.reject(new Error('the directory is down'));
  const never = () => new Promise<never>(() => undefined);

  it.each<[string, TokenClaims, unknown[]]>([
    ['rejects', boom, failed],
    [
      'throws',
      () => {
        throw new RangeError('no');
      },
      failed,
    ],
    ['takes too long', never, late],
  ])('that %s gives nothing and uses nothing up', async (_title, hook, expected) => {
    const hooked = serverWith(hook, { token_claims_timeout: 0.05 });
    const code = await server.code({ scope });
    const first = await verdict(server.redeem(code));
    expect(first.seen).toEqual(expected);
    expect(first.body).not.toHaveProperty('access_token');
    expect(JSON.stringify(first.body)).not.toContain('directory');

    hooked.current = () => ({});
    const redeemed = await verdict(server.redeem(code));
    expect(redeemed.seen).toEqual(good);
    const token = String(redeemed.body.refresh_token);

    hooked.current = hook;
    expect((await verdict(server.refresh(token))).seen).toEqual(expected);
    hooked.current = () => ({});
    expect((await verdict(server.refresh(token))).seen).toEqual(good);
  });

  it('is told its time is over, and may then end as it likes', async () => {
    let aborted = false;
    serverWith(
      ({ signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('too late'));
          });
        }),
      { token_claims_timeout: 0.02 },
    );
    const reply = await server.as('auditor', { grant_type: 'client_credentials' });
    expect([reply.status, reply.headers['retry-after'], aborted]).toEqual([503, '2', true]);
    expect(server.spec.last().detail).toEqual({ timeout: 0.02 });
  });

  it('leaves the cause to the operator', async () => {
    serverWith(boom);
    await server.as('auditor', { grant_type: 'client_credentials' });
    expect(server.spec.last()).toMatchObject({ cause: expect.objectContaining({ message: 'the directory is down' }) });
  });

  it('ACG-04 hides no replay of a code', async () => {
    const hooked = serverWith(() => ({}));
    const code = await server.code({ scope });
    const { body } = await verdict(server.redeem(code));
    hooked.current = boom;
    expect((await verdict(server.redeem(code))).seen).toEqual([400, 'invalid_grant', 'code_used']);
    expect(await server.alive(String(body.access_token))).toBe(false);
  });

  it('hides no reuse of a refresh token, and gives nothing in the grace time', async () => {
    const hooked = serverWith(() => ({}));
    const first = await server.first({ scope });
    await server.next(first.refresh_token);
    hooked.current = boom;
    expect((await verdict(server.refresh(first.refresh_token))).seen).toEqual(failed);
    server.now += 11;
    expect((await verdict(server.refresh(first.refresh_token))).seen).toEqual([
      400,
      'invalid_grant',
      'refresh_token_reused',
    ]);
    expect(server.warnings).toContain('refresh_token_reused');
  });

  it('is not asked for whoever will not get tokens', async () => {
    const { asked } = serverWith(() => ({}));
    const code = await server.code({ scope });
    const wrong = await verdict(server.as('web', { ...redemption(code), code_verifier: 'x'.repeat(43) }));
    expect(wrong.seen).toEqual([400, 'invalid_grant', 'verifier_mismatch']);
    const second = await server.code({ scope });
    server.users.set(jane.id, { ...jane, status: 'inactive' });
    const gone = await verdict(server.redeem(second));
    expect(gone.seen).toEqual([400, 'invalid_grant', 'user_inactive']);
    expect(asked).toEqual([]);
  });

  it('ACG-03 fifty at once still redeem a code once', async () => {
    serverWith(async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return { accessToken: { n: 1 } };
    });
    const code = await server.code({ scope });
    const replies = await Promise.all(Array.from({ length: 50 }, () => server.redeem(code)));
    const statuses = replies.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...new Array(49).fill(400)]);
  });

  it('GEN-11 a store that is down as well is told as what it is', async () => {
    const { store, broken } = breakableStore();
    serverWith(boom, { store });
    const code = await server.code({ scope });
    broken.add('get');
    expect((await verdict(server.redeem(code))).seen).toEqual([503, 'temporarily_unavailable', 'store_unavailable']);
  });
});
