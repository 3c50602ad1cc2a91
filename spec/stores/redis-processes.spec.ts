import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '../../lib/stores/open.js';
import type { Store } from '../../lib/stores/store.js';
import { newRedisPlace } from '../support/redis-place.js';
import type { StorePlace } from '../support/store-kinds.js';
import { expectOneFirstOf52, expectSumsOf400, storeProcess } from '../support/store-processes.js';

let place: StorePlace;
let store: Store;
beforeAll(async () => {
  place = newRedisPlace();
  store = await openStore(place.url);
});
afterAll(async () => {
  await store.close();
  await place.remove();
});

describe('a redis store in four processes', () => {
  it('of 52 claims at once on each of 20 keys one is first, all see its value, also where an expired one stood', async () => {
    for (let key = 0; key < 20; key += 2) await store.set(`key/${key}`, 'expired', 0.001);
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
    const acknowledged = (writer.lines as string[][]).flat();
    expect(await Promise.all(acknowledged.map((key) => store.get(key)))).toEqual(acknowledged);
  });
});
