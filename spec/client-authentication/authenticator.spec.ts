import { expect, it } from '@jest/globals';
import { Authenticator } from '../../lib/client-authentication/authenticator.js';
import type { AuthenticationContext, ClientAuthenticationStrategy } from '../../lib/client-authentication/strategy.js';
import type { RegisteredClient } from '../../lib/clients/client.js';
import { parseForm } from '../../lib/http/form.js';

const client = { id: 'known', method: 'first', active: true, metadata: {} } as unknown as RegisteredClient;

function authenticatorOf(enabled: readonly string[]) {
  const steps: string[] = [];
  const strategy = (name: string): ClientAuthenticationStrategy => ({
    name,
    mechanism: 'client_assertion',
    extract: ({ form }) => ({ clientId: form.get('client_assertion') ?? '' }),
    verify: () => {
      steps.push(`verify ${name}`);
      return undefined;
    },
    rehearse: () => {
      steps.push(`rehearse ${name}`);
    },
  });
  const authenticator = new Authenticator({
    strategies: [strategy('first'), strategy('second')],
    limits: undefined,
    enabledMethods: new Set(enabled),
    clients: { find: (id) => (id === 'known' ? client : undefined) },
    context: {} as AuthenticationContext,
  });
  const run = async (assertion: string) =>
    authenticator.authenticate({
      authorization: [],
      header: () => [],
      form: parseForm(`client_assertion=${assertion}`),
      certificate: undefined,
    });
  return { steps, run };
}

it('CAU-03 verifies with the strategy of the registered method alone', async () => {
  const { steps, run } = authenticatorOf(['first', 'second']);
  await expect(run('known')).resolves.toMatchObject({ method: 'first' });
  expect(steps).toEqual(['verify first']);
});

it('CAU-05 spends on an unknown client what every strategy of the mechanism would have spent', async () => {
  const { steps, run } = authenticatorOf(['first', 'second']);
  await expect(run('unknown')).rejects.toMatchObject({ reason: 'unknown_client' });
  expect(steps).toEqual(['rehearse first', 'rehearse second']);
});

it('CAU-05 spends the same on a method that is switched off', async () => {
  const { steps, run } = authenticatorOf(['second']);
  await expect(run('known')).rejects.toMatchObject({ reason: 'method_not_enabled' });
  expect(steps).toEqual(['rehearse first', 'rehearse second']);
});
