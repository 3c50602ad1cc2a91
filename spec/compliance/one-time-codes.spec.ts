import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { OtpSettingsInput } from '../../index.js';
import { app, appSecret, type IdentityWorld, identityWorld, jane, john, wrongOf } from '../support/identity-world.js';

let world: IdentityWorld;
beforeEach(() => {
  world = identityWorld();
});

/** Status, error, private reason of a password grant. */
async function outcome(password: string, more: Record<string, string> = {}, workspace = 'demo') {
  const client = { grant_type: 'password', client_id: 'app', client_secret: appSecret };
  const { status, body } = await world.token(
    { ...client, username: 'johndoe@example.com', password, ...more },
    workspace,
  );
  return [status, body.error, world.last().reason];
}
const right = [200, undefined, undefined];
const refused = (reason: string) => [400, 'invalid_grant', reason];
const with6 = (more: object = {}): OtpSettingsInput => ({ authentication: { length: 6, ...more } });

describe('GAC-04 how codes are made', () => {
  it('GAC-04 eight digits and ten minutes when nobody says otherwise', async () => {
    const { code } = await world.generate();
    expect(code).toMatch(/^\d{8}$/);
    world.ahead = 599_000;
    expect(await outcome(wrongOf(code))).toEqual(refused('otc_mismatch'));
    world.ahead = 600_001;
    expect(await outcome(code)).toEqual(refused('otc_expired'));
  });

  it('GAC-04 length and time are the pool’s own', async () => {
    world = identityWorld({ otp: with6({ ttl: 30 }) });
    const { code } = await world.generate();
    expect(code).toMatch(/^\d{6}$/);
    expect((await world.generate({ address: 'johndoe@example.com' }, 'partners')).code).toMatch(/^\d{8}$/);
    world.ahead = 29_000;
    expect(await outcome(code)).toEqual(right);
    const late = await world.generate();
    world.ahead += 31_000;
    expect(await outcome(late.code)).toEqual(refused('otc_expired'));
  });

  it('GAC-04 the settings of another type do not count', async () => {
    world = identityWorld({ otp: { challenge: { length: 12 } } });
    expect((await world.generate()).code).toMatch(/^\d{8}$/);
  });

  it.each<[string, OtpSettingsInput, string]>([
    ['five digits', { authentication: { length: 5 } }, 'pools[0].otp_settings.authentication.length'],
    ['no time at all', { authentication: { ttl: 0 } }, 'pools[0].otp_settings.authentication.ttl'],
    [
      'attempts without end',
      { authentication: { max_attempts: 0 } },
      'pools[0].otp_settings.authentication.max_attempts',
    ],
    ['an unknown type', { colour: {} } as OtpSettingsInput, 'pools[0].otp_settings'],
  ])('GAC-04 a pool with %s does not start', (_what, otp, path) => {
    expect(() => identityWorld({ otp })).toThrow(path);
  });

  it('GAC-04 the store knows no code, in clear or by a hash that anybody could make', async () => {
    const [workspace] = world.router.workspaces;
    const { code, extended_code } = await world.generate();
    const pool = world.router.workspaces.find(({ name }) => name === 'demo')?.pool;
    expect(pool?.name).toBe('staff');
    const unkeyed = ['hex', 'base64', 'base64url'] as const;
    const hashes = unkeyed.flatMap((encoding) =>
      [code, extended_code, `${john.id}:${code}`].map((text) => createHash('sha256').update(text).digest(encoding)),
    );
    const found: string[] = [];
    // The codes of the pool stand beside what the tenant's system workspace keeps.
    for await (const { key, value } of workspace?.store.scan('') ?? []) found.push(key, value);
    const all = found.join('\n');
    expect(all).toContain('pool/staff/otc/authentication/');
    for (const secret of [code, extended_code, ...hashes]) expect(all).not.toContain(secret);
  });

  it('GAC-04 a new code kills the older one, and the budget of guesses is not renewed', async () => {
    world = identityWorld({ otp: { authentication: { daily_attempts: 6 } } });
    const first = await world.generate();
    for (let guess = 0; guess < 4; guess += 1)
      expect(await outcome(wrongOf(first.code))).toEqual(refused('otc_mismatch'));
    const second = await world.generate();
    expect(await outcome(first.extended_code)).toEqual(refused('otc_mismatch'));
    expect(await outcome(wrongOf(second.code))).toEqual(refused('otc_mismatch'));
    expect(await outcome(second.code)).toEqual(refused('otc_attempts_spent'));
    const reply = await world.identity('code/generate', { type: 'authentication', identifier: 'johndoe' });
    expect(reply.status).toBe(429);
  });
});

describe('GAC-05 one use, few guesses', () => {
  it('GAC-05 a code is used once, plain or extended', async () => {
    const { code, extended_code } = await world.generate();
    expect(await outcome(extended_code)).toEqual(right);
    expect(await outcome(extended_code)).toEqual(refused('otc_used'));
    expect(await outcome(code)).toEqual(refused('otc_used'));
  });

  it('GAC-05 five wrong guesses kill it, for the right value too; four do not', async () => {
    for (const [guesses, expected] of [
      [4, right],
      [5, refused('otc_exhausted')],
    ] as const) {
      const { code, extended_code } = await world.generate();
      for (let guess = 0; guess < guesses; guess += 1)
        expect(await outcome(wrongOf(code))).toEqual(refused('otc_mismatch'));
      expect(await outcome(extended_code)).toEqual(expected);
    }
  });

  it('GAC-05 guesses by token request, by verify and by extended code are counted together', async () => {
    const { code } = await world.generate();
    const wrong = Buffer.from(`${john.id}:${wrongOf(code)}`).toString('base64url');
    const verify = (text: string) =>
      world.identity('authentication-code/verify', { code: text, identifier: 'johndoe' });
    expect(await outcome(wrong)).toEqual(refused('otc_mismatch'));
    expect((await verify(wrongOf(code))).status).toBe(422);
    expect((await verify(wrong)).status).toBe(422);
    expect(await outcome(wrongOf(code), { client_id: 'other-app' })).toEqual(refused('otc_mismatch'));
    expect(await outcome(wrongOf(code), {}, 'second')).toEqual(refused('otc_mismatch'));
    expect((await verify(code)).status).toBe(422);
    expect(world.last().reason).toBe('otc_exhausted');
  });

  it('GAC-05 twenty wrong guesses a day: 429 with Retry-After at generation, invalid_grant at the token endpoint', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { code } = await world.generate();
      for (let guess = 0; guess < 5; guess += 1) await outcome(wrongOf(code));
    }
    const reply = await world.identity('code/generate', { type: 'authentication', identifier: 'johndoe' });
    expect([reply.status, reply.body.error, world.last().reason]).toEqual([
      429,
      'too_many_requests',
      'otc_budget_spent',
    ]);
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(86_300);
    expect(Number(reply.headers['retry-after'])).toBeLessThanOrEqual(86_400);
    expect(await outcome('00000000')).toEqual(refused('otc_attempts_spent'));
    // Nobody else pays for it: another user, and the same person in another pool.
    const ofJane = await world.generate({ userID: jane.id });
    expect(await outcome(ofJane.code, { username: 'jane' })).toEqual(right);
    const partners = await world.generate({ identifier: 'johndoe' }, 'partners');
    expect(await outcome(partners.code, {}, 'partners')).toEqual(right);
  });

  it('GAC-05 guesses at a user without a code, or at a dead one, spend nothing', async () => {
    for (let guess = 0; guess < 25; guess += 1) await outcome('00000000');
    const { code } = await world.generate();
    for (let guess = 0; guess < 30; guess += 1) await outcome(wrongOf(code));
    expect(await outcome((await world.generate()).code)).toEqual(right);
  });
});

describe('GAC-06 where a code is good', () => {
  it('GAC-06 for its user alone', async () => {
    const { code } = await world.generate();
    expect(await outcome(code, { username: 'jane' })).toEqual(refused('otc_mismatch'));
    expect(await outcome(code)).toEqual(right);
  });

  it('GAC-06 in its pool alone, and in every workspace of that pool', async () => {
    const { code } = await world.generate();
    expect(await outcome(code, {}, 'partners')).toEqual(refused('otc_mismatch'));
    expect(await outcome(code, {}, 'second')).toEqual(right);
  });

  it('GAC-06 for the client it names, where it names one', async () => {
    const bound = { identifier: 'johndoe', client_id: 'other-app', workspace: 'demo' };
    const first = await world.generate(bound);
    expect(await outcome(first.code)).toEqual(refused('otc_bound_elsewhere'));
    expect(await outcome(first.code, { client_id: 'other-app' }, 'second')).toEqual(refused('otc_bound_elsewhere'));
    expect(await outcome(first.code, { client_id: 'other-app' })).toEqual(right);
  });

  it('GAC-06 a client_id alone binds to the one workspace of the pool that has this client', async () => {
    const { code } = await world.generate({ identifier: 'johndoe', client_id: 'only-demo' });
    expect(await outcome(code, { client_id: 'app' })).toEqual(refused('otc_bound_elsewhere'));
    expect(await outcome(code, { client_id: 'only-demo' })).toEqual(right);
    // In another workspace a client of this name was made meanwhile.
    const late = await world.generate({ identifier: 'johndoe', client_id: 'only-demo' });
    world.lateClients.push({ ...app, client_id: 'only-demo' });
    expect(await outcome(late.code, { client_id: 'only-demo' }, 'second')).toEqual(refused('otc_bound_elsewhere'));
    expect(await outcome(late.code, { client_id: 'only-demo' })).toEqual(right);
  });

  it('GAC-06 a client_id that several workspaces know is good for the client of that name alone, in each of them', async () => {
    const first = await world.generate({ identifier: 'johndoe', client_id: 'other-app' });
    expect(await outcome(first.code, {}, 'second')).toEqual(refused('otc_bound_elsewhere'));
    expect(await outcome(first.code, { client_id: 'other-app' }, 'second')).toEqual(right);
    const second = await world.generate({ identifier: 'johndoe', client_id: 'other-app' });
    expect(await outcome(second.code, { client_id: 'other-app' })).toEqual(right);
  });

  it('GAC-06 a client_id that no workspace knows makes a code that nobody can use', async () => {
    const { code } = await world.generate({ identifier: 'johndoe', client_id: 'nobody' });
    expect(await outcome(code)).toEqual(refused('otc_bound_elsewhere'));
  });

  it('GAC-06 in the workspace it names, where it names one', async () => {
    const { code } = await world.generate({ identifier: 'johndoe', workspace: 'second' });
    expect(await outcome(code)).toEqual(refused('otc_bound_elsewhere'));
    expect(await outcome(code, {}, 'second')).toEqual(right);
  });

  it('GAC-06 a wrong place counts as a wrong guess', async () => {
    const { code } = await world.generate({ identifier: 'johndoe', workspace: 'second' });
    for (let guess = 0; guess < 5; guess += 1) await outcome(code);
    expect(await outcome(code, {}, 'second')).toEqual(refused('otc_exhausted'));
  });
});

describe('GAC-07 codes and names', () => {
  it('GAC-07 an extended code and the username must mean the same user', async () => {
    const { extended_code } = await world.generate();
    expect(await outcome(extended_code, { username: 'jane' })).toEqual(refused('otc_mismatch'));
    expect(await outcome(extended_code, { username: 'nobody' })).toEqual(refused('otc_unknown_user'));
    expect(await outcome(extended_code, { username: 'johndoe' })).toEqual(right);
  });

  it.each(['johndoe', 'johndoe@example.com', ' JohnDoe@EXAMPLE.COM '])(
    'GAC-07 a plain code needs a username: %j will do',
    async (username) => {
      const { code } = await world.generate();
      expect(await outcome(code, { username: '' })).toEqual([400, 'invalid_request', 'parameter_missing']);
      expect(await outcome(code, { username })).toEqual(right);
    },
  );

  it.each(['"e@evil.example"@example.com', 'johndoe@example.com,jane@example.com', john.id, 'JOHNDOE'])(
    'GAC-07 %j is nobody’s name',
    async (username) => {
      const { code } = await world.generate();
      expect(await outcome(code, { username })).toEqual(refused('otc_unknown_user'));
    },
  );

  it.each<[string, (extended: string) => string]>([
    ['padding', (extended) => `${extended}=`],
    ['a blank', (extended) => `${extended} `],
    ['foreign characters', (extended) => `${extended.slice(0, 8)}*${extended.slice(8)}`],
    ['another end', (extended) => `${extended.slice(0, -1)}_`],
    ['no colon', () => Buffer.from(john.id).toString('base64url')],
  ])('GAC-07 an extended code with %s is none', async (_what, change) => {
    const { extended_code } = await world.generate();
    expect(await outcome(change(extended_code))).toEqual(refused('otc_mismatch'));
  });
});
