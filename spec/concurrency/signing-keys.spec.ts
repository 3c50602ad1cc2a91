import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { type GrantRouter, rotateSigningKeys, type Store } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { openStore } from '../../lib/stores/open.js';
import { compiledLib } from '../support/compiled-lib.js';
import { KeyWorld, newSecretKey, states } from '../support/key-world.js';
import { specServer } from '../support/spec-server.js';
import { newStore, sharedStoreKinds, storeKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { send, type TwoProcesses, twoProcesses } from '../support/two-processes.js';
import { unhurried } from '../support/unhurried-store.js';

const racers = 50;

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'key-races-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const newDirectory = () => mkdtempSync(join(directory, 'store-'));
const stores: [string, () => Promise<Store> | Store][] = [
  ['memory that takes its time', () => unhurried(memoryStore())],
  ...storeKinds.map((kind): [string, () => Promise<Store>] => [kind.name, () => newStore(kind)]),
];

describe.each(stores)('one rotation at once, %s', (_name, open) => {
  let world: KeyWorld;
  afterEach(() => world.close());
  const start = async () => {
    world = new KeyWorld(await open());
    const processes = Array.from({ length: racers }, () => world.process());
    await Promise.all(processes.map((keys) => keys.load()));
    return processes;
  };
  const distinct = (found: readonly (readonly { readonly kid: string }[])[]) =>
    new Set(found.flat().map(({ kid }) => kid));

  it(`JWK-03 ${racers} processes that start at once have one key`, async () => {
    const found = await Promise.all((await start()).map((keys) => keys.all()));
    expect(distinct(found).size).toBe(1);
  });

  it(`JWK-03 ${racers} rotations end with one new key`, async () => {
    const processes = await start();
    const found = await Promise.all(processes.map((keys) => keys.rotate()));
    expect(distinct(found).size).toBe(1);
    expect(await states(world.process())).toEqual(['active', 'next']);
    expect(world.told('signing_key_rotated')).toHaveLength(1);
  });

  it(`JWK-03 ${racers} emergencies end with one key and no other`, async () => {
    const processes = await start();
    const found = await Promise.all(processes.map((keys) => keys.rotate({ now: true })));
    expect(distinct(found).size).toBe(1);
    expect(await states(world.process())).toEqual(['active']);
    await Promise.all(processes.map((keys) => keys.load()));
    const left = await Promise.all(processes.map((keys) => keys.all()));
    expect(distinct(left)).toEqual(distinct(found));
  });

  it('an emergency in the middle of a scheduled rotation ends the old key all the same', async () => {
    const processes = await start();
    const old = (await processes[0]?.forAccessTokens())?.kid;
    await Promise.all(processes.map((keys, number) => keys.rotate({ now: number % 2 === 0 })));
    await Promise.all(processes.map((keys) => keys.load()));
    const kept = await world.process().list();
    expect(kept.map(({ kid }) => kid)).not.toContain(old);
    expect(kept.filter(({ state }) => state === 'active')).toHaveLength(1);
  });
});

/** Reads a line of parameters, loads, says so, rotates `count` times at once when told to, and prints the kids. */
const script = (library: string) => `
  import { createInterface } from 'node:readline';
  const { SigningKeys } = await import(${JSON.stringify(library)} + '/lib/tokens/signing-keys.js');
  const { SecretKeys } = await import(${JSON.stringify(library)} + '/lib/secret-keys.js');
  const { openStore } = await import(${JSON.stringify(library)} + '/lib/stores/open.js');
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { store: url, secret, count } = JSON.parse((await lines.next()).value);
  const store = await openStore(url);
  const all = Array.from({ length: count }, () => new SigningKeys(['ES256', 'Ed25519'], store, new SecretKeys([secret])));
  await Promise.all(all.map((keys) => keys.load()));
  console.log('"ready"');
  const order = JSON.parse((await lines.next()).value);
  const found = await Promise.all(all.map((keys) => keys.rotate(order)));
  console.log(JSON.stringify([...new Set(found.flat().map(({ kid }) => kid))]));
  await Promise.all(all.map((keys) => keys.close()));
  await store.close();
  process.exit(0);`;

describe.each(sharedStoreKinds)('two processes that rotate at once on one store, $name', (kind) => {
  it.each([{}, { now: true }])(
    'JWK-03 end with one new key per algorithm, %j',
    async (order) => {
      const place = await kind.newPlace();
      const [store, secret] = [place.url, newSecretKey()];
      const library = pathToFileURL(compiledLib()).href;
      const processes = await Promise.all(
        [0, 1].map(async () => {
          const child = spawn(process.execPath, ['--input-type=module', '-e', script(library)], {
            stdio: ['pipe', 'pipe', 'inherit'],
          });
          const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
          child.stdin.write(`${JSON.stringify({ store, secret, count: racers / 2 })}\n`);
          expect((await lines.next()).value).toBe('"ready"');
          return { child, lines };
        }),
      );
      for (const { child } of processes) child.stdin.write(`${JSON.stringify(order)}\n`);
      const found = await Promise.all(processes.map(async ({ lines }) => JSON.parse((await lines.next()).value)));
      await Promise.all(processes.map(({ child }) => child.exitCode ?? once(child, 'close')));
      expect(found[0]).toHaveLength(2);
      expect(new Set(found[1])).toEqual(new Set(found[0]));
      await place.remove();
    },
    40_000,
  );
});

describe('two processes that serve', () => {
  const secret = newSecretKey();
  let pair: TwoProcesses;
  let operator: { router: GrantRouter } | undefined;
  afterEach(async () => {
    await operator?.router.close();
    operator = undefined;
    await pair.stop();
  });

  const client = {
    client_id: 'service',
    client_secret: noteSecret('s'.repeat(40)),
    grant_types: ['client_credentials'],
  };
  const start = async (signing_key_rotation: Record<string, number>) => {
    const store = `lmdb:${newDirectory()}`;
    const router = { signing_key_rotation, signing_keys: ['ES256'], scopes: { read: {} } };
    const clients = [{ ...client, token_endpoint_auth_method: 'client_secret_post', scope: 'read' }];
    pair = await twoProcesses({ store, clients, secretKeys: [secret], router });
    return { store, options: { ...router, clients, secret_keys: [secret] } };
  };
  const kidsOf = async (number: 0 | 1) => {
    const { body } = await send(`${pair.servers[number].origin}/.well-known/jwks.json`);
    return (body as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
  };
  const tokenOf = async (number: 0 | 1) => {
    const form = { grant_type: 'client_credentials', client_id: 'service', client_secret: client.client_secret };
    const { body } = await send(`${pair.servers[number].origin}/oauth2/token`, form);
    return noteSecret(String(body?.access_token));
  };
  const until = async (what: () => Promise<boolean>) => {
    const deadline = Date.now() + 10_000;
    while (!(await what())) {
      if (Date.now() > deadline) throw new Error('it did not happen within ten seconds');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  it('JWK-03 both notice what a third process rotates, without a restart, and sign with it', async () => {
    const { store, options } = await start({ lead: 2 });
    const [old] = await kidsOf(0);
    operator = specServer({ ...(options as object), store: await openStore(store) });
    const [fresh] = await rotateSigningKeys(operator.router);
    for (const number of [0, 1] as const) {
      await until(async () => (await kidsOf(number)).includes(fresh?.kid ?? ''));
      await until(async () => decodeProtectedHeader(await tokenOf(number)).kid === fresh?.kid);
      expect(await kidsOf(number)).toEqual([old, fresh?.kid]);
    }
    const [stolen] = await rotateSigningKeys(operator.router, { now: true });
    for (const number of [0, 1] as const) await until(async () => (await kidsOf(number)).join() === stolen?.kid);
  }, 40_000);

  it('JWK-03 on the schedule both make one new key', async () => {
    await start({ interval: 4, lead: 2 });
    const [old] = await kidsOf(0);
    await until(async () => (await kidsOf(0)).length === 2 && (await kidsOf(1)).length === 2);
    expect(await kidsOf(0)).toEqual(await kidsOf(1));
    const told = pair.servers.flatMap(({ events }) => events).filter((event) => event.event === 'warning');
    const names = told.map(({ name }) => name).filter((name) => name.startsWith('signing_key'));
    expect(names.filter((name) => name === 'signing_key_rotated')).toHaveLength(1);
    const [, fresh] = await kidsOf(0);
    await until(async () => decodeProtectedHeader(await tokenOf(1)).kid === fresh);
    expect(fresh).not.toBe(old);
  }, 40_000);
});
