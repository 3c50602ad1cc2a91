import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { algorithmConfusion } from './algorithm-confusion.js';
import { type AttackTable, passed, targets } from './attack.js';
import { audienceAndIssuer } from './audience-and-issuer.js';
import { browser } from './browser.js';
import { codes } from './codes.js';
import { embeddedKeys } from './embedded-keys.js';
import { guessing } from './guessing.js';
import { headerSmuggling } from './header-smuggling.js';
import { methodConfusion } from './method-confusion.js';
import { issuerRequests, outbound } from './outbound.js';
import { oversize } from './oversize.js';
import { parameterPollution } from './parameter-pollution.js';
import { redirectTricks } from './redirect-tricks.js';
import { replay } from './replay.js';
import { revocationRequests } from './revocation.js';
import { signIn } from './sign-in.js';
import { tokens } from './tokens.js';

// biome-ignore lint/suspicious/noExplicitAny: each table has a world of its own kind
const tables: readonly AttackTable<any>[] = [
  algorithmConfusion,
  embeddedKeys,
  audienceAndIssuer,
  replay,
  methodConfusion,
  parameterPollution,
  headerSmuggling,
  redirectTricks,
  codes,
  tokens,
  browser,
  guessing,
  oversize,
  outbound,
  issuerRequests,
  revocationRequests,
  signIn,
];

describe.each(tables.map((table) => [table.family, table] as const))('attacks: %s', (_family, table) => {
  let shared: unknown;
  beforeAll(async () => {
    if (table.shared) shared = await table.open();
  }, 30_000);
  afterAll(async () => {
    if (shared !== undefined) await table.close(shared);
  });

  it.each(table.cases.map((each) => [`${each.at}: ${each.name}`, each] as const))('%s', async (_name, attack) => {
    const world = shared ?? (await table.open());
    try {
      expect(await attack.attempt(world)).toEqual(attack.refused);
      expect(await attack.twin(world)).toEqual(attack.allowed ?? passed);
    } finally {
      if (shared === undefined) await table.close(world);
    }
  });
});

describe('the corpus', () => {
  const cases = tables.flatMap((table) => table.cases);

  it('has its 120 cases, no two of one name in a family', () => {
    expect(cases.length).toBeGreaterThanOrEqual(120);
    for (const { family, cases: own } of tables) {
      expect([family, new Set(own.map(({ at, name }) => `${at} ${name}`)).size]).toEqual([family, own.length]);
    }
  });

  it.each(targets)('attacks %s', (target) => {
    expect(cases.filter(({ at }) => at === target).length).toBeGreaterThan(0);
  });
});
