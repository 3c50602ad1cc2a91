import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openStore } from '../../lib/stores/open.js';
import type { Store } from '../../lib/stores/store.js';
import { freePort, RedisProcess } from '../support/redis-process.js';
import { type TcpRelay, tcpRelay } from '../support/tcp-relay.js';

/** What it rejects with; its milliseconds must be below two seconds. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const start = performance.now();
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(performance.now() - start).toBeLessThan(2000);
  if (!(error instanceof Error)) throw new Error('it was done');
  return error.message;
}

async function untilItWorks(store: Store): Promise<void> {
  const deadline = Date.now() + 5000;
  for (;;) {
    const failure = await store.ping().catch((error: unknown) => error);
    if (failure === undefined) return;
    if (Date.now() > deadline) throw failure;
    await wait(20);
  }
}

const every = (store: Store): [string, () => Promise<unknown>][] =>
  [
    ['get', () => store.get('a')],
    ['set', () => store.set('a', '1', 60)],
    ['delete', () => store.delete('a')],
    ['claim', () => store.claim('a', '1', 60)],
    ['increment', () => store.increment('n', 60)],
    ['scan', () => store.scan('')[Symbol.asyncIterator]().next()],
    ['ping', () => store.ping()],
  ] as [string, () => Promise<unknown>][];

let server: RedisProcess;
beforeAll(async () => {
  server = await RedisProcess.start();
});
afterAll(() => server.remove());

describe('redis store whose connection breaks', () => {
  let relay: TcpRelay;
  let store: Store;
  beforeEach(async () => {
    await server.command('FLUSHALL');
    await server.command('CONFIG', 'RESETSTAT');
    relay = await tcpRelay('127.0.0.1', server.port);
    store = await openStore(`redis://127.0.0.1:${relay.port}`);
  });
  afterEach(async () => {
    await store.close();
    await relay.close();
  });

  it('a claim whose answer was lost rejects, is not sent again, and stands', async () => {
    relay.loseAnswers(1);
    expect(await refusal(store.claim('code', 'mine', 60))).toMatch(/closed|ECONNRESET/);
    expect(await store.claim('code', 'yours', 60)).toEqual({ first: false, value: 'mine' });
    expect((await server.calls()).set).toBe(2);
  });

  it('an increment whose answer was lost rejects and is counted once', async () => {
    await store.increment('n', 60);
    relay.loseAnswers(1);
    await refusal(store.increment('n', 60));
    expect(await store.increment('n', 60)).toBe(3);
  });

  it('of 50 claims under way none is told it was first when it was not', async () => {
    relay.loseAnswers(1);
    const all = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => store.claim('code', `${n}`, 60)));
    const first = all.filter((one) => one.status === 'fulfilled' && one.value.first);
    expect(first.length).toBeLessThanOrEqual(1);
    expect(all.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
    expect((await store.claim('code', 'late', 60)).first).toBe(false);
  });

  it('verbs wait for a connection that comes back at once', async () => {
    await store.set('a', '1', 60);
    for (let round = 0; round < 5; round += 1) {
      relay.cut();
      // The client learns of it in a turn of the loop to come: what was sent before that rejects.
      await wait(2);
      expect(await store.get('a')).toBe('1');
    }
  });

  it('what waited for a connection and was refused is never sent', async () => {
    await relay.stop();
    await wait(5);
    const refused = await Promise.all(every(store).map(([, verb]) => refusal(verb())));
    expect(refused).toEqual(refused.map(() => expect.stringMatching(/did not answer/)));
    await relay.start();
    await untilItWorks(store);
    expect(await server.command('DBSIZE')).toBe(0);
  });

  it('once it is known to be away, verbs are refused without a wait, and work again when it is back', async () => {
    await relay.stop();
    await wait(700);
    const start = performance.now();
    for (const [name, verb] of every(store)) {
      expect([name, await refusal(verb())]).toEqual([name, expect.stringMatching(/not connected: .*ECONNREFUSED/)]);
    }
    expect(performance.now() - start).toBeLessThan(300);
    await relay.start();
    await untilItWorks(store);
    expect(await store.claim('code', 'mine', 60)).toEqual({ first: true });
  });

  it('a scan that is cut rejects, and does not end as if that were all', async () => {
    await Promise.all(Array.from({ length: 600 }, (_, n) => store.set(`many/${n}`, 'v', 60)));
    const entries = store.scan('many/')[Symbol.asyncIterator]();
    await entries.next();
    relay.loseAnswers(1);
    await expect(
      (async () => {
        while (!(await entries.next()).done);
      })(),
    ).rejects.toThrow();
  });

  it('close resolves while the server is away', async () => {
    await relay.stop();
    const late = refusal(store.get('a'));
    await wait(5);
    await Promise.all([store.close(), late]);
    expect(await refusal(store.get('a'))).toContain('closed');
  });
});

describe('redis store whose server is no primary any more', () => {
  it('rejects writes, and goes by itself to the server that the name leads to', async () => {
    const successor = await RedisProcess.start();
    const relay = await tcpRelay('127.0.0.1', server.port);
    const store = await openStore(`redis://127.0.0.1:${relay.port}`);
    try {
      await store.ping();
      await server.command('REPLICAOF', '127.0.0.1', String(successor.port));
      // At first the name still leads to it: no storm of connections comes of that.
      const met = async () =>
        Number(/total_connections_received:(\d+)/.exec(String(await server.command('INFO')))?.[1]);
      const before = await met();
      for (let n = 0; n < 20; n += 1)
        expect(await refusal(store.claim(`early/${n}`, 'v', 60))).toMatch(/READONLY|gave up/);
      // One is of the question itself.
      expect((await met()) - before).toBeLessThanOrEqual(3);
      relay.leadTo(successor.port);
      await untilItWorks(store);
      expect(await store.claim('code', 'mine', 60)).toEqual({ first: true });
      expect(await successor.command('EXISTS', 'eca:code')).toBe(1);
    } finally {
      await server.command('REPLICAOF', 'NO', 'ONE');
      await store.close();
      await relay.close();
      await successor.remove();
    }
  });
});

describe('redis store whose server stops', () => {
  it('answers nothing while frozen, within two seconds, and goes on afterwards', async () => {
    const store = await openStore(server.url);
    try {
      await store.set('kept', '1', 60);
      server.freeze();
      const refused = await Promise.all(every(store).map(([, verb]) => refusal(verb())));
      expect(refused).toContain('The redis: store did not answer within 1.5 seconds');
      expect(await refusal(store.get('kept'))).toMatch(/did not answer|not connected/);
      server.thaw();
      await untilItWorks(store);
      expect(await store.get('kept')).toBe('1');
    } finally {
      server.thaw();
      await store.close();
    }
  });

  it('is killed and started again: verbs reject, then work, and what was claimed stays claimed', async () => {
    const durable = await RedisProcess.start({ appendonly: 'yes', appendfsync: 'always' });
    const store = await openStore(durable.url);
    try {
      await store.claim('code', 'mine', 60);
      await store.increment('n', 60);
      await durable.kill();
      for (const [, verb] of every(store)) await refusal(verb());
      await durable.start();
      await untilItWorks(store);
      expect(await store.claim('code', 'yours', 60)).toEqual({ first: false, value: 'mine' });
      // The new process has not met the script.
      expect(await store.increment('n', 60)).toBe(2);
    } finally {
      await store.close();
      await durable.remove();
    }
  });
});

describe('redis store that cannot be opened', () => {
  it('because nobody listens', async () => {
    const message = await refusal(openStore(`redis://someone:s3cret@127.0.0.1:${await freePort()}`));
    expect(message).toMatch(/^The redis: store cannot connect: connect ECONNREFUSED/);
    expect(message).not.toMatch(/s3cret|someone/);
  });

  it('because the name has no address, or several that refuse', async () => {
    expect(await refusal(openStore('redis://no-such-host.invalid'))).toMatch(/cannot connect: getaddrinfo/);
    expect(await refusal(openStore(`redis://localhost:${await freePort()}`))).toContain('ECONNREFUSED');
  });

  it('because of a wrong password, or none', async () => {
    const guarded = await RedisProcess.start({ requirepass: 'right-s3cret' });
    try {
      const address = guarded.url.slice('redis://'.length);
      expect(await refusal(openStore(`redis://:wrong-s3cret@${address}`))).toMatch(/cannot connect: WRONGPASS [^3]*$/);
      expect(await refusal(openStore(guarded.url))).toContain('NOAUTH');
      const store = await openStore(`redis://:right%2Ds3cret@${address}/3`);
      await store.ping();
      await store.close();
    } finally {
      await guarded.remove();
    }
  });

  it('because who listens says nothing', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    try {
      const { port } = silent.address() as { port: number };
      expect(await refusal(openStore(`redis://127.0.0.1:${port}`))).toContain('did not answer within 1.5 seconds');
    } finally {
      silent.close();
    }
  });
});
