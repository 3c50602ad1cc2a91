import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { callback, TestServer, verifier } from '../support/authorization-flow.js';

let server: TestServer;
beforeAll(async () => {
  server = await new TestServer({ pkce: 'public-clients' }).start();
});
afterAll(() => server.stop());
beforeEach(() => {
  server.person = () => server.john();
});

const noPkce = { code_challenge: undefined, code_challenge_method: undefined };

async function expectRefusal(pending: ReturnType<TestServer['redeem']>, error: string, reason: string): Promise<void> {
  const response = await pending;
  expect({ status: response.status, error: response.body.error, reason: server.lastReason }).toEqual({
    status: 400,
    error,
    reason,
  });
  expect(response.body.access_token).toBeUndefined();
}

describe('the authorization code at the token endpoint', () => {
  it('gives tokens for the person who signed in', async () => {
    const code = await server.code({ scope: 'openid read', nonce: 'n+1 é' });
    const { status, body } = await server.redeem({ code });
    expect(status).toBe(200);
    expect(body).toMatchObject({ token_type: 'Bearer', scope: 'openid read' });
    const { sub, nonce, auth_time } = decodeJwt(body.id_token);
    expect({ sub, nonce, auth_time }).toEqual({ sub: 'u-john', nonce: 'n+1 é', auth_time: server.now - 10 });
  });

  it('AUT-08 the narrowed scope is told, and a scope parameter here changes nothing', async () => {
    const code = await server.code({ scope: 'read accounts.7 nonsense' });
    const { body } = await server.redeem({ code, scope: 'openid everything' });
    expect(body.scope).toBe('read accounts.7');
  });

  it('ACG-01 a missing code is refused', async () => {
    await expectRefusal(server.redeem({ code: undefined }), 'invalid_request', 'parameter_missing');
    await expectRefusal(server.redeem({ code: '' }), 'invalid_request', 'parameter_missing');
  });

  it('ACG-01 an unknown code is refused', async () => {
    await expectRefusal(server.redeem({ code: 'x'.repeat(43) }), 'invalid_grant', 'code_unknown');
  });

  it('ACG-01 a code is good until it expires, and not after', async () => {
    const [early, late] = [await server.code({ client_id: 'short' }), await server.code({ client_id: 'short' })];
    server.now += 4;
    expect((await server.redeem({ code: early }, 'short')).status).toBe(200);
    server.now += 1;
    await expectRefusal(server.redeem({ code: late }, 'short'), 'invalid_grant', 'code_expired');
  });

  it("ACG-01 another client's code is refused, and stays good for its own", async () => {
    const code = await server.code();
    await expectRefusal(server.redeem({ code }, 'other'), 'invalid_grant', 'code_client_mismatch');
    expect((await server.redeem({ code })).status).toBe(200);
  });

  it('ACG-02 redirect_uri must be repeated as it was, and a mistake costs nothing', async () => {
    const code = await server.code();
    for (const redirect_uri of [undefined, `${callback}/`, `${callback}?own=1`]) {
      await expectRefusal(server.redeem({ code, redirect_uri }), 'invalid_grant', 'redirect_uri_mismatch');
    }
    expect((await server.redeem({ code })).status).toBe(200);
  });

  it('ACG-02 redirect_uri may be left out where the request left it out, and must not differ', async () => {
    const code = await server.code({ redirect_uri: undefined });
    await expectRefusal(
      server.redeem({ code, redirect_uri: 'https://evil.example/' }),
      'invalid_grant',
      'redirect_uri_mismatch',
    );
    expect((await server.redeem({ code, redirect_uri: undefined })).status).toBe(200);
    const again = await server.code({ redirect_uri: undefined });
    expect((await server.redeem({ code: again })).status).toBe(200);
  });

  it('ACG-03 of fifty requests at once with one code, one gets tokens', async () => {
    const code = await server.code();
    const responses = await Promise.all(Array.from({ length: 50 }, () => server.redeem({ code })));
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(1);
    expect(statuses.filter((status) => status === 400)).toHaveLength(49);
    expect(responses.filter(({ body }) => body.error === 'invalid_grant')).toHaveLength(49);
    expect(server.events.slice(-50).filter(({ reason }) => reason === 'code_used')).toHaveLength(49);
  });

  it('ACG-03 a used code is refused', async () => {
    const code = await server.code();
    expect((await server.redeem({ code })).status).toBe(200);
    await expectRefusal(server.redeem({ code }), 'invalid_grant', 'code_used');
  });

  it('ACG-07 a person who was made inactive, or removed, gets no tokens', async () => {
    const codes = [await server.code(), await server.code()];
    const john = server.users.get('u-john')!;
    server.users.set(john.id, { ...john, status: 'inactive' });
    await expectRefusal(server.redeem({ code: codes[0] }), 'invalid_grant', 'user_inactive');
    server.users.delete(john.id);
    await expectRefusal(server.redeem({ code: codes[1] }), 'invalid_grant', 'user_inactive');
    server.users.set(john.id, john);
    expect((await server.redeem({ code: await server.code() })).status).toBe(200);
  });
});

describe('PKCE at the token endpoint', () => {
  it('PKC-03 a malformed verifier is refused and costs nothing', async () => {
    const code = await server.code();
    for (const code_verifier of ['short', 'a'.repeat(129), `${verifier} `]) {
      await expectRefusal(server.redeem({ code, code_verifier }), 'invalid_request', 'verifier_malformed');
    }
    expect((await server.redeem({ code })).status).toBe(200);
  });

  it('PKC-04 a wrong verifier is refused, and the code is gone', async () => {
    const code = await server.code();
    await expectRefusal(server.redeem({ code, code_verifier: 'a'.repeat(43) }), 'invalid_grant', 'verifier_mismatch');
    await expectRefusal(server.redeem({ code }), 'invalid_grant', 'code_used');
  });

  it('PKC-04 a missing verifier is refused, and the code is gone', async () => {
    const code = await server.code();
    await expectRefusal(server.redeem({ code, code_verifier: undefined }), 'invalid_grant', 'verifier_missing');
    await expectRefusal(server.redeem({ code }), 'invalid_grant', 'code_used');
  });

  it('PKC-05 a verifier for a code without challenge is refused; without either there are tokens', async () => {
    const code = await server.code(noPkce);
    await expectRefusal(server.redeem({ code }), 'invalid_request', 'verifier_without_challenge');
    expect((await server.redeem({ code, code_verifier: undefined })).status).toBe(200);
  });

  it('PKC-01 a public client redeems its code with the verifier alone', async () => {
    const redirect_uri = 'http://127.0.0.1:51004/cb';
    const code = await server.code({ client_id: 'app', redirect_uri });
    await expectRefusal(
      server.redeem({ code, redirect_uri: 'http://127.0.0.1:51005/cb' }, 'app'),
      'invalid_grant',
      'redirect_uri_mismatch',
    );
    expect((await server.redeem({ code, redirect_uri }, 'app')).status).toBe(200);
  });
});
