import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Sealing } from '../../example-app/sealing.js';
import { plainAddress } from '../../example-app/sign-in-app/address.js';
import { newSecret } from '../../example-app/sign-in-app/browser.js';
import { codeWithin, extendedCode } from '../../example-app/sign-in-app/code-sender.js';
import { type Keep, Memory } from '../../example-app/sign-in-app/memory.js';
import { Visit } from '../../example-app/sign-in-app/visit.js';
import { openStore, type Store } from '../../index.js';

const sealing = new Sealing([Buffer.alloc(32, 7).toString('base64')], 'sign-in');

describe('a visit', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const transaction = () => ({ state: newSecret(), nonce: newSecret(), verifier: newSecret() });
  const read = (contents?: unknown) => Visit.read(contents, newSecret());

  it('keeps the last four addresses and transactions, however long, in less than a cookie holds', () => {
    const visit = read();
    const states = [];
    for (let count = 0; count < 20; count += 1) {
      visit.askFor(`${String(count).padStart(64, 'a')}@${`${'b'.repeat(60)}.`.repeat(3)}example`);
      const begun = transaction();
      visit.begin(begun);
      states.push(begun.state);
    }
    expect(visit.addresses).toHaveLength(4);
    expect(visit.addresses.at(-1)).toMatch(/^a+19@/);
    expect(states.filter((state) => visit.take(state) !== undefined)).toEqual(states.slice(-4));
    const full = read();
    for (let count = 0; count < 4; count += 1) full.begin(transaction());
    for (const address of visit.addresses) full.askFor(address);
    expect(sealing.seal(full.contents).length).toBeLessThan(4_000);
  });

  it('gives a transaction once, and begins with nothing of what it was not given', () => {
    const visit = read();
    const begun = transaction();
    visit.begin(begun);
    expect(visit.take('other')).toBeUndefined();
    expect(visit.take(begun.state)).toMatchObject(begun);
    expect(visit.take(begun.state)).toBeUndefined();
    expect([visit.isNew, read(visit.contents).isNew]).toEqual([true, false]);
    expect(read(visit.contents).id).toBe(visit.id);
  });

  it('forgets after an hour', () => {
    const visit = read();
    visit.askFor('a@example.com');
    const begun = transaction();
    visit.begin(begun);
    jest.advanceTimersByTime(3_599_000);
    expect(read(visit.contents).addresses).toEqual(['a@example.com']);
    jest.advanceTimersByTime(1_000);
    expect(read(visit.contents).addresses).toEqual([]);
    expect(read(visit.contents).take(begun.state)).toBeUndefined();
  });
});

describe('what the application keeps', () => {
  let store: Store;
  beforeEach(async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    store = await openStore('memory:');
  });
  afterEach(async () => {
    await store.close();
    jest.useRealTimers();
  });

  it('counts mails by address: 30 seconds apart, and five in ten minutes', async () => {
    const memory = new Memory(store, sealing);
    const may = () => memory.maySend('a@example.com');
    expect([await may(), await may()]).toEqual([true, false]);
    expect(await memory.maySend('b@example.com')).toBe(true);
    jest.advanceTimersByTime(29_000);
    expect(await may()).toBe(false);
    const later = [];
    for (let count = 0; count < 6; count += 1) {
      jest.advanceTimersByTime(30_001);
      later.push(await may());
    }
    expect(later).toEqual([true, true, true, true, false, false]);
    jest.advanceTimersByTime(600_000);
    expect(await may()).toBe(true);
  });

  it('lets one of fifty that ask at once have the mail', async () => {
    const memory = new Memory(store, sealing);
    const asked = await Promise.all(Array.from({ length: 50 }, () => memory.maySend('a@example.com')));
    expect(asked.filter((may) => may)).toHaveLength(1);
  });

  it('takes one of fifty answers to a state', async () => {
    const memory = new Memory(store, sealing);
    const answers = await Promise.all(Array.from({ length: 50 }, () => memory.isFirstAnswer('state')));
    expect(answers.filter((first) => first)).toHaveLength(1);
  });

  it('grows by counters and sessions alone, and holds no address', async () => {
    const memory = new Memory(store, sealing);
    for (let count = 0; count < 20; count += 1) await memory.maySend(`u${count}@example.com`);
    await memory.name('known@example.com', 'u1');
    const keys = [];
    for await (const { key, value } of store.scan('')) {
      keys.push(key);
      expect(key + value).not.toMatch(/example|u1/);
    }
    expect(keys.filter((key) => !/^@sign-in\/(cool-down|mails)\/\d{1,7}$/.test(key))).toHaveLength(1);
  });

  it('asks the store the same of an address that is known and one that is not', async () => {
    const verbs: string[] = [];
    const watched: Keep = {
      get: (key) => {
        verbs.push(`get ${key.slice(0, 16)} ${key.length}`);
        return store.get(key);
      },
      set: (key, value, ttl) => store.set(key, value, ttl),
      delete: (key) => store.delete(key),
      claim: (key, value, ttl) => store.claim(key, value, ttl),
      increment: (key, ttl) => store.increment(key, ttl),
    };
    const memory = new Memory(watched, sealing);
    await memory.name('known@example.com', 'id-of-known');
    expect(await memory.user('known@example.com')).toBe('id-of-known');
    const known = verbs.splice(0);
    expect(await memory.user('other@example.com')).toMatch(/^[\da-f]{32}$/);
    expect(await memory.user('other@example.com')).toBe(await memory.user('other@example.com'));
    expect(verbs.slice(0, 1)).toEqual(known);
  });
});

describe('the parts', () => {
  it.each([
    ['johndoe@example.com', 'johndoe@example.com'],
    ['  JohnDoe@EXAMPLE.com\t', 'johndoe@example.com'],
    ['ｊohn@example.com', 'john@example.com'],
    ['a＠b.com', undefined],
    ['a@b.com\r\n', undefined],
    ['a@b.com\u00A0', undefined],
    ['\uFEFFa@b.com', undefined],
    ["o'brien+x@mail.example.co.uk", "o'brien+x@mail.example.co.uk"],
    ['a@localhost', 'a@localhost'],
    ['a..b@example.com', undefined],
    ['.a@example.com', undefined],
    ['a@-example.com', undefined],
    ['a@example..com', undefined],
    [`${'a'.repeat(65)}@example.com`, undefined],
    ['a@b@example.com', undefined],
    [undefined, undefined],
    [['a@example.com'], undefined],
  ])('reads the address %j as %j', (typed, address) => {
    expect(plainAddress(typed)).toBe(address);
  });

  it('reads the code within an extended one, as the vendor writes it', () => {
    const sample = 'NjgzM2I5Yjk5MDg3NDBiMmIxYzY4NjA4MDU0YzE0Nzc6NDY1NTkzMjQ';
    expect(extendedCode('6833b9b9908740b2b1c68608054c1477', '46559324')).toBe(sample);
    expect(codeWithin(sample)).toBe('46559324');
    expect(codeWithin(Buffer.from('no colon').toString('base64url'))).toBeUndefined();
    expect(codeWithin(`${sample}=`)).toBeUndefined();
  });

  it('stand on the public wire: the application imports nothing of the library', () => {
    const folder = fileURLToPath(new URL('../../example-app/sign-in-app/', import.meta.url));
    for (const name of readdirSync(folder)) {
      const imported = [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)].map(
        ([, from]) => from,
      );
      expect(imported.filter((from) => /index\.js$|\/lib\/|\/strategies\//.test(from ?? ''))).toEqual([]);
    }
  });
});
