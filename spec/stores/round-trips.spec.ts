import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { openStore } from '../../lib/stores/open.js';
import { CountedStore } from '../support/counted-store.js';
import { type CountedWire, countedWire, postgresReader, redisReader } from '../support/counted-wire.js';
import { newPostgresPlace } from '../support/postgres-place.js';
import { type Price, priceFailures, priceMachines, pricePeople } from '../support/priced-requests.js';
import { newRedisPlace } from '../support/redis-place.js';
import { withoutStores } from '../support/services.js';

const page = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');
/** Verbs and waits by request and token, from the one table that says them. */
const said = new Map(
  [...page.matchAll(/^\| ([^|]+) \| (opaque|JWT|none) \| (\d+) \| (\d+) \|/gm)].map(([, what, token, verbs, waits]) => [
    `${what}, ${token}`,
    [Number(verbs), Number(waits)],
  ]),
);

const servers = [
  { name: 'redis', reader: redisReader, port: 6379, newPlace: async () => newRedisPlace() },
  { name: 'postgres', reader: postgresReader, port: 5432, newPlace: newPostgresPlace },
].filter(({ name }) => !withoutStores.includes(name));

it('has a table to hold them to', () => {
  expect(said.size).toBeGreaterThan(20);
});

for (const { name, reader, port, newPlace } of servers)
  describe(`round trips of a request to ${name}`, () => {
    const met = new Set<string>();

    /** Works with a store behind a wire that counts. */
    async function onWire(work: (counted: CountedStore, wire: CountedWire) => Promise<void>): Promise<void> {
      const place = await newPlace();
      const url = new URL(place.url);
      const wire = await countedWire(url.hostname, Number(url.port || port), reader);
      url.hostname = '127.0.0.1';
      url.port = String(wire.port);
      const store = await openStore(url.href);
      const counted = new CountedStore(store);
      try {
        // As many at once as there are connections, so that none has to be made later.
        await Promise.all(Array.from({ length: 20 }, () => store.get('one')));
        await Promise.all(Array.from({ length: 20 }, () => store.increment('count', 60)));
        await work(counted, wire);
      } finally {
        await store.close();
        await wire.close();
        await place.remove();
      }
    }

    const pricing = (work: (counted: CountedStore, price: Price) => Promise<void>) =>
      onWire((counted, wire) => work(counted, priceOn(counted, wire)));

    function priceOn(counted: CountedStore, wire: CountedWire): Price {
      return async (what, token, work) => {
        const name = `${what}, ${token}`;
        let waits = 0;
        const trips = await wire.during(async () => {
          ({ waits } = await counted.during(work));
        });
        expect([name, trips, waits]).toEqual([name, ...(said.get(name) ?? [])]);
        met.add(name);
      };
    }

    it('are counted on the wire, all but the readings of the notice of changes', () =>
      onWire(async ({ store }, wire) => {
        const verbs = () => [store.get('one'), store.set('one', '1', 60), store.claim('two', '1', 60)];
        expect(await wire.during(() => Promise.all(verbs()))).toBe(3);
        expect(await wire.during(() => Promise.all([...verbs(), store.get('changes')]))).toBe(3);
        expect(await wire.during(async () => undefined)).toBe(0);
      }));

    it.each(['opaque', 'JWT'] as const)('machines, %s', (token) =>
      pricing((counted, price) => priceMachines(counted.store, token, price)),
    );

    it.each(['opaque', 'JWT'] as const)('people, %s', (token) =>
      pricing((counted, price) => pricePeople(counted.store, token, price)),
    );

    it('failures, and clients of the store', () => pricing((counted, price) => priceFailures(counted.store, price)));

    it('are those of every row of the table', () => {
      expect(met).toEqual(new Set(said.keys()));
    });
  });
