import { Agent } from 'node:http';
import { afterAll, describe, expect, it } from '@jest/globals';
import { clientKey } from '../support/client-keys.js';
import { allClients, assertion, assertionType, basicHeader, newSecret } from '../support/methods.js';
import { AttackWorld, type Reply } from './attack-world.js';

const pairs = 150;
const mostTries = 3;
/** Milliseconds by which the quartiles may differ, and the part of the quartile: less than a network's own noise. */
const slack = { fixed: 0.15, part: 0.12 };

/** Milliseconds of work that the control does for unknown clients alone. */
const flaw = 2;

/** What the database of the control spends on unknown clients now. */
let spent = 0;
const clients = {
  find(clientId: string) {
    const found = allClients.find(({ client_id }) => client_id === clientId);
    for (const end = performance.now() + spent; !found && performance.now() < end; );
    return found;
  },
};
const world = new AttackWorld({ rate_limits: { enabled: false } });
const control = new AttackWorld({ rate_limits: { enabled: false }, clients });
for (const each of [world, control]) each.agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterAll(() => Promise.all([world.close(), control.close()]));

const wrongSecret = newSecret();
const stranger = clientKey('P-256');
const from = '127.0.0.2';
type Ask = (clientId: string, at: AttackWorld) => Promise<Reply>;

const byBasic: Ask = (id, at) =>
  at.token({}, { as: null, from, headers: { authorization: basicHeader(id, wrongSecret) } });
const byPost: Ask = (id, at) => at.token({ client_id: id, client_secret: wrongSecret }, { as: null, from });
const signed = new Map<string, string>();
const byAssertion: Ask = (id, at) =>
  at.token({ client_assertion: signed.get(id) ?? '', client_assertion_type: assertionType }, { as: null, from });

/** The lower quartile: what else the machine does only ever makes a request slower. */
function quartile(took: number[]): number {
  return took.sort((one, other) => one - other)[Math.floor(took.length / 4)] ?? 0;
}

/** One after the other and in turn, so that whatever the machine does befalls both alike. */
async function differ(at: AttackWorld, ask: Ask, known: string, unknown: string): Promise<boolean> {
  const took: Record<string, number[]> = { [known]: [], [unknown]: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const id of pair % 2 === 0 ? [known, unknown] : [unknown, known]) {
      const begin = performance.now();
      const { status } = await ask(id, at);
      took[id]?.push(performance.now() - begin);
      if (status !== 401) throw new Error(`${id}: ${status}`);
    }
    at.events.length = 0;
  }
  const [one, other] = [quartile(took[known] ?? []), quartile(took[unknown] ?? [])];
  return Math.abs(one - other) > slack.fixed + slack.part * Math.min(one, other);
}

/** Whether they come out different, or alike, in one of a few tries: a busy machine may spoil a try, and not all. */
async function comesOut(expected: 'different' | 'alike', ...[at, ask, known, unknown]: Parameters<typeof differ>) {
  for (const id of [known, unknown]) signed.set(id, await assertion(id, { key: stranger.privateKey }));
  for (let warm = 0; warm < 10; warm += 1) await Promise.all([await ask(known, at), await ask(unknown, at)]);
  for (let tries = 0; tries < mostTries; tries += 1) {
    if ((await differ(at, ask, known, unknown)) === (expected === 'different')) return true;
  }
  return false;
}

describe.each<[string, Ask, string, string]>([
  ['Basic: unknown client, wrong secret', byBasic, 'basic-client', 'basic-nobody'],
  ['post: unknown client, wrong secret', byPost, 'post-client', 'post-nobody'],
  ['assertion: unknown client, wrong signature', byAssertion, 'private-key-client', 'private-key-nobody'],
])('enumeration by time: %s', (_name, ...pair) => {
  it('take equally long', async () => {
    expect(await comesOut('alike', world, ...pair)).toBe(true);
  }, 60_000);

  it(`would be told apart by ${flaw} ms, as the control shows`, async () => {
    spent = 0;
    expect(await comesOut('alike', control, ...pair)).toBe(true);
    spent = flaw;
    expect(await comesOut('different', control, ...pair)).toBe(true);
  }, 60_000);
});
