import { Agent } from 'node:http';
import { afterAll, describe, expect, it } from '@jest/globals';
import { clientKey } from '../support/client-keys.js';
import { assertion, assertionType, basicHeader, newSecret } from '../support/methods.js';
import { AttackWorld, type Reply } from './attack-world.js';

const pairs = 150;
const mostTries = 3;
/** Milliseconds by which the quartiles may differ, and the part of the quartile: less than a network's own noise. */
const slack = { fixed: 0.15, part: 0.12 };

const world = new AttackWorld({ rate_limits: { enabled: false } });
world.agent = new Agent({ keepAlive: true, maxSockets: 1 });
afterAll(() => world.close());

const wrongSecret = newSecret();
const stranger = clientKey('P-256');
const from = '127.0.0.2';
type Ask = (clientId: string) => Promise<Reply>;

const byBasic: Ask = (id) =>
  world.token({}, { as: null, from, headers: { authorization: basicHeader(id, wrongSecret) } });
const byPost: Ask = (id) => world.token({ client_id: id, client_secret: wrongSecret }, { as: null, from });
const signed = new Map<string, string>();
const byAssertion: Ask = (id) =>
  world.token({ client_assertion: signed.get(id) ?? '', client_assertion_type: assertionType }, { as: null, from });

/** The lower quartile: what else the machine does only ever makes a request slower. */
function quartile(took: number[]): number {
  return took.sort((one, other) => one - other)[Math.floor(took.length / 4)] ?? 0;
}

/** One after the other and in turn, so that whatever the machine does befalls both alike. */
async function differ(ask: Ask, known: string, unknown: string): Promise<boolean> {
  const took: Record<string, number[]> = { [known]: [], [unknown]: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const id of pair % 2 === 0 ? [known, unknown] : [unknown, known]) {
      const begin = performance.now();
      const { status } = await ask(id);
      took[id]?.push(performance.now() - begin);
      if (status !== 401) throw new Error(`${id}: ${status}`);
    }
    world.events.length = 0;
  }
  const [one, other] = [quartile(took[known] ?? []), quartile(took[unknown] ?? [])];
  return Math.abs(one - other) > slack.fixed + slack.part * Math.min(one, other);
}

describe('enumeration by time', () => {
  it.each<[string, Ask, string, string]>([
    ['Basic: unknown client, wrong secret', byBasic, 'basic-client', 'basic-nobody'],
    ['post: unknown client, wrong secret', byPost, 'post-client', 'post-nobody'],
    ['assertion: unknown client, wrong signature', byAssertion, 'private-key-client', 'private-key-nobody'],
  ])(
    '%s take equally long',
    async (_name, ask, known, unknown) => {
      for (const id of [known, unknown]) signed.set(id, await assertion(id, { key: stranger.privateKey }));
      for (let warm = 0; warm < 10; warm += 1) await Promise.all([await ask(known), await ask(unknown)]);
      let tries = 0;
      let different = true;
      while (different && tries < mostTries) {
        different = await differ(ask, known, unknown);
        tries += 1;
      }
      expect(different).toBe(false);
    },
    60_000,
  );
});
