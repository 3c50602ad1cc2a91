import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { postgresStore } from '../../lib/stores/postgres.js';
import { newPostgresPlace, type PostgresPlace } from '../support/postgres-place.js';
import { expectOneFirstOf52, expectSumsOf400, storeProcess } from '../support/store-processes.js';

let place: PostgresPlace;
beforeAll(async () => {
  place = await newPostgresPlace();
});
afterAll(() => place.remove());

describe('a postgres store in four processes', () => {
  it('of 52 claims at once on each of 20 keys one is first, all see its value, also where an expired one stood', async () => {
    const store = await postgresStore(place.url);
    for (let key = 0; key < 20; key += 2) await store.set(`key/${key}`, 'expired', 0.001);
    await store.close();
    await expectOneFirstOf52(place.url);
  });

  it('increments add up, and no sum is answered twice', () => expectSumsOf400(place.url));

  it('one that is killed while it writes has lost nothing it acknowledged', async () => {
    const writer = await storeProcess(
      place.url,
      `for (let n = 0; ; n += 1) {
         const keys = Array.from({ length: 20 }, (_, m) => 'kill/' + n + '/' + m);
         await Promise.all(keys.map((key, m) => m % 2 ? store.set(key, key, 60) : store.claim(key, key, 60)));
         say(keys);
       }`,
    );
    writer.go();
    while (writer.lines.length < 5) await once(writer.process.stdout!, 'data');
    writer.process.kill('SIGKILL');
    await once(writer.process, 'close');
    const store = await postgresStore(place.url);
    const acknowledged = (writer.lines as string[][]).flat();
    const standing = await Promise.all(acknowledged.map((key) => store.get(key)));
    await store.close();
    expect(standing).toEqual(acknowledged);
  });

  it('an open store does not keep its process alive', async () => {
    const idle = await storeProcess(place.url, `await store.set('a', '1', 60); store.close = () => undefined;`);
    idle.go();
    const ended = once(idle.process, 'close');
    const timer = setTimeout(() => idle.process.kill('SIGKILL'), 5000);
    const [code] = await ended;
    clearTimeout(timer);
    expect(code).toBe(0);
  });
});
