import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { OAuthError } from '../../lib/errors.js';
import { type IdentityPool, identityPool } from '../../lib/identity/pool.js';
import { userList } from '../../lib/identity/user-list.js';
import type { User } from '../../lib/identity/users.js';
import { SecretKeys } from '../../lib/secret-keys.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { openStore } from '../../lib/stores/open.js';
import type { Store } from '../../lib/stores/store.js';
import { newStore, storeKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { unhurried } from '../support/unhurried-store.js';

const racers = 50;
const john: User = { id: 'u-john', username: 'johndoe', email: 'john@example.com' };
const type = 'authentication';
const issuer = 'https://id.example/demo';
const [older = '', newer = ''] = [1, 2].map(() => noteSecret(randomBytes(32).toString('base64')));

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'login-mails-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function poolOn(store: Store, { keys = [older], name = 'staff', now = Date.now } = {}): IdentityPool {
  const secretKeys = new SecretKeys(keys);
  const names = { name, tenant: 'acme', space: 'acme' };
  return identityPool({ ...names, users: userList([john]), otpSettings: {}, store, secretKeys, now });
}

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));
const wrongOf = (code: string) => String((Number(code[0]) + 1) % 10) + code.slice(1);

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'right';
  } catch (thrown) {
    return thrown instanceof OAuthError ? thrown.reason : String(thrown);
  }
}

function newLink(pool: IdentityPool, codeId?: string): Promise<string> {
  const order = { user: john, issuer, browser: 'a', contents: '{}', codeId, expiresIn: 600 };
  return pool.loginLinks.issue(order).then(noteSecret);
}

/** Finds and uses a link, as its page does. */
async function useLink({ loginLinks }: IdentityPool, secret: string): Promise<string> {
  const link = await loginLinks.find(secret, issuer);
  if (typeof link === 'string') return link;
  if (!link.user) return link.refusal;
  return (await loginLinks.claim(link, 600)) ? 'right' : 'login_link_used';
}

function count(outcomes: readonly string[], outcome: string): number {
  return outcomes.filter((each) => each === outcome).length;
}

const stores: [string, () => Promise<Store> | Store][] = [
  ['memory that takes its time', () => unhurried(memoryStore())],
  ...storeKinds.map((kind): [string, () => Promise<Store>] => [kind.name, () => newStore(kind)]),
];

describe.each(stores)('login mails at once, %s', (_name, open) => {
  let store: Store;
  let pool: IdentityPool;
  beforeEach(async () => {
    store = await open();
    pool = poolOn(store);
  });
  afterEach(() => store.close());

  const codeFor = async (browser: string) => {
    const generated = await pool.codes.generate({ type, user: john, browser });
    noteSecret(generated.code);
    return generated;
  };
  const typed = (browser: string | undefined, code: string) =>
    reasonOf(pool.codes.redeem({ type, code, user: { email: 'john@example.com' }, browser }));

  it(`GAC-05 of ${racers} uses of a link exactly one is accepted`, async () => {
    for (let round = 0; round < 5; round += 1) {
      const secret = await newLink(pool);
      const outcomes = await Promise.all(times(racers, () => useLink(pool, secret)));
      expect([count(outcomes, 'right'), count(outcomes, 'login_link_used')]).toEqual([1, racers - 1]);
    }
  });

  it('GAC-05 of the link and the code of one mail, used at once, exactly one is accepted', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, code } = await codeFor('a');
      const secret = await newLink(pool, id);
      const uses = times(racers, (index) => (index % 2 === 0 ? useLink(pool, secret) : typed('a', code)));
      expect(count(await Promise.all(uses), 'right')).toBe(1);
    }
  });

  it(`GAC-04 of ${racers} browsers that ask at once three get a code, each its own`, async () => {
    const browsers = times(racers, (index) => `browser-${index}`);
    const codes = new Map<string, string>();
    const asked = browsers.map(async (browser) => codes.set(browser, (await codeFor(browser)).code));
    const outcomes = await Promise.all(asked.map(reasonOf));
    expect([count(outcomes, 'right'), count(outcomes, 'otc_browsers_many')]).toEqual([3, racers - 3]);
    for (const [browser, code] of codes) {
      expect(await typed('another', code)).toBe('otc_other_browser');
      expect(await typed(browser, code)).toBe('right');
    }
  });

  it('GAC-04 the place of a code that is used goes to one of those who want it', async () => {
    const first = await codeFor('first');
    await codeFor('second');
    await codeFor('third');
    expect(await typed('first', first.code)).toBe('right');
    const outcomes = await Promise.all(times(racers, (index) => reasonOf(codeFor(`late-${index}`))));
    expect(count(outcomes, 'right')).toBe(1);
  });

  it('GAC-05 guesses at all codes of a person together, at once, never overdraw the day', async () => {
    let looked = 0;
    for (let round = 0; round < 3; round += 1) {
      const codes: [string | undefined, string][] = [];
      for (const browser of ['a', 'b', 'c', undefined]) {
        const made = await pool.codes.generate({ type, user: john, browser }).catch(() => undefined);
        if (made) codes.push([browser, noteSecret(made.code)]);
      }
      const guesses = codes.flatMap(([browser, code]) => times(7, () => typed(browser, wrongOf(code))));
      looked += count(await Promise.all(guesses), 'otc_mismatch');
      if (round === 0) expect(looked).toBeGreaterThanOrEqual(5);
    }
    expect(looked).toBe(20);
    expect(await reasonOf(pool.codes.generate({ type, user: john }))).toBe('otc_budget_spent');
  });

  it('GAC-05 three guesses that are left are three, for however many codes', async () => {
    const { code } = await codeFor('a');
    const other = await codeFor('b');
    for (let round = 0; round < 3; round += 1) {
      const spending = await pool.codes.generate({ type, user: john });
      for (let guess = 0; guess < 5; guess += 1) await typed(undefined, wrongOf(spending.code));
    }
    for (let guess = 0; guess < 2; guess += 1) expect(await typed('a', wrongOf(code))).toBe('otc_mismatch');
    const guesses = times(20, (index) =>
      index % 2 === 0 ? typed('a', wrongOf(code)) : typed('b', wrongOf(other.code)),
    );
    expect(count(await Promise.all(guesses), 'otc_mismatch')).toBe(3);
    expect(await typed('b', other.code)).toBe('otc_attempts_spent');
  });

  it(`of ${racers} mails to one address at once one is due`, async () => {
    const due = await Promise.all(times(racers, () => pool.mailLimit.take('john@example.com')));
    expect(due.filter(Boolean)).toHaveLength(1);
    expect(await pool.mailLimit.take('jane@example.com')).toBe(true);
  });
});

describe('links and keys, pools and issuers', () => {
  it('GAC-04 a link outlives a change of the keys, and dies with the last one that made it', async () => {
    const store = memoryStore();
    const secret = await newLink(poolOn(store));
    expect(await useLink(poolOn(store, { keys: [newer] }), secret)).toBe('login_link_unknown');
    expect(await useLink(poolOn(store, { keys: [newer, older] }), secret)).toBe('right');
  });

  it('GAC-06 a link of another pool or issuer is none here', async () => {
    const store = memoryStore();
    const pool = poolOn(store);
    const secret = await newLink(pool);
    expect(await useLink(poolOn(store, { name: 'partners' }), secret)).toBe('login_link_unknown');
    expect(await pool.loginLinks.find(secret, `${issuer}/other`)).toBe('login_link_elsewhere');
    expect(await useLink(pool, secret)).toBe('right');
  });

  it('GAC-05 after a restart a used link is used, and a code is typed in its browser alone', async () => {
    const url = `lmdb:${mkdtempSync(join(directory, 'again-'))}`;
    let store = await openStore(url);
    let pool = poolOn(store);
    const used = await newLink(pool);
    expect(await useLink(pool, used)).toBe('right');
    const { code } = await pool.codes.generate({ type, user: john, browser: 'a' });
    await store.close();
    store = await openStore(url);
    pool = poolOn(store);
    expect(await useLink(pool, used)).toBe('login_link_used');
    const attempt = { type, code: noteSecret(code), user: { id: john.id } } as const;
    expect(await reasonOf(pool.codes.redeem({ ...attempt, browser: 'b' }))).toBe('otc_other_browser');
    expect(await reasonOf(pool.codes.redeem(attempt))).toBe('otc_mismatch');
    expect(await reasonOf(pool.codes.redeem({ ...attempt, browser: 'a' }))).toBe('right');
    await store.close();
  });
});
