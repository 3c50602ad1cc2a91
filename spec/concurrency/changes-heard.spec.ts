import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';
import { rotateSigningKeys, type Store, type Workspace } from '../../index.js';
import { openStore } from '../../lib/stores/open.js';
import { newSecretKey } from '../support/key-world.js';
import { newSecret } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { type StorePlace, sharedStoreKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { send, type TwoProcesses, twoProcesses } from '../support/two-processes.js';

/** Milliseconds after which nobody may act on what was before a change. */
const bound = 1000;

const machine = {
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_post' as const,
  scope: 'read introspect_tokens',
};
const configured = { ...machine, client_id: 'configured', client_secret: newSecret() };

describe.each(sharedStoreKinds)('what a third process changes counts in two others within a second, $name', (kind) => {
  let place: StorePlace;
  let store: Store;
  let pair: TwoProcesses;
  let workspace: Workspace;
  let close: () => Promise<void>;
  beforeAll(async () => {
    place = await kind.newPlace();
    const options = { scopes: { read: {} }, signing_keys: ['ES256'], access_token_format: 'jwt' } as const;
    const secretKeys = [newSecretKey()];
    pair = await twoProcesses({ store: place.url, clients: [configured], secretKeys, router: options });
    store = await openStore(place.url);
    const { router } = specServer({
      ...options,
      signing_keys: ['ES256'],
      clients: [configured],
      secret_keys: secretKeys,
      store,
    });
    workspace = router.workspaces[0] as Workspace;
    close = router.close;
  }, 40_000);
  afterAll(async () => {
    await pair.stop();
    await close();
    await place.remove();
  });

  const ask = (number: 0 | 1, { client_id, client_secret }: { client_id: string; client_secret: string }) =>
    send(`${pair.servers[number].origin}/oauth2/token`, { grant_type: 'client_credentials', client_id, client_secret });
  const tokenOf = async (number: 0 | 1) => noteSecret(String((await ask(number, configured)).body?.access_token));
  /** Whether the change counts in both, when asked again and again from before it was made. */
  const counts = async (counted: (number: 0 | 1) => Promise<boolean>, change: () => Promise<unknown>) => {
    expect([await counted(0), await counted(1)]).toEqual([false, false]);
    await change();
    const changed = performance.now();
    for (const number of [0, 1] as const) {
      for (let asked = performance.now(); !(await counted(number)); asked = performance.now()) {
        expect(asked - changed).toBeLessThan(bound);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  };
  const newClient = async () => {
    const { parsed, secret } = await workspace.directory.add(machine);
    return { client_id: parsed.client_id, client_secret: noteSecret(secret?.value ?? ''), id: secret?.id ?? '' };
  };
  const isStatus = (client: { client_id: string; client_secret: string }, status: number) => async (number: 0 | 1) =>
    (await ask(number, client)).status === status;

  it('a client that is disabled, enabled again, and removed', async () => {
    const client = await newClient();
    const [works, fails] = [isStatus(client, 200), isStatus(client, 401)];
    const { directory } = workspace;
    await counts(fails, () => directory.setStatus(client.client_id, 'inactive'));
    await counts(works, () => directory.setStatus(client.client_id, 'active'));
    await counts(fails, () => directory.remove(client.client_id));
    for (const { events } of pair.servers) {
      const told = (reason: string) => events.some((event) => 'reason' in event && event.reason === reason);
      // An event may come a little after its reply.
      while (!told('client_inactive') || !told('unknown_client'))
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });

  it('a client that was not there when it was asked for', async () => {
    const client = { ...machine, client_id: 'late', client_secret: newSecret() };
    await counts(isStatus(client, 200), () => workspace.directory.add(client));
  });

  it('a key that was stolen: both sign with the new one, and know the old one no more', async () => {
    const stolen = await tokenOf(0);
    const { kid } = decodeProtectedHeader(stolen);
    const inspect = async (number: 0 | 1) => {
      const { client_id, client_secret } = configured;
      const form = { client_id, client_secret, token: stolen };
      return (await send(`${pair.servers[number].origin}/oauth2/introspect`, form)).body?.active;
    };
    await counts(
      async (number) => (await inspect(number)) === false,
      () => rotateSigningKeys(workspace, { now: true }),
    );
    for (const number of [0, 1] as const) {
      expect(decodeProtectedHeader(await tokenOf(number)).kid).not.toBe(kid);
      const { body } = await send(`${pair.servers[number].origin}/.well-known/jwks.json`);
      expect(JSON.stringify(body)).not.toContain(String(kid));
    }
  });

  it('JWK-03 a key that takes over later is published long before its lead is over', async () => {
    const published = async (number: 0 | 1) => {
      const { body } = await send(`${pair.servers[number].origin}/.well-known/jwks.json`);
      return (body as { keys: unknown[] }).keys.length;
    };
    await counts(
      async (number) => (await published(number)) === 2,
      () => rotateSigningKeys(workspace),
    );
  });
});
