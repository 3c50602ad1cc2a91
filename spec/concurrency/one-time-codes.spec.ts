import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type CodeAttempt, OneTimeCodes } from '../../lib/codes/one-time-codes.js';
import { OAuthError } from '../../lib/errors.js';
import { userList } from '../../lib/identity/user-list.js';
import type { User } from '../../lib/identity/users.js';
import { SecretKeys } from '../../lib/secret-keys.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { openStore } from '../../lib/stores/open.js';
import type { Store } from '../../lib/stores/store.js';
import { newStore, type StorePlace, sharedStoreKinds, storeKinds } from '../support/store-kinds.js';
import { noteSecret } from '../support/suite-log.js';
import { type HttpReply, type ServerProcess, send, type TwoProcesses, twoProcesses } from '../support/two-processes.js';
import { unhurried } from '../support/unhurried-store.js';

const racers = 50;
const rounds = 5;
const john: User = { id: 'u-john', username: 'johndoe' };
const type = 'authentication';
const secretKeys = [noteSecret(randomBytes(32).toString('base64'))];

function codesOn(store: Store): OneTimeCodes {
  return new OneTimeCodes({
    users: userList([john]),
    settings: {},
    store,
    secretKeys: new SecretKeys(secretKeys),
    now: Date.now,
  });
}

const attempt = (code: string): CodeAttempt => ({ type, code, user: { login: 'johndoe' } });
const wrongOf = (code: string) => String((Number(code[0]) + 1) % 10) + code.slice(1);
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

async function outcome(promise: Promise<User>): Promise<string> {
  try {
    await promise;
    return 'right';
  } catch (thrown) {
    return thrown instanceof OAuthError ? thrown.reason : String(thrown);
  }
}

function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const each of outcomes) counts[each] = (counts[each] ?? 0) + 1;
  return counts;
}

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'one-time-codes-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const stores: [string, () => Promise<Store> | Store][] = [
  ['memory that takes its time', () => unhurried(memoryStore())],
  ...storeKinds.map((kind): [string, () => Promise<Store>] => [kind.name, () => newStore(kind)]),
];

describe.each(stores)('one-time codes at once, %s', (_name, open) => {
  let store: Store;
  let codes: OneTimeCodes;
  const newCode = async () => noteSecret((await codes.generate({ type, user: john })).code);
  beforeEach(async () => {
    store = await open();
    codes = codesOn(store);
  });
  afterEach(() => store.close());

  it(`GAC-05 of ${racers} redemptions of the right code exactly one is accepted`, async () => {
    for (let round = 0; round < rounds; round += 1) {
      const code = await newCode();
      const counts = tally(await Promise.all(times(racers, () => outcome(codes.redeem(attempt(code))))));
      expect(counts.right).toBe(1);
      expect((counts.otc_used ?? 0) + (counts.otc_exhausted ?? 0)).toBe(racers - 1);
    }
  });

  it(`GAC-05 of ${racers} wrong guesses no more than five are looked at, and the code is dead`, async () => {
    const code = await newCode();
    const counts = tally(await Promise.all(times(racers, () => outcome(codes.redeem(attempt(wrongOf(code)))))));
    expect(counts).toEqual({ otc_mismatch: 5, otc_exhausted: racers - 5 });
    expect(await outcome(codes.redeem(attempt(code)))).toBe('otc_exhausted');
  });

  it('GAC-05 the right one among the guesses counts as one of the five', async () => {
    for (let round = 0; round < 3; round += 1) {
      const code = await newCode();
      const guesses = times(racers, (index) => (index === 25 ? code : wrongOf(code)));
      const counts = tally(await Promise.all(guesses.map((guess) => outcome(codes.redeem(attempt(guess))))));
      expect((counts.right ?? 0) + (counts.otc_mismatch ?? 0)).toBeLessThanOrEqual(5);
    }
  });

  it('GAC-05 looks with the right code buy no further guesses', async () => {
    for (let round = 0; round < 3; round += 1) {
      const code = await newCode();
      const mixed = times(2 * racers, (index) => (index % 2 === 0 ? code : wrongOf(code)));
      const counts = tally(await Promise.all(mixed.map((guess) => outcome(codes.inspect(attempt(guess))))));
      expect(counts.otc_mismatch ?? 0).toBeLessThanOrEqual(5);
      expect((counts.right ?? 0) + (counts.otc_exhausted ?? 0) + (counts.otc_mismatch ?? 0)).toBe(2 * racers);
    }
  });

  it('GAC-05 looks alone, however many at once, leave the code as it was', async () => {
    const code = await newCode();
    await Promise.all(times(racers, () => outcome(codes.inspect(attempt(code)))));
    expect(await outcome(codes.redeem(attempt(code)))).toBe('right');
  });

  it('GAC-05 the budget of the day is not overdrawn by guesses at once', async () => {
    let looked = 0;
    for (let round = 0; round < 6; round += 1) {
      const { code } = await codes.generate({ type, user: john }).catch(() => ({ code: '00000000' }));
      const counts = tally(await Promise.all(times(racers, () => outcome(codes.redeem(attempt(wrongOf(code)))))));
      looked += counts.otc_mismatch ?? 0;
    }
    expect(looked).toBe(20);
    await expect(codes.generate({ type, user: john })).rejects.toMatchObject({ reason: 'otc_budget_spent' });
  });
});

describe('one-time codes and a store that is opened again', () => {
  it('GAC-05 a code killed by guesses stays dead, the day stays spent, a used code stays used', async () => {
    const url = `lmdb:${mkdtempSync(join(directory, 'again-'))}`;
    let store = await openStore(url);
    const reopened = async () => {
      await store.close();
      store = await openStore(url);
      return codesOn(store);
    };
    let codes = codesOn(store);
    const used = (await codes.generate({ type, user: john })).code;
    expect(await outcome(codes.redeem(attempt(used)))).toBe('right');
    codes = await reopened();
    expect(await outcome(codes.redeem(attempt(used)))).toBe('otc_used');
    for (let round = 0; round < 4; round += 1) {
      const { code } = await codes.generate({ type, user: john });
      for (let guess = 0; guess < 5; guess += 1) {
        expect(await outcome(codes.redeem(attempt(wrongOf(code))))).toBe('otc_mismatch');
        if (guess === 3) codes = await reopened();
      }
      codes = await reopened();
      expect(await outcome(codes.redeem(attempt(code)))).toBe(round === 3 ? 'otc_attempts_spent' : 'otc_exhausted');
    }
    await expect(codes.generate({ type, user: john })).rejects.toMatchObject({ reason: 'otc_budget_spent' });
    await store.close();
  });
});

describe.each(sharedStoreKinds)('one-time codes, two processes on one store, $name', (kind) => {
  const secret = noteSecret(randomBytes(32).toString('base64url'));
  const client = {
    client_id: 'app',
    client_secret: secret,
    token_endpoint_auth_method: 'client_secret_post',
    grant_types: ['password'],
    scope: 'openid',
  };
  const router = { users: [john], grant_types: ['password'] };
  let place: StorePlace;
  let processes: TwoProcesses;

  async function start(): Promise<void> {
    processes = await twoProcesses({ store: place.url, secretKeys, clients: [client], router });
  }
  beforeEach(async () => {
    place = await kind.newPlace();
  });
  afterEach(async () => {
    await processes.stop();
    await place.remove();
  });

  /** A code made in this third process, in the pool that the issuer's own users have there. */
  async function newCode(): Promise<string> {
    const { grantRouter, passwordless, standardStrategies } = await import('../../index.js');
    const { issuer } = await import('../support/methods.js');
    const server = grantRouter({
      ...router,
      issuer,
      clients: [client],
      store: await openStore(place.url),
      secret_keys: secretKeys,
      strategies: standardStrategies(),
      grants: [passwordless()],
    });
    const code = await server.workspaces[0]?.pool?.codes.generate({ type, user: john });
    await server.close();
    return noteSecret(code?.code ?? '');
  }

  const form = (password: string) => ({
    grant_type: 'password',
    client_id: 'app',
    client_secret: secret,
    username: 'johndoe',
    password,
  });
  const accepted = (replies: readonly HttpReply[]) => replies.filter(({ status }) => status === 200).length;
  const reasons = async (count: number, ...servers: readonly ServerProcess[]) =>
    tally(
      (await Promise.all(servers.map((server) => server.outcomes(count))))
        .flat()
        .map(({ reason }) => reason ?? 'right'),
    );

  it(`GAC-05 PWG-04 of ${racers} token requests with the right code exactly one is accepted`, async () => {
    await start();
    for (let round = 0; round < rounds; round += 1) {
      const replies = await processes.fire('/oauth2/token', form(await newCode()), racers);
      expect(accepted(replies)).toBe(1);
      const losers = replies.filter(({ status }) => status !== 200);
      expect(losers.map(({ status, body }) => [status, body?.error])).toEqual(losers.map(() => [400, 'invalid_grant']));
    }
  });

  it(`GAC-05 PWG-04 of ${racers} guesses over both no more than five are looked at`, async () => {
    await start();
    const code = await newCode();
    expect(accepted(await processes.fire('/oauth2/token', form(wrongOf(code)), racers))).toBe(0);
    expect(await reasons(racers / 2, ...processes.servers)).toEqual({ otc_mismatch: 5, otc_exhausted: racers - 5 });
    const [first, second] = processes.servers;
    expect((await send(`${first.origin}/oauth2/token`, form(code))).status).toBe(400);
    expect((await send(`${second.origin}/oauth2/token`, form(code))).status).toBe(400);
  });

  it('GAC-05 guesses and used codes are remembered when both were killed', async () => {
    await start();
    const used = await newCode();
    expect((await send(`${processes.servers[0].origin}/oauth2/token`, form(used))).status).toBe(200);
    await processes.kill();
    await start();
    expect((await send(`${processes.servers[1].origin}/oauth2/token`, form(used))).status).toBe(400);
    expect(await reasons(1, processes.servers[1])).toEqual({ otc_used: 1 });
    const code = await newCode();
    for (let guess = 0; guess < 5; guess += 1) {
      await send(`${processes.servers[guess % 2 === 0 ? 0 : 1].origin}/oauth2/token`, form(wrongOf(code)));
    }
    await processes.kill();
    await start();
    expect((await send(`${processes.servers[0].origin}/oauth2/token`, form(code))).status).toBe(400);
    expect(await reasons(1, processes.servers[0])).toEqual({ otc_exhausted: 1 });
  });
});
