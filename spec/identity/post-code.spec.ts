import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { DeliverCode } from '../../index.js';
import { postCode } from '../../lib/identity/post-code.js';
import { john, LoginServer } from '../support/login-flow.js';

let server: LoginServer;
beforeEach(() => {
  // Deliveries begin in setImmediate, which goes on.
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  server = new LoginServer();
});
afterEach(() => {
  jest.useRealTimers();
});

function post(deliverCode: DeliverCode): void {
  const [workspace] = server.router.workspaces;
  if (!workspace?.pool) throw new Error('no pool');
  const asked = { address: john.email ?? '', clientName: undefined, browser: 'a', contents: '{}' };
  postCode(
    { ...workspace, pool: workspace.pool, deliverCode },
    { ...asked, link: (secret) => `https://x/?t=${secret}` },
  );
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 60; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const warned = () => server.warnings.map((event) => ('detail' in event ? event.detail : undefined));

describe('a delivery', () => {
  it('that takes longer than 30 seconds is told to give up, and its place is free again', async () => {
    const signals: AbortSignal[] = [];
    const hang: DeliverCode = (_mail, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    for (let count = 0; count < 201; count += 1) post(hang);
    await turns();
    expect(signals).toHaveLength(200);
    expect(warned()).toEqual([{ what: 'too many deliveries are under way', at_once: 200 }]);
    await jest.advanceTimersByTimeAsync(29_999);
    expect(signals.some(({ aborted }) => aborted)).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await turns();
    expect(signals.every(({ aborted }) => aborted)).toBe(true);
    expect(warned().slice(1)).toEqual(Array.from({ length: 200 }, () => ({ what: 'timed out', subject: john.id })));
    let delivered = 0;
    for (let count = 0; count < 200; count += 1)
      post(async () => {
        delivered += 1;
      });
    await turns();
    expect(delivered).toBe(200);
  });

  it.each([
    'john@example.com, eve@example.com',
    'John <john@example.com>',
    ' john@example.com',
    'j\uFF4Fhn@example.com',
  ])('to %j, which is not one plain address, is none', async (email) => {
    const sent: string[] = [];
    const deliver: DeliverCode = async ({ to }) => void sent.push(to);
    const [workspace] = server.router.workspaces;
    const pool = { ...workspace!.pool!, users: { find: () => ({ ...john, email }) } };
    const asked = { address: 'john@example.com', clientName: undefined, browser: 'a', contents: '{}' };
    postCode({ ...workspace!, pool, deliverCode: deliver }, { ...asked, link: (secret) => `https://x/?t=${secret}` });
    await turns();
    expect(sent).toEqual([]);
    expect(warned()).toEqual([{ what: 'the account has no plain e-mail address', subject: john.id }]);
    server.users.set(john.id, { ...john, email: 'John@Example.com' });
    const others = { ...pool, users: { find: () => server.users.get(john.id) } };
    postCode(
      { ...workspace!, pool: others, deliverCode: deliver },
      { ...asked, link: (secret) => `https://x/?t=${secret}` },
    );
    await turns();
    expect(sent).toEqual(['John@Example.com']);
  });

  it('that gives up when it is told to is warned of once', async () => {
    post(
      (_mail, { signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await turns();
    await jest.advanceTimersByTimeAsync(30_000);
    await turns();
    expect(warned()).toEqual([{ what: 'timed out', subject: john.id }]);
  });

  it('whose directory hangs is over after 30 seconds too, and sends nothing when it comes back', async () => {
    let answer: (user: typeof john) => void = () => undefined;
    server = new LoginServer({
      users: {
        find: () =>
          new Promise((resolve) => {
            answer = resolve;
          }),
      },
    });
    let delivered = 0;
    post(async () => {
      delivered += 1;
    });
    await turns();
    await jest.advanceTimersByTimeAsync(30_000);
    await turns();
    expect(warned()).toEqual([{ what: 'timed out' }]);
    answer(john);
    await turns();
    expect(delivered).toBe(0);
  });

  it('that is quick is neither aborted nor warned of', async () => {
    const signals: AbortSignal[] = [];
    post(async (_mail, { signal }) => void signals.push(signal));
    await turns();
    await jest.advanceTimersByTimeAsync(60_000);
    await turns();
    expect([signals.map(({ aborted }) => aborted), warned()]).toEqual([[false], []]);
  });
});
