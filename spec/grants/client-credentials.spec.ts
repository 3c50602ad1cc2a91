import { expect, it } from '@jest/globals';
import { clientCredentials } from '../../lib/grants/client-credentials.js';
import type { TokenRequest } from '../../lib/grants/grant.js';
import { parseForm } from '../../lib/http/form.js';
import type { Workspace } from '../../lib/workspaces/workspace.js';

const request = (method: string) =>
  ({ client: { scopes: ['read'] }, method, parameters: parseForm('scope=read') }) as unknown as TokenRequest;
const policy = { resources: {}, scopes: {}, oracle_endpoints: false };
const workspace = { issuer: 'https://as.example.com', policy, knowsScope: () => true } as unknown as Workspace;

it('NON-02 CCG-01 refuses a client that proved nothing, whatever its registration says', async () => {
  const { validate } = clientCredentials();
  await expect(async () => validate(request('none'), workspace)).rejects.toMatchObject({
    error: 'unauthorized_client',
    reason: 'client_not_confidential',
  });
  expect(await validate(request('client_secret_basic'), workspace)).toEqual({ scopes: ['read'] });
});
