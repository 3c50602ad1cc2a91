import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { storeConformance } from '../../lib/stores/conformance.js';
import { openStore } from '../../lib/stores/open.js';
import type { Store } from '../../lib/stores/store.js';
import { RedisClusterProcesses } from '../support/redis-cluster.js';

let cluster: RedisClusterProcesses;
beforeAll(async () => {
  cluster = await RedisClusterProcesses.start(3, { 'cluster-require-full-coverage': 'no' });
}, 30_000);
afterAll(() => cluster.remove());

const names = Array.from({ length: 60 }, (_, index) => `key/${index}`);

describe('redis store on a cluster of three nodes', () => {
  storeConformance(() => openStore(cluster.url), { describe, it });
});

describe('redis store and the nodes of a cluster', () => {
  let store: Store;
  beforeEach(async () => {
    await Promise.all(cluster.nodes.map((node) => node.command('FLUSHALL')));
    store = await openStore(cluster.url);
  });
  afterEach(() => store.close());

  const sizes = async () => Promise.all(cluster.nodes.map(async (node) => Number(await node.command('DBSIZE'))));
  const scanned = async () => {
    const found: string[] = [];
    for await (const { key, value } of store.scan('key/')) {
      expect(value).toBe(key);
      found.push(key);
    }
    return found.sort();
  };

  it('keys lie on all of them, and a scan visits all', async () => {
    await Promise.all(names.map((name) => store.set(name, name, 60)));
    expect((await sizes()).every((size) => size > 5)).toBe(true);
    expect(await scanned()).toEqual([...names].sort());
  });

  it('one host and cluster=true suffice; without it the store says what is wrong', async () => {
    const { url } = cluster.nodes[0]!;
    const other = await openStore(`${url}?cluster=true`);
    await Promise.all(names.map((name) => other.set(name, name, 60)));
    await other.close();
    expect(await scanned()).toHaveLength(names.length);
    const single = await openStore(url);
    const all = await Promise.allSettled(names.map((name) => single.get(name)));
    expect(all.some((one) => one.status === 'rejected' && /^MOVED/.test(one.reason.message))).toBe(true);
    await single.close();
  });

  it('finds the others where the first host named does not answer', async () => {
    const other = await openStore(cluster.url.replace('redis://', 'redis://127.0.0.1:1,'));
    expect(await other.claim('a', '1', 60)).toEqual({ first: true });
    await other.close();
    await expect(openStore('redis://127.0.0.1:1,127.0.0.1:2')).rejects.toThrow(/cannot connect: connect ECONNREFUSED/);
  });

  it('while a slot moves one of 50 claims is first, counts add up, and both stay', async () => {
    const [from, to] = cluster.nodes;
    const slots = await Promise.all(names.map((tag) => from!.command('CLUSTER', 'KEYSLOT', tag).then(Number)));
    const slot = slots.find((number) => number < 5000)!;
    const tag = names[slots.indexOf(slot)];
    const id = async (node = from) => String(await node!.command('CLUSTER', 'MYID'));
    await to!.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', await id());
    await from!.command('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', await id(to));
    // What is absent where the slot was is asked for where it goes.
    const twenty = Array.from({ length: 20 }, (_, index) => index + 1);
    const [claims, sums] = await Promise.all([
      Promise.all(Array.from({ length: 50 }, (_, n) => store.claim(`{${tag}}/code`, `${n}`, 60))),
      Promise.all(twenty.map(() => store.increment(`{${tag}}/n`, 60))),
    ]);
    expect(claims.filter(({ first }) => first)).toHaveLength(1);
    expect(sums.sort((one, other) => one - other)).toEqual(twenty);
    expect(await to!.command('DBSIZE')).toBe(2);
    const owner = await id(to);
    for (const node of [to, from, cluster.nodes[2]]) {
      await node!.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', owner);
    }
    expect((await store.claim(`{${tag}}/code`, 'late', 60)).first).toBe(false);
    expect(await store.increment(`{${tag}}/n`, 60)).toBe(21);
  });

  it('a node is frozen or gone: its keys reject within two seconds, others go on, all work when it is back', async () => {
    await Promise.all(names.map((name) => store.set(name, name, 60)));
    const [, lost] = cluster.nodes;
    const held = ((await lost!.command('KEYS', 'eca:key/*')) as string[]).map((key) => key.slice('eca:'.length)).sort();
    const refused = async () => {
      const start = performance.now();
      const all = await Promise.allSettled(names.map((name) => store.claim(name, 'late', 60)));
      expect(performance.now() - start).toBeLessThan(2000);
      return names.filter((_, index) => all[index]?.status === 'rejected').sort();
    };
    lost!.freeze();
    expect(await refused()).toEqual(held);
    await expect(store.ping()).rejects.toThrow();
    lost!.thaw();
    await untilAllAnswer();

    await lost!.kill();
    await expect(store.ping()).rejects.toThrow();
    expect(await refused()).toEqual(held);
    await lost!.start();
    await cluster.settled();
    await untilAllAnswer();
  }, 30_000);

  async function untilAllAnswer(): Promise<void> {
    const deadline = Date.now() + 8000;
    for (;;) {
      const all = await Promise.allSettled([store.ping(), ...names.map((name) => store.get(name))]);
      const failure = all.find((one) => one.status === 'rejected');
      if (failure === undefined) return;
      if (Date.now() > deadline) throw failure.reason;
      await wait(50);
    }
  }
});
