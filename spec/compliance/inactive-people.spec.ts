import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { jane } from '../support/openid-flow.js';
import { TokenServer } from '../support/token-world.js';

const offline = { scope: 'openid read offline_access' };

describe.each(['jwt', 'opaque'] as const)('a person who is inactive or gone (%s)', (access_token_format) => {
  let server: TokenServer;
  beforeEach(() => {
    server = new TokenServer({ access_token_format });
  });
  afterEach(() => server.spec.router.close());

  it('INT-04 has no active token, at the API and at introspection, until they are back', async () => {
    const { access_token: access, refresh_token: refresh } = await server.first(offline);
    const machine = await server.ofClient('auditor', 'read');
    for (const leave of [
      () => server.users.set(jane.id, { ...jane, status: 'inactive' }),
      () => server.users.delete(jane.id),
    ]) {
      leave();
      expect(await server.alive(access)).toBe(false);
      expect(await server.call(access)).toEqual([401, 'token_person_inactive']);
      expect(await server.knownAbout(refresh)).toEqual({ active: false });
      expect(await server.alive(machine)).toBe(true);
      server.users.set(jane.id, jane);
      expect(await server.alive(access)).toBe(true);
      expect(await server.knownAbout(refresh)).toMatchObject({ active: true });
    }
  });

  it('REV-01 has tokens that can be revoked, for the day they are back', async () => {
    const { access_token: access, refresh_token: refresh } = await server.first(offline);
    server.users.set(jane.id, { ...jane, status: 'inactive' });
    expect((await server.revoke({ token: refresh }, 'web')).status).toBe(200);
    server.users.set(jane.id, jane);
    expect(await server.alive(access)).toBe(false);
    expect(await server.knownAbout(refresh)).toEqual({ active: false });
  });
});
