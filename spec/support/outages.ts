import { describe, expect, it } from '@jest/globals';
import type { Response } from 'supertest';
import { FailingStore, type Loss } from './failing-store.js';
import type { Answer } from './login-flow.js';

/** What came back, of a back channel or of a browser. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly location: string | undefined;
  readonly retryAfter: string | null | undefined;
}

/** A request, ready to be sent as often as a client may try. */
export interface Attempt {
  send(): Promise<Reply>;
  isGood(reply: Reply): boolean;
  /** Throws where a success has not had its effects. The store is well by then. */
  check?(reply: Reply): Promise<void>;
  close(): Promise<void>;
}

export interface Scenario {
  prepare(failing: FailingStore): Promise<Attempt>;
  /** Statuses by which a further try may be refused: something single-use was taken before the store failed. */
  readonly spent?: readonly number[];
}

export const ofTest = ({ status, text, headers }: Response): Reply => ({
  status,
  text,
  location: headers.location,
  retryAfter: headers['retry-after'],
});
export const ofBrowser = ({ status, text, headers, location }: Answer): Reply => ({
  status,
  text,
  location,
  retryAfter: headers.get('retry-after'),
});

/** A good reply has this status, and is no redirect that tells an error. */
export const is = (status: number) => (reply: Reply) => reply.status === status && !reply.location?.includes('error=');

/** A token or a code: 40 characters and more that nobody types. */
const tokenLike = /[\w-]{40}/;

/** The most calls a request may take; else a mistake would make this endless. */
const mostCalls = 60;

/** Declares, for each scenario: whatever call fails, the reply is 503 or all of it, and the next try gets what it may. */
export function outages(scenarios: Readonly<Record<string, Scenario>>): void {
  const everyWay = Object.entries(scenarios).flatMap(([name, scenario]) =>
    (['call', 'answer'] as const).map((loss): [string, Loss, Scenario] => [name, loss, scenario]),
  );
  describe('GEN-11 a store that fails at one call', () => {
    it.each(everyWay)('GEN-11 %s, losing the %s', async (_name, loss, scenario) => {
      let call = 1;
      while (await failsAt(call, loss, scenario)) {
        call += 1;
        expect(call).toBeLessThan(mostCalls);
      }
      // Else the store was never asked, and this proves nothing. Some requests only read.
      if (loss === 'call') expect(call).toBeGreaterThan(1);
    });
  });

  describe('GEN-11 a store that is away', () => {
    it.each(Object.entries(scenarios))(
      'GEN-11 %s is refused, and works when it is back',
      async (_name, { prepare }) => {
        const failing = new FailingStore();
        const attempt = await prepare(failing);
        failing.goAway();
        expectUnavailable(await attempt.send());
        failing.mend();
        await expectGood(attempt, await attempt.send());
        await attempt.close();
      },
    );
  });
}

/** Answers whether the request came to this call. */
async function failsAt(call: number, loss: Loss, { prepare, spent = [] }: Scenario): Promise<boolean> {
  const failing = new FailingStore();
  const attempt = await prepare(failing);
  try {
    failing.failAt(call, loss);
    const reply = await attempt.send();
    failing.mend();
    const { failed } = failing;
    if (failed === undefined || attempt.isGood(reply)) await expectGood(attempt, reply);
    else {
      expectUnavailable(reply);
      const again = await attempt.send();
      if (!spent.includes(again.status)) await expectGood(attempt, again);
    }
    return failed !== undefined;
  } finally {
    await attempt.close();
  }
}

async function expectGood(attempt: Attempt, reply: Reply): Promise<void> {
  expect({ ...reply, isGood: attempt.isGood(reply) }).toEqual({ ...reply, isGood: true });
  await attempt.check?.(reply);
}

function expectUnavailable({ status, text, location, retryAfter }: Reply): void {
  expect(text).not.toContain('hunter2');
  if (location !== undefined) {
    const parameters = new URL(location).searchParams;
    expect([parameters.get('error'), parameters.get('code')]).toEqual(['temporarily_unavailable', null]);
    return;
  }
  expect([status, retryAfter]).toEqual([503, '2']);
  if (!text.startsWith('{')) return;
  expect(JSON.parse(text).error).toBe('temporarily_unavailable');
  expect(text).not.toMatch(tokenLike);
}
