import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { refreshToken, type Workspace } from '../../index.js';
import { Form } from '../../lib/http/form.js';
import { RefreshServer } from '../support/refresh-flow.js';
import { noteSecret } from '../support/suite-log.js';

let server: RefreshServer;
beforeEach(() => {
  server = new RefreshServer();
});
afterEach(() => server.spec.router.close());

/** Whether a refresh under this profile gives another refresh token. */
async function rotates(clientId: string, profile: 'default' | 'fapi2'): Promise<boolean> {
  const served = server.spec.router.workspaces[0] as Workspace;
  const workspace = { ...served, policy: { ...served.policy, profile } };
  const { refresh_token } = await server.first({ client_id: clientId });
  const client = await served.clients.find(clientId);
  if (!client) throw new Error('no such client');
  const parameters = new Form(new Map([['refresh_token', [refresh_token]]]));
  const request = { client, method: client.method, parameters, certificate: undefined, jkt: undefined, receivedAt: 0 };
  const grant = refreshToken();
  const { response } = await grant.issue(request, await grant.validate(request, workspace), workspace);
  return noteSecret(response.refresh_token ?? '') !== refresh_token;
}

describe('whose refresh tokens rotate', () => {
  it.each([
    ['web', 'default', true],
    ['web', 'fapi2', false],
    ['still', 'default', false],
    ['still', 'fapi2', false],
    ['app', 'default', true],
    ['app', 'fapi2', true],
  ] as const)('RTG-03 RTG-06 %s under %s: %s', async (clientId, profile, expected) => {
    expect(await rotates(clientId, profile)).toBe(expected);
  });
});
