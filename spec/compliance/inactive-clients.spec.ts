import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { TokenServer } from '../support/token-world.js';

describe.each(['jwt', 'opaque'] as const)('a client that is inactive or gone (%s)', (access_token_format) => {
  let server: TokenServer;
  beforeEach(() => {
    server = new TokenServer({ access_token_format });
  });
  afterEach(() => server.spec.router.close());

  it('INT-04 RSV-02 has no active token, at the API, userinfo and introspection, until it is back', async () => {
    const { access_token: access, refresh_token: refresh } = await server.first({
      scope: 'openid read offline_access',
    });
    const machine = await server.ofClient('auditor', 'read');
    const web = server.clients.get('web')!;
    for (const leave of [
      () => server.clients.set('web', { ...web, status: 'inactive' }),
      () => server.clients.delete('web'),
    ]) {
      leave();
      expect(await server.alive(access)).toBe(false);
      expect(await server.call(access)).toEqual([401, 'token_client_inactive']);
      expect(await server.knownAbout(refresh)).toEqual({ active: false });
      expect(await server.alive(machine)).toBe(true);
      server.clients.set('web', web);
      expect(await server.alive(access)).toBe(true);
      expect(await server.knownAbout(refresh)).toMatchObject({ active: true });
    }
  });

  it('REV-01 has tokens that others can revoke, for the day it is back', async () => {
    const { access_token: access } = await server.first({ scope: 'openid read offline_access' });
    const web = server.clients.get('web')!;
    server.clients.set('web', { ...web, status: 'inactive' });
    expect((await server.revoke({ token: access }, 'janitor')).status).toBe(200);
    server.clients.set('web', web);
    expect(await server.alive(access)).toBe(false);
  });
});
