import { type GrantRouter, rotateSigningKeys, type Workspace, type WorkspaceSigningKey } from '../../index.js';
import { type Command, type GivenOptions, UsageError } from '../command.js';
import { keysJson, keysTable } from '../keys-table.js';
import { chosenWorkspaces, nameOf, withServer } from '../open-server.js';
import { serverOptions, workspaceOption } from '../server-options.js';

type Algorithm = Workspace['policy']['signing_keys'][number];

export const keysRotate: Command = {
  name: 'keys rotate',
  summary: 'Publishes new signing keys, which take over later, or with --now at once',
  options: {
    workspace: { ...workspaceOption, description: 'of this one alone, such as acme/demo' },
    alg: { value: 'ALG', description: 'of this algorithm alone: ES256, RS256, PS256 or Ed25519' },
    now: { description: 'the present keys were stolen: end them, and every token they signed, at once' },
    ...serverOptions,
  },
  details: [
    'A new key is published first and signs when signing_key_rotation.lead is over, so that everybody has read it by',
    'then. The old one stays published until its last token expires: nobody notices. While a key waits to take over',
    'there is no second one.',
    '',
    'Works while the server runs, which reads the new keys within a minute.',
  ],
  examples: ['keys rotate', 'keys rotate --workspace acme/demo --alg RS256', 'keys rotate --now --config as.json'],
  run: (given, environment) =>
    withServer(given, environment, async (router) => {
      const alg = given.text('alg') as Algorithm | undefined;
      const workspaces = withAlgorithm(router, alg, given);
      const now = given.has('now');
      const start = Math.floor(Date.now() / 1000);
      const keys = await rotateSigningKeys({ workspaces }, { ...(alg && { alg }), now });
      const lines = [...keysTable(keys), '', ...explanation(keys, now, start)];
      return { text: `${lines.join('\n')}\n`, json: keysJson(keys) };
    }),
};

/** Where to rotate: not every workspace need have the algorithm. */
function withAlgorithm(router: GrantRouter, alg: Algorithm | undefined, given: GivenOptions): readonly Workspace[] {
  const chosen = chosenWorkspaces(router, given);
  const able = chosen.filter(({ policy }) => alg === undefined || policy.signing_keys.includes(alg));
  if (able.length > 0) return able;
  throw new UsageError(`${chosen.map(nameOf).join(', ')}: no ${alg} in signing_keys.`);
}

function explanation(keys: readonly WorkspaceSigningKey[], now: boolean, start: number): string[] {
  if (now) {
    return [
      'The old keys are gone, and with them every token they signed. Servers that run refuse those within a minute,',
      'APIs elsewhere when they read the JWKS again.',
    ];
  }
  const waiting = keys.some(({ created }) => created < start);
  return waiting ? ['A key that waits already is not followed by a second one.'] : ['The old keys sign until then.'];
}
