import { describe, expect, it } from '@jest/globals';
import { storeConformance } from '../../lib/stores/conformance.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { namespaced } from '../../lib/stores/namespace.js';

storeConformance(() => namespaced(memoryStore(), 'acme/demo/'), { describe, it });

describe('namespaced store', () => {
  it('puts the prefix before every key of the store below', async () => {
    const below = memoryStore();
    const view = namespaced(below, 'acme/demo/');
    await view.set('code/1', 'a', 60);
    await view.claim('jti/1', 'b', 60);
    await view.increment('count', 60);
    expect(await below.get('acme/demo/code/1')).toBe('a');
    expect(await below.get('acme/demo/jti/1')).toBe('b');
    expect(await below.get('acme/demo/count')).toBe('1');
    expect(await below.get('code/1')).toBeUndefined();
    await view.delete('code/1');
    expect(await below.get('acme/demo/code/1')).toBeUndefined();
  });

  it('scan answers keys without the prefix, and nothing of a namespace whose name begins alike', async () => {
    const below = memoryStore();
    await below.set('acme/demo/code/1', 'in', 60);
    await below.set('acme/demo2/code/1', 'out', 60);
    const found: unknown[] = [];
    for await (const entry of namespaced(below, 'acme/demo/').scan('')) found.push(entry);
    expect(found).toEqual([{ key: 'code/1', value: 'in', ttl: expect.any(Number) }]);
  });

  it('nests', async () => {
    const below = memoryStore();
    await namespaced(namespaced(below, 'acme/'), 'demo/').set('a', '1', 60);
    expect(await below.get('acme/demo/a')).toBe('1');
  });

  it('close ends the view and leaves the store below open', async () => {
    const below = memoryStore();
    const view = namespaced(below, 'acme/');
    const other = namespaced(below, 'beta/');
    await view.close();
    await expect(view.get('a')).rejects.toThrow('namespace is closed');
    await expect(below.ping()).resolves.toBeUndefined();
    await expect(other.ping()).resolves.toBeUndefined();
  });

  it('tells whether the store below is volatile, and fails when it does', async () => {
    const below = memoryStore();
    const view = namespaced(below, 'acme/');
    expect(view.volatile).toBe(true);
    await below.close();
    await expect(view.ping()).rejects.toThrow('memory: store is closed');
  });

  it('refuses an empty prefix', () => {
    expect(() => namespaced(memoryStore(), '')).toThrow(TypeError);
  });
});
