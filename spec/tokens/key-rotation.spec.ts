import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SecretKeys } from '../../lib/secret-keys.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { newPrivateKey } from '../../lib/tokens/signing-key.js';
import { breakableStore } from '../support/breakable-store.js';
import { KeyWorld, newSecretKey, published, secretKeyIdOf, signing, states } from '../support/key-world.js';

const lead = 3600;
const day = 86_400;

let world: KeyWorld;
beforeEach(() => {
  world = new KeyWorld();
});
afterEach(() => world.close());

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

/** Tries until it holds: for work in the background. */
async function eventually(check: () => Promise<void> | void): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await pause()) {
    try {
      await check();
      return;
    } catch {
      // Not yet.
    }
  }
  await check();
}

describe('a rotation', () => {
  it('JWK-03 publishes the new key, signs with it after the lead, keeps the old one until its last token expires', async () => {
    const keys = world.process();
    const old = await signing(keys);
    await keys.outlast(7200);
    const [fresh] = await keys.rotate();
    expect(fresh).toMatchObject({ alg: 'ES256', state: 'next', created: world.now, activates_at: world.now + lead });
    expect([await signing(keys), await published(keys)]).toEqual([old, [old, fresh?.kid]]);
    world.now += lead - 1;
    expect(await signing(keys)).toBe(old);
    world.now += 1;
    expect([await signing(keys), await published(keys)]).toEqual([fresh?.kid, [old, fresh?.kid]]);
    world.now += 7200 + 299;
    expect(await published(keys)).toEqual([old, fresh?.kid]);
    world.now += 1;
    expect(await published(keys)).toEqual([fresh?.kid]);
    await eventually(() => expect(world.told('signing_key_removed')).toHaveLength(1));
    expect([...(await world.stored()).values()].filter((value) => value !== 'ended')).toHaveLength(1);
    expect(world.warnings.map(({ name, kid }) => [name, kid])).toEqual([
      ['signing_key_rotated', fresh?.kid],
      ['signing_key_removed', old],
    ]);
  });

  it('JWK-03 the longest life of a token counts, whichever process signed it', async () => {
    const [one, two] = [world.process(), world.process()];
    await one.load();
    await two.outlast(day);
    await one.outlast(60);
    await one.rotate();
    const [old] = await one.list();
    expect(old?.removed_at).toBe(world.now + lead + day + 300);
    expect((await world.process().list())[0]?.removed_at).toBe(old?.removed_at);
  });

  it('a clock that was a year ahead and is right again: the schedule waits, whoever rotates by hand is heard', async () => {
    const schedule = { interval: 86_400, lead: 3600 };
    const keys = world.process(schedule);
    const old = await signing(keys);
    world.now += 31_536_000;
    await keys.load();
    expect(await states(keys)).toEqual(['active', 'next']);
    world.now = world.start + 100_000;
    const other = world.process(schedule);
    expect([await signing(keys), await signing(other)]).toEqual([old, old]);
    expect(await published(other)).toHaveLength(2);
    const [fresh] = await keys.rotate();
    expect(fresh).toMatchObject({ state: 'next', activates_at: world.now + 3600 });
    expect((await keys.rotate())[0]?.kid).toBe(fresh?.kid);
    world.now += 3600;
    await other.load();
    expect([await signing(keys), await signing(other)]).toEqual([fresh?.kid, fresh?.kid]);
    world.now += 300;
    await other.load();
    expect(await published(other)).toEqual([fresh?.kid]);
  });

  it('while a key waits there is no second one', async () => {
    const keys = world.process();
    const [fresh] = await keys.rotate();
    world.now += lead - 1;
    expect((await keys.rotate())[0]?.kid).toBe(fresh?.kid);
    expect((await world.process().rotate())[0]?.kid).toBe(fresh?.kid);
    world.now += 1;
    expect((await keys.rotate())[0]?.kid).not.toBe(fresh?.kid);
  });

  it('JWK-03 the lead begins when the key is there, however long it took to make', async () => {
    world = new KeyWorld(memoryStore(), ['RS256']);
    const keys = world.process();
    await keys.load();
    const { now } = world;
    const rotating = keys.rotate();
    // An RSA key takes tens of milliseconds; here they are an hour.
    setTimeout(() => {
      world.now = now + lead;
    }, 1);
    const [fresh] = await rotating;
    expect(fresh).toMatchObject({ state: 'next', created: now + lead, activates_at: now + 2 * lead });
  });

  it('JWK-02 rotates one algorithm of several, or each', async () => {
    world = new KeyWorld(memoryStore(), ['ES256', 'Ed25519', 'RS256']);
    const keys = world.process();
    expect((await keys.rotate({ alg: 'Ed25519' })).map(({ alg }) => alg)).toEqual(['Ed25519']);
    expect(await states(keys)).toEqual(['active', 'active', 'next', 'active']);
    expect((await keys.rotate()).map(({ alg }) => alg)).toEqual(['ES256', 'Ed25519', 'RS256']);
    expect(new Set(await published(keys)).size).toBe(6);
    await expect(keys.rotate({ alg: 'PS256' })).rejects.toThrow('no PS256 key; add it to signing_keys');
  });
});

describe('what is known of the time ahead', () => {
  it('JWK-02 the schedule tells when the next key signs, until one waits', async () => {
    const keys = world.process({ interval: 10 * day, lead });
    await keys.load();
    expect(await keys.list()).toEqual([expect.objectContaining({ rotates_at: world.now + 10 * day })]);
    world.now += 10 * day - lead;
    await keys.load();
    const [active, next] = await keys.list();
    expect(active).toMatchObject({ state: 'active', retires_at: world.start + 10 * day });
    expect([active, next].map((key) => key && 'rotates_at' in key)).toEqual([false, false]);
  });

  it('JWK-02 without a schedule nothing is known, and a key that has signed for a year is told once a day', async () => {
    const keys = world.process();
    await keys.load();
    expect((await keys.list())[0]).not.toHaveProperty('rotates_at');
    world.now += 365 * day - 1;
    await keys.load();
    expect(world.told('signing_key_old')).toEqual([]);
    world.now += 1;
    for (let time = 0; time < 3; time += 1) await keys.load();
    expect(world.told('signing_key_old')).toEqual([expect.objectContaining({ kid: await signing(keys) })]);
    world.now += day;
    await keys.load();
    expect(world.told('signing_key_old')).toHaveLength(2);
    await keys.rotate();
    world.now += day;
    await keys.load();
    expect(world.told('signing_key_old')).toHaveLength(2);
  });

  it('JWK-02 a key of a schedule as long as that is not told', async () => {
    const keys = world.process({ interval: 800 * day, lead });
    await keys.load();
    world.now += 400 * day;
    await keys.load();
    expect(world.told('signing_key_old')).toEqual([]);
  });
});

describe('an emergency', () => {
  it('the new key signs at once, and all before it are gone at once', async () => {
    const keys = world.process();
    const old = await signing(keys);
    const [waiting] = await keys.rotate();
    const [fresh] = await keys.rotate({ now: true });
    expect(fresh).toMatchObject({ state: 'active', activates_at: world.now });
    expect([await signing(keys), await published(keys)]).toEqual([fresh?.kid, [fresh?.kid]]);
    expect([await keys.find(old, 'ES256'), await keys.find(waiting?.kid, 'ES256')]).toEqual([undefined, undefined]);
    expect([...(await world.stored()).values()].slice(0, 2)).toEqual(['ended', 'ended']);
    expect(world.told('signing_key_removed').map(({ kid }) => kid)).toEqual([old, waiting?.kid]);
  });

  it('of two operators within seconds the second finds it done; later it is another emergency', async () => {
    const keys = world.process();
    const [fresh] = await keys.rotate({ now: true });
    world.now += 9;
    expect((await world.process().rotate({ now: true }))[0]?.kid).toBe(fresh?.kid);
    world.now += 1;
    expect((await world.process().rotate({ now: true }))[0]?.kid).not.toBe(fresh?.kid);
  });

  it('after it the schedule goes on from the new key', async () => {
    const keys = world.process({ interval: 10 * day });
    await keys.load();
    world.now += 5 * day;
    await keys.rotate({ now: true });
    world.now += 10 * day - lead - 1;
    await keys.load();
    expect(await states(keys)).toEqual(['active']);
    world.now += 1;
    await keys.load();
    expect(await states(keys)).toEqual(['active', 'next']);
  });
});

describe('the schedule', () => {
  it('JWK-03 each key signs for the interval, and the next is published a lead before', async () => {
    const keys = world.process({ interval: day });
    const old = await signing(keys);
    world.now += day - lead - 1;
    await keys.load();
    expect(await states(keys)).toEqual(['active']);
    world.now += 1;
    await keys.load();
    expect([await states(keys), await signing(keys)]).toEqual([['active', 'next'], old]);
    world.now += lead;
    expect(await signing(keys)).not.toBe(old);
    expect(world.now).toBe(world.start + day);
  });

  it('an interval of 0 means never', async () => {
    const keys = world.process({ interval: 0 });
    const old = await signing(keys);
    world.now += 10_000 * day;
    await keys.load();
    expect([await states(keys), await signing(keys)]).toEqual([['active'], old]);
  });

  it('a server that slept past its time publishes first all the same', async () => {
    const old = await signing(world.process({ interval: day }));
    world.now += 100 * day;
    const keys = world.process({ interval: day });
    expect([await signing(keys), await states(keys)]).toEqual([old, ['active', 'next']]);
  });

  it('a request is enough to set it off, and does not wait for it', async () => {
    const keys = world.process({ interval: 2 * day });
    const old = await signing(keys);
    world.now += 2 * day - lead;
    expect(await signing(keys)).toBe(old);
    await eventually(async () => expect(await states(keys)).toEqual(['active', 'next']));
  });
});

describe('what another process does', () => {
  it('is read again within a minute, and not per request', async () => {
    const { store, broken } = breakableStore();
    world = new KeyWorld(store);
    const keys = world.process();
    const old = await signing(keys);
    const [fresh] = await world.process().rotate();
    broken.add('get');
    world.now += 59;
    for (let request = 0; request < 100; request += 1) expect(await published(keys)).toEqual([old]);
    await pause();
    expect(world.told('signing_keys_unreadable')).toEqual([]);
    broken.clear();
    world.now += 1;
    await keys.all();
    await eventually(async () => expect(await published(keys)).toEqual([old, fresh?.kid]));
    expect(world.told('signing_key_learned')).toEqual([{ process: 0, name: 'signing_key_learned', kid: fresh?.kid }]);
  });

  it('is read at once for a kid nobody knows, every ten seconds at most', async () => {
    const keys = world.process();
    await keys.load();
    const [fresh] = await world.process().rotate({ now: true });
    expect((await keys.find(fresh?.kid, 'ES256'))?.kid).toBe(fresh?.kid);
    const [next] = await world.process().rotate();
    expect(await keys.find(next?.kid, 'ES256')).toBeUndefined();
    expect(await keys.find(undefined, 'ES256')).toBeUndefined();
    world.now += 10;
    expect(await keys.find(next?.kid, 'RS256')).toBeUndefined();
    world.now += 10;
    expect((await keys.find(next?.kid, 'ES256'))?.kid).toBe(next?.kid);
  });

  it('a process that wakes up after the lead reads before it signs', async () => {
    const keys = world.process();
    await keys.load();
    const [fresh] = await world.process().rotate();
    world.now += lead;
    expect(await signing(keys)).toBe(fresh?.kid);
  });

  it('a store that is down leaves it with what it knows, and says so', async () => {
    const { store, broken } = breakableStore();
    world = new KeyWorld(store);
    const keys = world.process();
    const old = await signing(keys);
    broken.add('get');
    world.now += 2 * lead;
    expect(await signing(keys)).toBe(old);
    expect(world.told('signing_keys_unreadable')).toHaveLength(1);
    broken.clear();
    world.now += 60;
    const [fresh] = await keys.rotate();
    expect(fresh?.state).toBe('next');
  });

  it('the timer reads without any request', async () => {
    const keys = world.process({ lead: 1 });
    await keys.load();
    const [fresh] = await world.process().rotate();
    await eventually(() => expect(world.told('signing_key_learned')).toMatchObject([{ process: 0, kid: fresh?.kid }]));
    await keys.close();
    world.now += 2;
    await world.process().rotate();
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(world.told('signing_key_learned').filter(({ process }) => process === 0)).toHaveLength(1);
  });
});

describe('the store', () => {
  it('GEN-18 a key of the layout before rotation is the first of its line, and its age counts from now', async () => {
    const pem = await newPrivateKey('ES256');
    await world.store.set(
      'signing-key/ES256',
      new SecretKeys([world.secret]).seal('signing key', pem, 'signing-key/ES256'),
      Infinity,
    );
    const keys = world.process({ interval: day });
    const [status] = await keys.list();
    expect(status).toMatchObject({ state: 'active', created: world.now, activates_at: world.now });
    const { privateKey } = await keys.forAccessTokens();
    expect(privateKey.export({ type: 'pkcs8', format: 'pem' })).toBe(pem);
    world.now += day / 2;
    expect((await world.process({ interval: day }).list())[0]?.created).toBe(status?.created);
    const [fresh] = await keys.rotate();
    expect([...(await world.stored()).keys()]).toEqual(['signing-key/ES256', 'signing-key/ES256/1']);
    expect(await published(keys)).toEqual([status?.kid, fresh?.kid]);
  });

  it('GEN-18 a key under an older secret key is encrypted anew under the first, and no key is lost', async () => {
    const [old, fresh] = [world.secret, newSecretKey()];
    await world.process().rotate();
    const before = await published(world.process());
    const processes = Array.from({ length: 20 }, () => world.process({}, [fresh, old]));
    await Promise.all(processes.map((keys) => keys.load()));
    for (const value of (await world.stored()).values()) expect(value).toMatch(`aes-256-gcm:${secretKeyIdOf(fresh)}:`);
    const keys = world.process({}, [fresh]);
    expect(await published(keys)).toEqual(before);
    expect((await keys.list()).map(({ secret_key }) => secret_key)).toEqual(Array(2).fill(secretKeyIdOf(fresh)));
    expect(world.told('signing_key_resealed').map(({ kid }) => kid)).toEqual(expect.arrayContaining(before));
    const closed = world.process({}, [old]).load();
    await expect(closed).rejects.toThrow(`under secret key ${secretKeyIdOf(fresh)}, which is not in secret_keys`);
  });

  it('a running process that lacks the new secret key goes on with what it knows', async () => {
    const [old, fresh] = [world.secret, newSecretKey()];
    const keys = world.process();
    const kids = await published(keys);
    await world.process({}, [fresh, old]).load();
    world.now += 60;
    await keys.all();
    await eventually(() => expect(world.told('signing_keys_unreadable')).toMatchObject([{ process: 0 }]));
    expect(await published(keys)).toEqual(kids);
  });

  it('a key that was put back after its end ends again', async () => {
    const keys = world.process();
    const old = await signing(keys);
    const before = await world.stored();
    await keys.rotate({ now: true });
    const name = 'signing-key/ES256';
    await world.store.set(name, before.get(name) ?? '', Infinity);
    const other = world.process();
    expect(await published(other)).not.toContain(old);
    expect((await world.stored()).get(name)).toBe('ended');
  });

  it('imports a key once: what is read again is the same object', async () => {
    const keys = world.process();
    const { privateKey } = await keys.forAccessTokens();
    await keys.rotate();
    await keys.load();
    expect((await keys.forAccessTokens()).privateKey).toBe(privateKey);
  });
});
