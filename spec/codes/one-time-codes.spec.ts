import { describe, expect, it } from '@jest/globals';
import { readExtendedCode, writeExtendedCode } from '../../lib/codes/extended-code.js';
import { type CodeAttempt, OneTimeCodes } from '../../lib/codes/one-time-codes.js';
import { type OtpSettingsInput, otpSettingsSchema } from '../../lib/codes/otp-settings.js';
import { OAuthError } from '../../lib/errors.js';
import { userList } from '../../lib/identity/user-list.js';
import type { User, UserDirectory } from '../../lib/identity/users.js';
import { SecretKeys } from '../../lib/secret-keys.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { namespaced } from '../../lib/stores/namespace.js';
import type { Store } from '../../lib/stores/store.js';

const john: User = { id: 'u-john', username: 'johndoe', email: 'john@example.com' };
const jane: User = { id: 'u:jane', username: 'jane' };
const gone: User = { id: 'u-gone', username: 'gone', status: 'inactive' };
const type = 'authentication';

interface World {
  readonly codes: OneTimeCodes;
  readonly store: Store;
  /** Milliseconds. */
  clock: number;
}

function world(settings: OtpSettingsInput = {}, options: { users?: UserDirectory; store?: Store } = {}): World {
  const made = { clock: 1e12, store: options.store ?? memoryStore() };
  const codes = new OneTimeCodes({
    users: options.users ?? userList([john, jane, gone]),
    settings: otpSettingsSchema.parse(settings),
    store: made.store,
    secretKeys: SecretKeys.ephemeral(),
    now: () => made.clock,
  });
  return Object.assign(made, { codes });
}

/** The id of the user, or the reason. */
async function outcome(attempt: Promise<User>): Promise<string> {
  try {
    return (await attempt).id;
  } catch (thrown) {
    return thrown instanceof OAuthError ? thrown.reason : String(thrown);
  }
}

const plain = (code: string, more: Partial<CodeAttempt> = {}): CodeAttempt => ({
  type,
  code,
  user: { login: 'johndoe' },
  ...more,
});
const wrongOf = (code: string) => String((Number(code[0]) + 1) % 10) + code.slice(1);

describe('codes as they are made', () => {
  it('have eight digits and ten minutes unless the pool says otherwise, by type', async () => {
    const { codes } = world({ authentication: { length: 12, ttl: 30 } });
    expect(await codes.generate({ type, user: john })).toMatchObject({
      code: expect.stringMatching(/^\d{12}$/),
      expiresIn: 30,
    });
    expect(await codes.generate({ type: 'challenge', user: john })).toMatchObject({
      code: expect.stringMatching(/^\d{8}$/),
      expiresIn: 600,
    });
  });

  it('have digits that are as likely as each other, and no place where they are not', async () => {
    const { codes } = world({ authentication: { length: 64 } });
    const places = Array.from({ length: 64 }, () => new Array<number>(10).fill(0));
    const draws = 1000;
    for (let draw = 0; draw < draws; draw += 1) {
      const { code } = await codes.generate({ type, user: john });
      [...code].forEach((digit, place) => {
        (places[place] as number[])[Number(digit)]! += 1;
      });
    }
    const chiSquare = (counts: readonly number[], expected: number) =>
      counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    const all = places[0]!.map((_, digit) => places.reduce((sum, counts) => sum + counts[digit]!, 0));
    // Nine degrees of freedom: a fair source passes 60 once in more than a hundred million runs. Bytes modulo ten would
    // give the digits 0 to 5 one part in 25 more than the rest, and a value near 150 here.
    expect(chiSquare(all, draws * 6.4)).toBeLessThan(60);
    for (const counts of places) expect(chiSquare(counts, draws / 10)).toBeLessThan(70);
  });

  it('are at rest as a keyed hash alone', async () => {
    const { codes, store } = world({ authentication: { length: 12 } });
    const { code, extendedCode } = await codes.generate({ type, user: john });
    const rest: string[] = [];
    for await (const { key, value } of store.scan('')) rest.push(key, value);
    expect(rest.length).toBeGreaterThan(0);
    expect(rest.join('\n')).not.toContain(code);
    expect(rest.join('\n')).not.toContain(extendedCode);
  });

  it('are made for nobody inactive', async () => {
    await expect(world().codes.generate({ type, user: gone })).rejects.toMatchObject({ reason: 'person_inactive' });
  });
});

describe('extended codes', () => {
  it('are the seed of the vendor, unpadded base64url', () => {
    const seed = 'NjgzM2I5Yjk5MDg3NDBiMmIxYzY4NjA4MDU0YzE0Nzc6NDY1NTkzMjQ';
    const parts = { userId: '6833b9b9908740b2b1c68608054c1477', code: '46559324' };
    expect(writeExtendedCode(parts)).toBe(seed);
    expect(readExtendedCode(seed)).toEqual(parts);
    expect(readExtendedCode(writeExtendedCode({ userId: 'u:j:1', code: '123456' }))).toEqual({
      userId: 'u:j:1',
      code: '123456',
    });
  });

  it.each(['', '46559324', 'NjgzM2I5Yjk=', 'Njgz M2I5', 'dTo', Buffer.from('u:12a').toString('base64url'), '%%%'])(
    'are not %j',
    (text) => {
      expect(readExtendedCode(text)).toBeUndefined();
    },
  );

  it('work without a name, and with the right one only', async () => {
    const { codes } = world();
    const { extendedCode } = await codes.generate({ type, user: jane });
    expect(await outcome(codes.inspect({ type, code: extendedCode }))).toBe('u:jane');
    expect(await outcome(codes.inspect({ type, code: extendedCode, user: { username: 'jane' } }))).toBe('u:jane');
    expect(await outcome(codes.redeem({ type, code: extendedCode, user: { login: 'johndoe' } }))).toBe('otc_mismatch');
    expect(await outcome(codes.redeem({ type, code: extendedCode, user: { id: 'nobody' } }))).toBe('otc_unknown_user');
    expect(await outcome(codes.redeem({ type, code: extendedCode, user: { id: 'u:jane' } }))).toBe('u:jane');
  });
});

describe('codes as they are used', () => {
  it('tell whose they are as often as asked, and are used once', async () => {
    const { codes } = world();
    const { code } = await codes.generate({ type, user: john });
    for (let look = 0; look < 12; look += 1) expect(await outcome(codes.inspect(plain(code)))).toBe('u-john');
    expect(await outcome(codes.redeem(plain(code, { user: { email: 'JOHN@example.com' } })))).toBe('u-john');
    expect(await outcome(codes.redeem(plain(code)))).toBe('otc_used');
    expect(await outcome(codes.inspect(plain(code)))).toBe('otc_used');
  });

  it('are no good for anybody else, without a name, as another type, or in another pool', async () => {
    const store = memoryStore();
    const here = world({}, { store: namespaced(store, 'here/') });
    const there = world({}, { store: namespaced(store, 'there/') });
    const { code } = await here.codes.generate({ type, user: john });
    expect(await outcome(here.codes.redeem(plain(code, { user: { login: 'jane' } })))).toBe('otc_mismatch');
    expect(await outcome(here.codes.redeem(plain(code, { user: { login: 'nobody' } })))).toBe('otc_unknown_user');
    expect(await outcome(here.codes.redeem({ type, code }))).toBe('otc_unknown_user');
    expect(await outcome(here.codes.redeem(plain(code, { type: 'challenge' })))).toBe('otc_mismatch');
    expect(await outcome(there.codes.redeem(plain(code)))).toBe('otc_mismatch');
    expect(await outcome(here.codes.redeem(plain(code)))).toBe('u-john');
  });

  it('a record moved to another user or type fits nobody there', async () => {
    const { codes, store } = world();
    const { code } = await codes.generate({ type, user: john });
    const record = (await store.get('otc/authentication/u-john')) ?? '';
    await store.set('otc/authentication/u:jane', record, 60);
    await store.set('otc/challenge/u-john', record, 60);
    expect(await outcome(codes.redeem(plain(code, { user: { login: 'jane' } })))).toBe('otc_mismatch');
    expect(await outcome(codes.redeem(plain(code, { type: 'challenge' })))).toBe('otc_mismatch');
  });

  it('end with their time, to the millisecond', async () => {
    const made = world({ authentication: { ttl: 60 } });
    const { code } = await made.codes.generate({ type, user: john });
    made.clock += 59_999;
    expect(await outcome(made.codes.inspect(plain(code)))).toBe('u-john');
    made.clock += 1;
    expect(await outcome(made.codes.redeem(plain(code)))).toBe('otc_expired');
  });

  it('end with the next one', async () => {
    const { codes } = world();
    const first = await codes.generate({ type, user: john });
    const second = await codes.generate({ type, user: john });
    if (first.code !== second.code) expect(await outcome(codes.redeem(plain(first.code)))).toBe('otc_mismatch');
    expect(await outcome(codes.redeem({ type, code: first.extendedCode }))).toBe('otc_mismatch');
    expect(await outcome(codes.redeem(plain(second.code)))).toBe('u-john');
  });

  it('end when their person does: the directory is asked anew each time', async () => {
    const people = new Map<string, User>([[john.id, john]]);
    const users = { find: () => people.get(john.id) };
    const { codes } = world({}, { users });
    const { code } = await codes.generate({ type, user: john });
    people.set(john.id, { ...john, status: 'inactive' });
    expect(await outcome(codes.inspect(plain(code)))).toBe('user_inactive');
    people.clear();
    expect(await outcome(codes.redeem(plain(code)))).toBe('otc_unknown_user');
    people.set(john.id, john);
    expect(await outcome(codes.redeem(plain(code)))).toBe('u-john');
  });

  it('bound to a client or a workspace are good there alone, and guessing where is a wrong guess', async () => {
    const { codes } = world({ authentication: { max_attempts: 3 } });
    const bound = { clientId: 'app', workspace: 'demo' };
    const { code } = await codes.generate({ type, user: john, ...bound });
    expect(await outcome(codes.redeem(plain(code, { ...bound, clientId: 'other' })))).toBe('otc_bound_elsewhere');
    expect(await outcome(codes.redeem(plain(code, { clientId: 'app' })))).toBe('otc_bound_elsewhere');
    expect(await outcome(codes.inspect(plain(code, bound)))).toBe('u-john');
    expect(await outcome(codes.inspect(plain(code)))).toBe('otc_bound_elsewhere');
    expect(await outcome(codes.redeem(plain(code, bound)))).toBe('otc_exhausted');
  });

  it('made under an older key still work; those of a key that is gone do not', async () => {
    const [older, newer] = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')];
    const store = memoryStore();
    const withKeys = (...keys: string[]) =>
      new OneTimeCodes({
        users: userList([john]),
        settings: {},
        store,
        secretKeys: new SecretKeys(keys),
        now: () => 1,
      });
    const { code } = await withKeys(older).generate({ type, user: john });
    expect(await outcome(withKeys(newer).inspect(plain(code)))).toBe('otc_mismatch');
    expect(await outcome(withKeys(newer, older).redeem(plain(code)))).toBe('u-john');
  });
});

describe('guesses', () => {
  it('five wrong ones kill a code, for the right value too', async () => {
    const { codes } = world();
    const { code } = await codes.generate({ type, user: john });
    for (let guess = 0; guess < 5; guess += 1)
      expect(await outcome(codes.redeem(plain(wrongOf(code))))).toBe('otc_mismatch');
    expect(await outcome(codes.redeem(plain(code)))).toBe('otc_exhausted');
    expect(await outcome(codes.inspect(plain(code)))).toBe('otc_exhausted');
  });

  it('four do not, and looking between them neither helps nor harms', async () => {
    const { codes } = world();
    const { code } = await codes.generate({ type, user: john });
    for (let guess = 0; guess < 4; guess += 1) {
      expect(await outcome(codes.inspect(plain(wrongOf(code))))).toBe('otc_mismatch');
      expect(await outcome(codes.inspect(plain(code)))).toBe('u-john');
    }
    expect(await outcome(codes.redeem(plain(code)))).toBe('u-john');
  });

  it.each(['', 'hunter2', '0', 'x'.repeat(5000), '\0', '12345678 ', '１２３４５６７８'])(
    'of any shape count, such as %j',
    async (guess) => {
      const { codes } = world({ authentication: { max_attempts: 1 } });
      const { code } = await codes.generate({ type, user: john });
      expect(await outcome(codes.redeem(plain(guess)))).toBe('otc_mismatch');
      expect(await outcome(codes.redeem(plain(code)))).toBe('otc_exhausted');
    },
  );

  it('a new code has its own attempts and the same budget of the day', async () => {
    const made = world();
    for (let round = 0; round < 4; round += 1) {
      const { code } = await made.codes.generate({ type, user: john });
      for (let guess = 0; guess < 5; guess += 1) await outcome(made.codes.redeem(plain(wrongOf(code))));
    }
    made.clock += 3_600_000;
    await expect(made.codes.generate({ type, user: john })).rejects.toMatchObject({
      reason: 'otc_budget_spent',
      status: 429,
      detail: { retry_after: 82_800 },
    });
    expect(await outcome(made.codes.redeem(plain('00000000')))).toBe('otc_attempts_spent');
    // It is John's budget alone.
    const { code } = await made.codes.generate({ type, user: jane });
    expect(await outcome(made.codes.redeem(plain(code, { user: { login: 'jane' } })))).toBe('u:jane');
  });

  it('the last code of the day stands only what is left of the budget', async () => {
    const { codes } = world({ authentication: { daily_attempts: 2 } });
    const first = await codes.generate({ type, user: john });
    await outcome(codes.redeem(plain(wrongOf(first.code))));
    const { code } = await codes.generate({ type, user: john });
    const guesses = Array.from({ length: 8 }, () => outcome(codes.redeem(plain(wrongOf(code)))));
    const looked = (await Promise.all(guesses)).filter((reason) => reason === 'otc_mismatch');
    expect(looked).toHaveLength(1);
  });

  it('at what cannot succeed charge nobody: not a dead code, not one that never was', async () => {
    const { codes } = world({ authentication: { daily_attempts: 6 } });
    for (let guess = 0; guess < 10; guess += 1) await outcome(codes.redeem(plain('00000000')));
    const { code } = await codes.generate({ type, user: john });
    for (let guess = 0; guess < 20; guess += 1) await outcome(codes.redeem(plain(wrongOf(code))));
    expect(await outcome(codes.redeem(plain((await codes.generate({ type, user: john })).code)))).toBe('u-john');
  });

  it.each([
    ['', undefined],
    [', in a browser', 'a'],
  ])(
    'at nobody, at somebody without a code and at somebody with one ask the store for the same%s',
    async (_where, browser) => {
      const store = memoryStore();
      const asked: string[] = [];
      const counted = new Proxy(store, {
        get(target, verb: keyof Store) {
          const method = target[verb];
          if (typeof method !== 'function') return method;
          return (...parameters: unknown[]) => {
            asked.push(verb);
            return (method as (...all: unknown[]) => unknown).apply(target, parameters);
          };
        },
      });
      const { codes } = world({}, { store: counted });
      const { code } = await codes.generate({ type, user: john, browser });
      const verbsOf = async (attempt: CodeAttempt) => {
        asked.length = 0;
        expect(await outcome(codes.redeem({ ...attempt, browser }))).toMatch(/^(otc_|user_inactive)/);
        return [...asked];
      };
      const ofWrong = await verbsOf(plain(wrongOf(code)));
      expect(ofWrong.length).toBeGreaterThan(4);
      for (const login of ['nobody', 'jane', 'gone']) {
        expect(await verbsOf(plain('00000000', { user: { login } }))).toEqual(ofWrong);
      }
      expect(await outcome(codes.redeem(plain(code, { browser })))).toBe('u-john');
      expect(await verbsOf(plain(code))).toEqual(ofWrong);
    },
  );
});
