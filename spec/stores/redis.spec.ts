import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { storeConformance } from '../../lib/stores/conformance.js';
import { openStore } from '../../lib/stores/open.js';
import type { Store } from '../../lib/stores/store.js';
import { RedisProcess } from '../support/redis-process.js';
import { redisUrl } from '../support/services.js';
import { newStore, storeKinds } from '../support/store-kinds.js';

const kind = storeKinds.find(({ name }) => name === 'redis')!;

storeConformance(() => newStore(kind), { describe, it });

async function withStore(url: string, use: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore(url);
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

async function everyVerb(store: Store): Promise<void> {
  await store.set('a', '1', 60);
  expect(await store.get('a')).toBe('1');
  expect(await store.claim('b', '2', 60)).toEqual({ first: true });
  expect(await store.increment('n', 60)).toBe(1);
  expect(await store.increment('n', 60)).toBe(2);
  const keys: string[] = [];
  for await (const { key } of store.scan('')) keys.push(key);
  expect(keys.sort()).toEqual(['a', 'b', 'n']);
  for (const key of keys) await store.delete(key);
  await store.ping();
}

describe('redis store', () => {
  let server: RedisProcess;
  beforeAll(async () => {
    server = await RedisProcess.start();
  });
  afterAll(() => server.remove());

  it('is opened by its URL, whatever the case of the scheme, and is not volatile', async () => {
    await withStore(redisUrl.replace('redis:', 'REDIS:'), async (store) => {
      expect(store.volatile).toBe(false);
      await store.ping();
    });
  });

  it('sends one command per verb, and its script once', async () => {
    await server.command('SCRIPT', 'FLUSH');
    await withStore(server.url, async (store) => {
      await store.increment('n', 60);
      expect((await server.calls()).eval).toBe(1);
      const sent = async (verb: () => Promise<unknown>) => {
        await server.command('CONFIG', 'RESETSTAT');
        await verb();
        return server.calls();
      };
      expect(await sent(() => store.set('a', '1', 60))).toEqual({ set: 1 });
      expect(await sent(() => store.get('a'))).toEqual({ get: 1 });
      expect(await sent(() => store.claim('a', '2', 60))).toEqual({ set: 1 });
      expect(await sent(() => store.delete('a'))).toEqual({ del: 1 });
      // What the script does inside the server is counted too.
      expect(await sent(() => store.increment('n', 60))).toEqual({ evalsha: 1, exists: 1, incr: 1 });
      expect(await sent(() => store.ping())).toEqual({ setrange: 1, ping: 1 });
    });
  });

  it('gives every entry its end in the server, to the millisecond, and none for ever', async () => {
    await withStore(`${server.url}?prefix=ttl:`, async (store) => {
      await store.set('set', 'v', 10.5);
      await store.claim('claim', 'v', 10.5);
      await store.increment('count', 10.5);
      await store.increment('count', 100);
      await store.set('tiny', 'v', 0.000001);
      await store.set('far', 'v', 1e15);
      for (const name of ['set', 'claim', 'count']) {
        const left = Number(await server.command('PTTL', `ttl:${name}`));
        expect([name, left > 1000 && left <= 10_500]).toEqual([name, true]);
      }
      expect(Number(await server.command('PTTL', 'ttl:far'))).toBeGreaterThan(1e15);
      await wait(5);
      expect(await store.get('tiny')).toBeUndefined();
      await store.increment('for ever', Number.POSITIVE_INFINITY);
      expect(await server.command('PTTL', 'ttl:for ever')).toBe(-1);
      await store.set('for ever', '0', Number.POSITIVE_INFINITY);
      await store.increment('for ever', 60);
      expect(await server.command('PTTL', 'ttl:for ever')).toBe(-1);
    });
  });

  it('ping leaves nothing behind', async () => {
    await withStore(`${server.url}?prefix=ping:`, async (store) => {
      await store.ping();
      expect(await server.command('EXISTS', 'ping:ping')).toBe(0);
      await store.set('ping', 'mine', 60);
      await store.ping();
      expect(await store.get('ping')).toBe('mine');
    });
  });

  it('refuses text that has no UTF-8, and takes a surrogate pair', async () => {
    await withStore(server.url, async (store) => {
      await expect(store.set('a', '\ud800', 60)).rejects.toThrow(TypeError);
      await expect(store.claim('\udfff', 'a', 60)).rejects.toThrow('lone surrogate');
      await expect(store.get('\ud800')).rejects.toThrow('lone surrogate');
      await store.set('\u{1F511}', '\u{1F511}', 60);
      expect(await store.get('\u{1F511}')).toBe('\u{1F511}');
    });
  });

  it('rejects for a key of another type, and leaves it out of a scan', async () => {
    await server.command('LPUSH', 'eca:list/1', 'x');
    await withStore(server.url, async (store) => {
      await expect(store.get('list/1')).rejects.toThrow('WRONGTYPE');
      await expect(store.claim('list/1', 'v', 60)).rejects.toThrow('WRONGTYPE');
      await expect(store.increment('list/1', 60)).rejects.toThrow('WRONGTYPE');
      for await (const { key } of store.scan('list/')) throw new Error(key);
    });
  });

  it('prefixes and databases do not see each other, even where one holds characters of a pattern', async () => {
    const urls = ['?prefix=p:', '?prefix=p*', '?prefix=%5Bp%5D:', '/1?prefix=p:'].map((end) => server.url + end);
    for (const [index, url] of urls.entries()) {
      await withStore(url, async (store) => {
        expect(await store.claim('a', `${index}`, 60)).toEqual({ first: true });
      });
    }
    for (const [index, url] of urls.entries()) {
      await withStore(url, async (store) => {
        const found: unknown[] = [];
        for await (const entry of store.scan('')) found.push(entry);
        expect(found).toMatchObject([{ key: 'a', value: `${index}` }]);
      });
    }
  });
});

describe('redis store and clocks', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([-3600, 3600])('expiry is by the clock of the server, whatever ours says (%d seconds off)', async (skew) => {
    await withStore(`${redisUrl}?prefix=spec:clock${skew}:`, async (store) => {
      const true_ = Date.now.bind(Date);
      jest.spyOn(Date, 'now').mockImplementation(() => true_() + skew * 1000);
      expect(await store.claim('code', 'one', 0.3)).toEqual({ first: true });
      expect(await store.claim('code', 'two', 60)).toEqual({ first: false, value: 'one' });
      expect(await store.get('code')).toBe('one');
      await wait(320);
      expect(await store.claim('code', 'three', 0.1)).toEqual({ first: true });
    });
  });
});

describe('redis store on a server that is not fit', () => {
  const full = { maxmemory: '100mb' };

  it.each(['allkeys-lru', 'volatile-lru', 'volatile-ttl', 'allkeys-random'])(
    'refuses one that evicts keys (%s), unless that is acknowledged',
    async (policy) => {
      const server = await RedisProcess.start({ ...full, 'maxmemory-policy': policy });
      try {
        await expect(openStore(server.url)).rejects.toThrow(
          `refuses a server that evicts keys when it is full (maxmemory-policy ${policy})`,
        );
        await withStore(`${server.url}?acknowledge=eviction`, everyVerb);
      } finally {
        await server.remove();
      }
    },
  );

  it('takes a limit without eviction, and eviction without a limit; rejects when it is full', async () => {
    const server = await RedisProcess.start({ 'maxmemory-policy': 'allkeys-lru' });
    try {
      await withStore(server.url, everyVerb);
      await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
      await server.command('CONFIG', 'SET', 'maxmemory', '100mb');
      await withStore(server.url, async (store) => {
        await everyVerb(store);
        await store.set('a', '1', 60);
        await server.command('CONFIG', 'SET', 'maxmemory', '1');
        await expect(store.claim('b', '1', 60)).rejects.toThrow('OOM');
        await expect(store.increment('n', 60)).rejects.toThrow('OOM');
        await expect(store.ping()).rejects.toThrow('OOM');
        expect(await store.get('a')).toBe('1');
      });
    } finally {
      await server.remove();
    }
  });

  it('ping rejects on a replica, which takes no writes', async () => {
    const server = await RedisProcess.start();
    try {
      await withStore(server.url, async (store) => {
        await server.command('REPLICAOF', '127.0.0.1', '1');
        // Its own words at first; once the connection was given up for it, ours.
        const refusal = /READONLY|it has become a replica/;
        await expect(store.ping()).rejects.toThrow(refusal);
        await expect(store.claim('a', '1', 60)).rejects.toThrow(refusal);
        await server.command('REPLICAOF', 'NO', 'ONE');
        await everyVerb(store);
      });
    } finally {
      await server.remove();
    }
  });

  it('refuses a replica, even one that takes writes', async () => {
    const server = await RedisProcess.start({ 'replica-read-only': 'no' });
    try {
      await withStore(server.url, everyVerb);
      await server.command('REPLICAOF', '127.0.0.1', '1');
      await expect(openStore(server.url)).rejects.toThrow('The redis: store refuses a replica');
      await server.command('REPLICAOF', 'NO', 'ONE');
      await withStore(server.url, everyVerb);
    } finally {
      await server.remove();
    }
  });

  it('refuses a server that is too old to claim', async () => {
    // It says its version to whoever asks with INFO, and nothing else that would be needed.
    const old = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (bytes) => {
          const info = '# Server\r\nredis_version:6.2.14\r\n';
          for (const [, command] of bytes.toString().matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g))
            socket.write(command === 'INFO' ? `$${info.length}\r\n${info}\r\n` : '+OK\r\n');
        });
    }).listen(0, '127.0.0.1');
    await once(old, 'listening');
    try {
      const { port } = old.address() as AddressInfo;
      await expect(openStore(`redis://127.0.0.1:${port}`)).rejects.toThrow(
        'needs Redis 7 or newer, and the server is 6.2.14',
      );
    } finally {
      old.close();
    }
  });

  it('works for the user that docs/stores.md describes, and for one who may not ask about memory', async () => {
    const page = readFileSync(new URL('../../docs/stores.md', import.meta.url), 'utf8');
    const [, rules = ''] = /^\*\*A user of its own\*\* \(ACL\): `([^`]+)`/m.exec(page) ?? [];
    const server = await RedisProcess.start();
    try {
      await server.command('ACL', 'SETUSER', 'one', 'on', '>s3cret', ...rules.split(' '));
      await server.command('ACL', 'SETUSER', 'two', 'on', '>s3cret', ...rules.split(' '), '-info');
      for (const user of ['one', 'two']) await withStore(server.url.replace('//', `//${user}:s3cret@`), everyVerb);
      await withStore(`${server.url.replace('//', '//one:s3cret@')}?prefix=other:`, async (store) => {
        await expect(store.set('a', '1', 60)).rejects.toThrow('NOPERM');
      });
    } finally {
      await server.remove();
    }
  });
});
