import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { namespaced } from './namespace.js';
import type { Store } from './store.js';

/** The two functions of a test runner that the suite needs: those of jest, vitest, mocha and node:test all do. */
export interface ConformanceRunner {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => Promise<void>): void;
}

type Case = (store: Store, key: (name: string) => string) => Promise<void>;

/**
 * Declares the cases every store must pass, in your own test runner: its global `describe` and `it`, or those of `runner`.
 *
 * `makeStore` is called once per case; the store it answers is closed when the case ends, so give each its own
 * connection. It need not be empty: every case works under a random prefix.
 *
 * @throws TypeError when there is no `describe` and `it`.
 */
export function storeConformance(makeStore: () => Promise<Store> | Store, runner?: ConformanceRunner): void {
  const { describe, it } = runner ?? (globalThis as unknown as Partial<ConformanceRunner>);
  if (!describe || !it) throw new TypeError('storeConformance needs describe and it: globals, or its second argument');
  for (const [subject, cases] of Object.entries(suite)) {
    describe(subject, () => {
      for (const [name, body] of Object.entries(cases)) it(name, () => run(makeStore, body));
    });
  }
}

async function run(makeStore: () => Promise<Store> | Store, body: Case): Promise<void> {
  const store = await makeStore();
  const prefix = `conformance/${randomUUID()}/`;
  try {
    await body(store, (name) => prefix + name);
  } finally {
    await store.close();
  }
}

/** Seconds a short-lived entry lives, and milliseconds after which it must be gone. */
const SHORT = 0.3;
const GONE = 350;

/** A case that watches a short life: a busy machine may look too late, so it gets four tries. */
function timed(body: Case): Case {
  return async (store, key) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await body(store, (name) => key(`${attempt}/${name}`));
      } catch (thrown) {
        if (attempt === 4) throw thrown;
      }
    }
  };
}

/** The shortest whole milliseconds, less than one, a fraction, and a thousand years: seconds. */
const edges = { shortest: [0.001, 0.000_001, 0.010_4], longest: [2 ** 31 / 1000, 2 ** 31, 1000 * 365.25 * 86_400] };

/** Every code unit that is a character alone, in order, and the characters around the borders of UTF-8's lengths. */
const binary = `${String.fromCharCode(...Array.from({ length: 256 }, (_, unit) => unit))}\u07ff\u0800\uffff\u{10000}\u{10ffff}`;

const awkward = [
  'line\nfeed',
  'nul\0byte',
  '\u{1F511} emoji',
  `'single' "double" \`back\``,
  '100% %s %00',
  'back\\slash',
  '',
];

const values: Record<string, Case> = {
  'answers what was set, and undefined for what was not': async (store, key) => {
    await store.set(key('a'), 'one', 60);
    assert.equal(await store.get(key('a')), 'one');
    assert.equal(await store.get(key('b')), undefined);
  },
  'set replaces the value and its ttl': async (store, key) => {
    await store.set(key('a'), 'one', SHORT);
    await store.set(key('a'), 'two', 60);
    await wait(GONE);
    assert.equal(await store.get(key('a')), 'two');
  },
  'an infinite ttl is allowed': async (store, key) => {
    await store.set(key('a'), 'one', Number.POSITIVE_INFINITY);
    assert.equal(await store.get(key('a')), 'one');
    await store.delete(key('a'));
  },
  'delete removes, and is content with nothing to remove': async (store, key) => {
    await store.set(key('a'), 'one', 60);
    await store.delete(key('a'));
    assert.equal(await store.get(key('a')), undefined);
    await store.delete(key('a'));
  },
  'an expired entry is gone from get and scan': timed(async (store, key) => {
    await store.set(key('short'), 'one', SHORT);
    await store.set(key('long'), 'two', 60);
    assert.equal(await store.get(key('short')), 'one');
    await wait(GONE);
    assert.equal(await store.get(key('short')), undefined);
    assert.deepEqual(await scanned(store, key('')), { [key('long')]: 'two' });
  }),
  'a ttl of a millisecond ends, and so does less; one of a thousand years does not': async (store, key) => {
    for (const ttl of edges.shortest) {
      await store.set(key(`set ${ttl}`), 'v', ttl);
      await store.claim(key(`claim ${ttl}`), 'v', ttl);
      await store.increment(key(`count ${ttl}`), ttl);
    }
    for (const ttl of edges.longest) {
      await store.set(key(`long set ${ttl}`), 'v', ttl);
      await store.claim(key(`long claim ${ttl}`), 'v', ttl);
      await store.increment(key(`long count ${ttl}`), ttl);
    }
    await wait(50);
    assert.equal(Object.keys(await scanned(store, key(''))).length, 3 * edges.longest.length);
    for (const ttl of edges.shortest)
      assert.deepEqual(await store.claim(key(`claim ${ttl}`), 'w', 60), { first: true });
    for (const ttl of edges.longest) {
      assert.equal(await store.get(key(`long set ${ttl}`)), 'v');
      assert.deepEqual(await store.claim(key(`long claim ${ttl}`), 'w', 1), { first: false, value: 'v' });
      assert.equal(await store.increment(key(`long count ${ttl}`), 1), 2);
    }
  },
  'a ttl that is not above 0 rejects and writes nothing': async (store, key) => {
    for (const ttl of [0, -1, Number.NaN]) {
      await assert.rejects(store.set(key('a'), 'one', ttl));
      await assert.rejects(store.claim(key('a'), 'one', ttl));
      await assert.rejects(store.increment(key('a'), ttl));
    }
    assert.equal(await store.get(key('a')), undefined);
  },
  'keys and values may hold any character': async (store, key) => {
    for (const text of awkward) await store.set(key(text), `value ${text}`, 60);
    for (const text of awkward) assert.equal(await store.get(key(text)), `value ${text}`);
    assert.equal(Object.keys(await scanned(store, key(''))).length, awkward.length);
    await store.set(key('empty'), '', 60);
    assert.equal(await store.get(key('empty')), '');
    assert.deepEqual(await store.claim(key('empty'), 'late', 60), { first: false, value: '' });
  },
  'every byte passes through keys and values, by every verb': async (store, key) => {
    await store.set(key(binary), binary, 60);
    assert.equal(await store.get(key(binary)), binary);
    assert.deepEqual(await store.claim(key(binary), 'late', 60), { first: false, value: binary });
    assert.deepEqual(await scanned(store, key(binary)), { [key(binary)]: binary });
    await store.delete(key(binary));
    assert.deepEqual(await store.claim(key(binary), binary, 60), { first: true });
    assert.equal(await store.increment(key(`${binary}n`), 60), 1);
    assert.equal(await store.increment(key(`${binary}n`), 60), 2);
  },
  'keys that look alike are different keys': async (store, key) => {
    const alike = ['a', 'A', ' a', 'a ', 'a\0', '\u00e1', 'a\u0301', 'a/', '/a', '1', '01', '1.0'];
    for (const [index, name] of alike.entries()) await store.set(key(name), `${index}`, 60);
    for (const [index, name] of alike.entries()) assert.equal(await store.get(key(name)), `${index}`);
  },
  'a value may have five megabytes': async (store, key) => {
    const value = 'x\u00e9\u{1F511}y\n'.repeat(5_000_000 / 9);
    await store.set(key('large'), value, 60);
    assert.ok((await store.get(key('large'))) === value);
    const claim = await store.claim(key('large'), 'late', 60);
    assert.ok(!claim.first && claim.value === value);
    assert.ok((await scanned(store, key('l')))[key('large')] === value);
    await store.delete(key('large'));
    assert.deepEqual(await store.claim(key('large'), value, 60), { first: true });
    assert.ok((await store.get(key('large'))) === value);
    await store.delete(key('large'));
  },
  'keys of 3000 bytes that differ at the end are different keys': async (store, key) => {
    const [one, two] = [key(`${'k'.repeat(3000)}1`), key(`${'k'.repeat(3000)}2`)];
    await store.set(one, 'one', 60);
    assert.equal(await store.get(two), undefined);
    assert.deepEqual(await store.claim(two, 'two', 60), { first: true });
    assert.equal(await store.increment(key('n'.repeat(3000)), 60), 1);
    assert.equal(await store.increment(key('n'.repeat(3000)), 60), 2);
    assert.deepEqual(await scanned(store, key('k'.repeat(2500))), { [one]: 'one', [two]: 'two' });
    await store.delete(one);
    assert.deepEqual(await scanned(store, key('k')), { [two]: 'two' });
  },
};

const claims: Record<string, Case> = {
  'the first claim is first, the second sees its value': async (store, key) => {
    assert.deepEqual(await store.claim(key('a'), 'one', 60), { first: true });
    assert.deepEqual(await store.claim(key('a'), 'two', 60), { first: false, value: 'one' });
    assert.equal(await store.get(key('a')), 'one');
  },
  'a claim finds what was set': async (store, key) => {
    await store.set(key('a'), 'set', 60);
    assert.deepEqual(await store.claim(key('a'), 'claimed', 60), { first: false, value: 'set' });
  },
  'after expiry a claim is first again': timed(async (store, key) => {
    await store.claim(key('a'), 'one', SHORT);
    assert.deepEqual(await store.claim(key('a'), 'two', 60), { first: false, value: 'one' });
    await wait(GONE);
    assert.deepEqual(await store.claim(key('a'), 'three', 60), { first: true });
    assert.equal(await store.get(key('a')), 'three');
  }),
  'a claim that came second does not extend the ttl': timed(async (store, key) => {
    await store.claim(key('a'), 'one', SHORT);
    await store.claim(key('a'), 'two', 60);
    await wait(GONE);
    assert.equal(await store.get(key('a')), undefined);
  }),
  'after delete a claim is first again': async (store, key) => {
    await store.claim(key('a'), 'one', 60);
    await store.delete(key('a'));
    assert.deepEqual(await store.claim(key('a'), 'two', 60), { first: true });
  },
  'of 50 claims at once exactly one is first and the others see its value': async (store, key) => {
    await exactlyOneFirst(store, key('fresh'));
    await store.set(key('expired'), 'old', SHORT / 10);
    await wait(GONE);
    await exactlyOneFirst(store, key('expired'));
  },
};

const increments: Record<string, Case> = {
  'counts from 1': async (store, key) => {
    assert.equal(await store.increment(key('n'), 60), 1);
    assert.equal(await store.increment(key('n'), 60), 2);
    assert.equal(await store.increment(key('m'), 60), 1);
    assert.equal(await store.get(key('n')), '2');
  },
  '50 at once answer 1 to 50, each once': async (store, key) => {
    const sums = await Promise.all(Array.from({ length: 50 }, () => store.increment(key('n'), 60)));
    assert.deepEqual(
      sums.sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, index) => index + 1),
    );
  },
  'the ttl runs from the first increment, and then counting starts at 1': timed(async (store, key) => {
    await store.increment(key('n'), SHORT);
    assert.equal(await store.increment(key('n'), 60), 2);
    await wait(GONE);
    assert.equal(await store.get(key('n')), undefined);
    assert.equal(await store.increment(key('n'), 60), 1);
  }),
  'goes on from a number that was set, and rejects what is none': async (store, key) => {
    await store.set(key('n'), '41', 60);
    assert.equal(await store.increment(key('n'), 60), 42);
    await store.set(key('word'), 'word', 60);
    await assert.rejects(store.increment(key('word'), 60));
    assert.equal(await store.get(key('word')), 'word');
  },
};

const isolation: Record<string, Case> = {
  'scan sees its prefix alone, and takes no character of it for a pattern': async (store, key) => {
    const inside = [key('a/1'), key('a/2'), key('a/%'), key('a/*')];
    for (const name of [...inside, key('ab/1'), key('b/a/1'), key('a')]) await store.set(name, 'v', 60);
    assert.deepEqual(Object.keys(await scanned(store, key('a/'))).sort(), inside.sort());
    assert.deepEqual(Object.keys(await scanned(store, key('a/%'))), [key('a/%')]);
    assert.deepEqual(await scanned(store, key('%')), {});
    assert.deepEqual(await scanned(store, key('?/')), {});
    assert.deepEqual(await scanned(store, key('_/')), {});
  },
  'scan answers many entries, each once, and bears deletion meanwhile': async (store, key) => {
    await Promise.all(Array.from({ length: 1000 }, (_, index) => store.set(key(`many/${index}`), `${index}`, 60)));
    const seen: string[] = [];
    for await (const entry of store.scan(key('many/'))) {
      assert.equal(entry.key, key(`many/${entry.value}`));
      seen.push(entry.key);
      await store.delete(entry.key);
    }
    assert.equal(seen.length, 1000);
    assert.equal(new Set(seen).size, 1000);
    assert.deepEqual(await scanned(store, key('many/')), {});
  },
  'scan tells how long each entry lives on': async (store, key) => {
    await store.set(key('a'), 'v', 60);
    await store.set(key('b'), 'v', 0.9);
    await store.set(key('c'), 'v', Number.POSITIVE_INFINITY);
    await store.increment(key('d'), 30);
    await store.increment(key('d'), 90);
    const left: number[] = [];
    const entries: string[] = [];
    for await (const entry of store.scan(key(''))) {
      entries.push(entry.key);
      left.push(entry.ttl);
    }
    const ttl = (name: string) => left[entries.indexOf(key(name))] ?? Number.NaN;
    assert.ok(ttl('a') > 50 && ttl('a') <= 60);
    assert.ok(ttl('b') > 0 && ttl('b') <= 0.9);
    assert.equal(ttl('c'), Number.POSITIVE_INFINITY);
    assert.ok(ttl('d') > 20 && ttl('d') <= 30);
    await store.delete(key('c'));
  },
  'scan by a prefix as long as a key finds every key': async (store, key) => {
    const prefix = key('k'.repeat(1100));
    const inside = Array.from({ length: 300 }, (_, index) => prefix + index);
    await Promise.all(inside.map((name) => store.set(name, 'v', 60)));
    assert.deepEqual(Object.keys(await scanned(store, prefix)).sort(), inside.sort());
  },
  'namespaces do not see each other': async (store, key) => {
    const [one, two] = [namespaced(store, key('one/')), namespaced(store, key('two/'))];
    assert.deepEqual(await one.claim('a', '1', 60), { first: true });
    assert.deepEqual(await two.claim('a', '2', 60), { first: true });
    assert.equal(await one.get('a'), '1');
    assert.deepEqual(await scanned(two, ''), { a: '2' });
  },
};

const life: Record<string, Case> = {
  'ping resolves while the store is open': async (store) => {
    await store.ping();
  },
  'close ends the work in hand, then every verb rejects': async (store, key) => {
    const inHand = store.claim(key('a'), 'one', 60);
    await store.close();
    assert.deepEqual(await inHand, { first: true });
    await assert.rejects(store.get(key('a')));
    await assert.rejects(store.set(key('a'), 'two', 60));
    await assert.rejects(store.delete(key('a')));
    await assert.rejects(store.claim(key('a'), 'two', 60));
    await assert.rejects(store.increment(key('n'), 60));
    await assert.rejects(scanned(store, key('')));
    await assert.rejects(store.ping());
  },
  'close may be called again': async (store) => {
    await store.close();
    await store.close();
  },
};

const suite: Record<string, Record<string, Case>> = { values, claims, increments, isolation, life };

async function exactlyOneFirst(store: Store, key: string): Promise<void> {
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, index) => store.claim(key, `claimant ${index}`, 60)),
  );
  const winner = outcomes.findIndex((outcome) => outcome.first);
  assert.equal(outcomes.filter((outcome) => outcome.first).length, 1);
  for (const outcome of outcomes) if (!outcome.first) assert.equal(outcome.value, `claimant ${winner}`);
  assert.equal(await store.get(key), `claimant ${winner}`);
}

async function scanned(store: Store, prefix: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { key, value } of store.scan(prefix)) {
    assert.ok(!(key in found), 'scan answered an entry twice');
    found[key] = value;
  }
  return found;
}
