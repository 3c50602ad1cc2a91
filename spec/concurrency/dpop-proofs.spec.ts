import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProofMaker } from '../support/dpop.js';
import { DpopApi } from '../support/dpop-api.js';
import { exchangeAt, type Received } from '../support/http-exchange.js';
import { allClients, basicHeader, issuer, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { newStore, type StorePlace, sharedStoreKinds, storeKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { twoProcesses } from '../support/two-processes.js';

const uses = 50;
const body = 'grant_type=client_credentials';
const authorization = basicHeader('basic-client', secrets.basic);
const key = new ProofMaker();
const proof = () => key.proof('POST', `${issuer}/oauth2/token`);

/** One token, and every other reply the same refusal. */
function expectOneWinner(replies: readonly Received[], refusal: readonly unknown[]): void {
  const winners = replies.filter(({ status }) => status === 200);
  const losers = replies.filter(({ status }) => status !== 200);
  expect(winners).toHaveLength(1);
  expect(losers.map((reply) => [reply.status, reply.json().error])).toEqual(losers.map(() => refusal));
}

describe.each(storeKinds)('DPO-03 one proof at once, one process, $name', (kind) => {
  it(`DPO-03 of ${uses} uses at the token endpoint exactly one gives a token`, async () => {
    const store = await newStore(kind);
    const server = specServer({ store, secret_keys: [noteSecret(randomBytes(32).toString('base64'))] });
    const listener = createServer(server.router).listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    const { port } = listener.address() as AddressInfo;
    try {
      for (let round = 0; round < 4; round += 1) {
        const before = server.events.length;
        const headers = { authorization, dpop: await proof() };
        const replies = await Promise.all(Array.from({ length: uses }, () => exchangeAt(port, { headers, body })));
        expectOneWinner(replies, [400, 'invalid_dpop_proof']);
        const reasons = server.events.slice(before).map((event) => 'reason' in event && event.reason);
        expect(reasons.filter((reason) => reason === 'dpop_replayed')).toHaveLength(uses - 1);
      }
    } finally {
      await new Promise((resolve) => listener.close(resolve));
      await server.router.close();
    }
  });
});

describe.each(sharedStoreKinds)('DPO-03 one proof at once, two processes on one store, $name', (kind) => {
  let place: StorePlace;
  beforeEach(async () => {
    place = await kind.newPlace();
  });
  afterEach(() => place.remove());

  it(`DPO-03 of ${uses} uses exactly one gives a token`, async () => {
    const router = { scopes: { read: {}, write: {} }, access_token_format: 'opaque', root_cas: [] };
    const processes = await twoProcesses({ store: place.url, clients: allClients, router });
    try {
      const ports = processes.servers.map(({ origin }) => Number(new URL(origin).port));
      for (let round = 0; round < 2; round += 1) {
        const headers = { authorization, dpop: await proof() };
        const sent = Array.from({ length: uses }, (_, number) => exchangeAt(ports[number % 2]!, { headers, body }));
        expectOneWinner(await Promise.all(sent), [400, 'invalid_dpop_proof']);
      }
    } finally {
      await processes.stop();
    }
  });

  it('DPO-04 a nonce of one process is good in the other', async () => {
    const router = { dpop_nonce: 'required', scopes: { read: {}, write: {} }, root_cas: [] };
    const processes = await twoProcesses({ store: place.url, clients: allClients, router });
    try {
      const [first = 0, second = 0] = processes.servers.map(({ origin }) => Number(new URL(origin).port));
      const refused = await exchangeAt(first, { headers: { authorization, dpop: await proof() }, body });
      const nonce = refused.headers['dpop-nonce'];
      const dpop = await key.proof('POST', `${issuer}/oauth2/token`, { claims: { nonce } });
      expect((await exchangeAt(second, { headers: { authorization, dpop }, body })).status).toBe(200);
    } finally {
      await processes.stop();
    }
  });
});

describe('DPO-08 one proof at once, at an API', () => {
  it(`DPO-08 of ${uses} uses exactly one passes`, async () => {
    const api = await new DpopApi().start();
    try {
      const token = await api.token();
      const right = await api.proof(token);
      const replies = await Promise.all(Array.from({ length: uses }, () => api.call(token, right)));
      expectOneWinner(replies, [401, 'invalid_dpop_proof']);
    } finally {
      await api.stop();
    }
  });
});
