import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { OutcomeEvent } from '../../index.js';
import { allClients, assertion, assertionType, macAssertion } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { newStore, type StorePlace, sharedStoreKinds, storeKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { type HttpReply, send, type TwoProcesses, twoProcesses } from '../support/two-processes.js';

const path = '/oauth2/token';
const uses = 50;
const makers = [
  ['private_key_jwt', () => assertion('private-key-client')],
  ['client_secret_jwt', () => macAssertion()],
] as const;

function form(clientAssertion: string): Record<string, string> {
  return {
    grant_type: 'client_credentials',
    client_assertion: noteSecret(clientAssertion),
    client_assertion_type: assertionType,
  };
}

/** Exactly one of them has a token, and every other the same refusal. */
function expectOneWinner(replies: readonly HttpReply[], outcomes: readonly OutcomeEvent[]): void {
  const winners = replies.filter(({ status }) => status === 200);
  const losers = replies.filter(({ status }) => status !== 200);
  expect(winners).toHaveLength(1);
  expect(winners[0]?.body?.access_token).toEqual(expect.any(String));
  noteSecret(String(winners[0]?.body?.access_token));
  expect(losers.map(({ status, body }) => [status, body?.error])).toEqual(losers.map(() => [401, 'invalid_client']));
  expect(losers.filter(({ body }) => body?.access_token !== undefined)).toEqual([]);
  expect(outcomes).toHaveLength(replies.length);
  expect(outcomes.filter(({ outcome }) => outcome === 'success')).toHaveLength(1);
  expect(outcomes.filter(({ reason }) => reason === 'assertion_replayed')).toHaveLength(replies.length - 1);
}

describe.each(storeKinds)('AST-11 one assertion at once, one process, $name', (kind) => {
  it.each(makers)(`AST-11 of ${uses} uses by %s exactly one is accepted`, async (_method, make) => {
    const store = await newStore(kind);
    const server = specServer({ store, secret_keys: [noteSecret(randomBytes(32).toString('base64'))] });
    const listener = createServer(server.router).listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}${path}`;
    try {
      for (let round = 0; round < 2; round += 1) {
        const right = form(await make());
        const before = server.events.length;
        const replies = await Promise.all(Array.from({ length: uses }, () => send(url, right)));
        expectOneWinner(replies, server.events.slice(before) as OutcomeEvent[]);
      }
      const different = await Promise.all(Array.from({ length: uses }, async () => send(url, form(await make()))));
      expect(different.map(({ status }) => status)).toEqual(different.map(() => 200));
    } finally {
      await new Promise((resolve) => listener.close(resolve));
      await server.router.close();
    }
  });
});

describe.each(sharedStoreKinds)('AST-11 one assertion at once, two processes on one store, $name', (kind) => {
  let place: StorePlace;
  let processes: TwoProcesses;
  beforeAll(async () => {
    place = await kind.newPlace();
    const router = { scopes: { read: {}, write: {} }, access_token_format: 'opaque', root_cas: [] };
    processes = await twoProcesses({ store: place.url, clients: allClients, router });
  });
  afterAll(async () => {
    await processes.stop();
    await place.remove();
  });

  it.each(makers)(`AST-11 of ${uses} uses by %s exactly one is accepted`, async (_method, make) => {
    for (let round = 0; round < 2; round += 1) {
      const seen = await Promise.all(processes.servers.map(async ({ events }) => events.length));
      const replies = await processes.fire(path, form(await make()), uses);
      const told = await Promise.all(
        processes.servers.map(async (server, index) =>
          (await server.outcomes(seen[index]! + uses / 2)).slice(seen[index]),
        ),
      );
      expectOneWinner(replies, told.flat());
    }
  });

  it('AST-11 what one has accepted the other refuses at once, and different ones pass in both', async () => {
    const [first, second] = processes.servers;
    for (const [one, other] of [
      [first, second],
      [second, first],
    ] as const) {
      const right = form(await assertion('private-key-client'));
      expect((await send(one.origin + path, right)).status).toBe(200);
      expect((await send(other.origin + path, right)).status).toBe(401);
    }
    const all = Array.from({ length: 20 }, async (_, number) => {
      const { origin } = number % 2 === 0 ? first : second;
      return (await send(origin + path, form(await assertion('private-key-client')))).status;
    });
    expect(await Promise.all(all)).toEqual(all.map(() => 200));
  });
});
