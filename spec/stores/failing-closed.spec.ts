import { describe, expect, it } from '@jest/globals';
import { failingClosed } from '../../lib/stores/failing-closed.js';
import { memoryStore } from '../../lib/stores/memory.js';
import type { Store } from '../../lib/stores/store.js';

type Verb = 'get' | 'set' | 'delete' | 'claim' | 'increment';

const verbs: [Verb, (store: Store) => Promise<unknown>][] = [
  ['get', (store) => store.get('a')],
  ['set', (store) => store.set('a', '1', 60)],
  ['delete', (store) => store.delete('a')],
  ['claim', (store) => store.claim('a', '1', 60)],
  ['increment', (store) => store.increment('n', 60)],
];

/** A store whose client queues what it cannot send. */
function hanging(verb: Verb): Store {
  return Object.assign(memoryStore(), { [verb]: () => new Promise(() => undefined) });
}

describe.each(verbs)('GEN-11 %s of a store that fails closed', (verb, call) => {
  it('GEN-11 rejects when it has waited long enough', async () => {
    await expect(call(failingClosed(hanging(verb), 20))).rejects.toMatchObject({
      reason: 'store_unavailable',
      cause: new Error('The store did not answer within 0.02 seconds'),
    });
  });

  it('GEN-11 answers what the store does, and keeps nobody waiting afterwards', async () => {
    const [guarded, plain] = [failingClosed(memoryStore(), 60_000), memoryStore()];
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    expect(await call(guarded)).toEqual(await call(plain));
    expect(timers()).toBeLessThanOrEqual(before);
  });

  it('GEN-11 rejects when the store does, and when it throws', async () => {
    const broken = (work: () => unknown) => failingClosed(Object.assign(memoryStore(), { [verb]: work }), 20);
    const cause = new Error('away');
    await expect(call(broken(() => Promise.reject(cause)))).rejects.toMatchObject({
      reason: 'store_unavailable',
      cause,
    });
    const throwing = broken(() => {
      throw cause;
    });
    await expect(call(throwing)).rejects.toMatchObject({ reason: 'store_unavailable', cause });
  });
});
