import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { storeConformance } from '../../lib/stores/conformance.js';
import { memoryStore } from '../../lib/stores/memory.js';

storeConformance(() => memoryStore(), { describe, it });

describe('memory store in production', () => {
  const before = process.env.NODE_ENV;
  beforeEach(() => {
    process.env.NODE_ENV = 'production';
  });
  afterEach(() => {
    process.env.NODE_ENV = before;
  });

  it('refuses to start and names both ways out', () => {
    expect(() => memoryStore()).toThrow(/another store URL.*memory:\?acknowledge=single-process/);
    expect(() => memoryStore({ acknowledgeSingleProcess: false })).toThrow(/single-process/);
  });

  it('starts when acknowledged', async () => {
    await expect(memoryStore({ acknowledgeSingleProcess: true }).ping()).resolves.toBeUndefined();
  });
});

describe('memory store upkeep', () => {
  it('is volatile', () => {
    expect(memoryStore().volatile).toBe(true);
  });

  it('writes remove what has expired, so that the map stays bounded', async () => {
    jest.useFakeTimers({ now: 1_000_000, doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
    const deletions = jest.spyOn(Map.prototype, 'delete');
    try {
      const store = memoryStore();
      for (let n = 0; n < 1000; n += 1) await store.set(`old/${n}`, 'v', 10);
      expect(deletions).not.toHaveBeenCalled();
      jest.advanceTimersByTime(10_000);
      for (let n = 0; n < 2000; n += 1) await store.set(`new/${n}`, 'v', 10);
      const removed = new Set(deletions.mock.calls.map(([key]) => key));
      expect(removed.size).toBe(1000);
      expect([...removed].every((key) => String(key).startsWith('old/'))).toBe(true);
    } finally {
      deletions.mockRestore();
      jest.useRealTimers();
    }
  });

  it('a write costs the same with 300,000 entries as with few', async () => {
    const store = memoryStore();
    for (let n = 0; n < 300_000; n += 1) await store.set(`k${n}`, 'v', 60);
    const start = process.cpuUsage();
    for (let n = 0; n < 2000; n += 1) await store.claim(`c${n}`, 'v', 60);
    const { user, system } = process.cpuUsage(start);
    // A write that looked at every entry would take over a millisecond; this allows a slow machine 100 microseconds.
    expect((user + system) / 2000).toBeLessThan(100);
  });
});
