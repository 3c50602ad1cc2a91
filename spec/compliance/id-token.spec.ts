import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { issuer, jane, OpenIdServer, webClient } from '../support/openid-flow.js';

let server: OpenIdServer;
beforeEach(() => {
  server = new OpenIdServer();
});
afterEach(() => server.spec.router.close());

const claimsOf = ({ id_token = '' }: Record<string, string>) => decodeJwt(id_token);

describe('IDT-01 what it says', () => {
  it('IDT-01 iss, sub, aud, exp, iat and nothing that was not asked for', async () => {
    const reply = await server.tokens({ scope: 'openid' });
    expect(claimsOf(reply)).toEqual({
      iss: issuer,
      sub: 'u-jane',
      aud: 'web',
      iat: server.now,
      exp: server.now + 3600,
      auth_time: server.now - 100,
      at_hash: expect.any(String),
    });
  });

  it('IDT-01 without openid there is none', async () => {
    expect(await server.tokens({ scope: 'profile email read' })).not.toHaveProperty('id_token');
    expect(await server.tokens({ scope: 'read openid' })).toHaveProperty('id_token');
  });

  it('IDT-01 is signed by RS256, the default, with a key of the key set', async () => {
    const { id_token = '' } = await server.tokens({ scope: 'openid' });
    const { alg, kid } = decodeProtectedHeader(id_token);
    expect(alg).toBe('RS256');
    const key = await importJWK(await server.publicKey(kid));
    const checks = { issuer, audience: 'web', currentDate: new Date(server.now * 1000) };
    await expect(jwtVerify(id_token, key, checks)).resolves.toBeDefined();
    await expect(jwtVerify(`${id_token.slice(0, -8)}AAAAAAAA`, key, checks)).rejects.toThrow('signature');
  });

  it('IDT-01 is signed by the algorithm the client registered', async () => {
    server.clients.set('web', webClient({ id_token_signed_response_alg: 'ES256' }));
    const { id_token = '' } = await server.tokens({ scope: 'openid' });
    expect(decodeProtectedHeader(id_token).alg).toBe('ES256');
  });

  it.each(['none', 'HS256', ''])('IDT-01 a client cannot register %j', (alg) => {
    const clients = [webClient({ id_token_signed_response_alg: alg as 'ES256' })];
    expect(() => new OpenIdServer({ clients })).toThrow('clients[0].id_token_signed_response_alg');
    expect(() => new OpenIdServer({ clients: [webClient({ id_token_signed_response_alg: 'RS256' })] })).not.toThrow();
  });

  it.each([
    ['a'.repeat(255), 200],
    ['a b|c/~', 200],
    ['a'.repeat(256), 500],
    ['jané', 500],
    ['jane\n', 500],
    ['', 500],
    [7 as unknown as string, 500],
  ])('IDT-01 a user id %j is %i: a sub is 1 to 255 ASCII characters', async (id, expected) => {
    server.users.set(id, { ...jane, id });
    server.person = { ...jane, id };
    const reply = await server.redeem(await server.code({ scope: 'openid' }));
    expect(reply.status).toBe(expected);
    if (expected === 200) {
      expect(claimsOf(reply.body).sub).toBe(id);
      return;
    }
    expect(reply.body).toEqual({ error: 'server_error', error_description: expect.any(String) });
    expect(server.spec.last()).toMatchObject({
      reason: 'internal_error',
      detail: { fix: expect.stringContaining('255') },
    });
  });

  it('IDT-01 claims of the person go by granted scope, and as they are now', async () => {
    const known = { name: 'Jane Doe', preferred_username: 'jane', email: 'jane@example.com' };
    expect(claimsOf(await server.tokens({ scope: 'openid profile email' }))).toMatchObject(known);
    const profile = claimsOf(await server.tokens({ scope: 'openid profile' }));
    expect(profile).toMatchObject({ name: 'Jane Doe', preferred_username: 'jane' });
    expect(profile).not.toHaveProperty('email');
    const code = await server.code({ scope: 'openid profile' });
    server.users.set('u-jane', { ...jane, name: 'Jane Roe' });
    expect(claimsOf((await server.redeem(code)).body).name).toBe('Jane Roe');
  });

  it('IDT-01 no claim of the person can take the place of one of ours, and none is empty', async () => {
    const odd = { ...jane, name: null, email: '', sub: 'u-other', iss: 'https://evil.example' };
    server.users.set('u-jane', odd as unknown as typeof jane);
    const claims = claimsOf(await server.tokens({ scope: 'openid profile email' }));
    expect(claims).toMatchObject({ sub: 'u-jane', iss: issuer, preferred_username: 'jane' });
    expect(claims).not.toHaveProperty('name');
    expect(claims).not.toHaveProperty('email');
  });
});

describe('IDT-02 nonce', () => {
  it.each(['n-0S6_WzA2Mj', 'ü & + %2B =', ' ', 'a'.repeat(2000)])(
    'IDT-02 %j comes back byte for byte',
    async (nonce) => {
      expect(claimsOf(await server.tokens({ scope: 'openid', nonce })).nonce).toBe(nonce);
    },
  );

  it('IDT-02 none comes where none was sent', async () => {
    expect(claimsOf(await server.tokens({ scope: 'openid' }))).not.toHaveProperty('nonce');
  });
});

describe('IDT-03 at_hash', () => {
  it.each([
    ['ES256', 'sha256'],
    ['RS256', 'sha256'],
    ['PS256', 'sha256'],
    ['Ed25519', 'sha512'],
  ] as const)('IDT-03 by %s is the left half of %s over this access token', async (alg, hash) => {
    await server.spec.router.close();
    server = new OpenIdServer({ signing_keys: ['ES256', 'RS256', 'PS256', 'Ed25519'] });
    server.clients.set('web', webClient({ id_token_signed_response_alg: alg }));
    const half = (token: string) => {
      const digest = createHash(hash).update(token).digest();
      return digest.subarray(0, digest.length / 2).toString('base64url');
    };
    const reply = await server.tokens({ scope: 'openid' });
    const other = await server.tokens({ scope: 'openid' });
    expect(claimsOf(reply).at_hash).toBe(half(reply.access_token ?? ''));
    expect(claimsOf(reply).at_hash).not.toBe(half(other.access_token ?? ''));
  });
});

describe('IDT-05 auth_time', () => {
  it('IDT-05 is there with max_age, and is the time of the sign-in', async () => {
    expect(claimsOf(await server.tokens({ scope: 'openid', max_age: '100' })).auth_time).toBe(server.now - 100);
    const { headers } = await server.authorize({ scope: 'openid', max_age: '99' });
    expect(new URL(headers.location ?? '').searchParams.get('error')).toBe('login_required');
    expect(server.spec.last().reason).toBe('login_required');
  });

  it('IDT-05 is there with default_max_age and with require_auth_time', async () => {
    server.clients.set('web', webClient({ default_max_age: 200 }));
    expect(claimsOf(await server.tokens({ scope: 'openid' })).auth_time).toBe(server.now - 100);
    server.clients.set('web', webClient({ require_auth_time: true }));
    expect(claimsOf(await server.tokens({ scope: 'openid' })).auth_time).toBe(server.now - 100);
  });

  it('IDT-05 a host that does not know the time gives no token to a client that requires it', async () => {
    server.person = jane;
    expect(claimsOf(await server.tokens({ scope: 'openid' }))).not.toHaveProperty('auth_time');
    server.clients.set('web', webClient({ require_auth_time: true }));
    const { headers } = await server.authorize({ scope: 'openid', state: 's' });
    const answer = Object.fromEntries(new URL(headers.location ?? '').searchParams);
    expect(answer).toMatchObject({ error: 'server_error', state: 's', iss: issuer });
    expect(answer.code).toBeUndefined();
    expect(server.spec.last()).toMatchObject({
      event: 'authorize',
      reason: 'auth_time_missing',
      detail: { subject: jane.id, fix: expect.stringContaining('require_auth_time') },
    });
    // The client that requires it now did not when its code was issued.
    server.clients.set('web', webClient());
    const code = await server.code({ scope: 'openid' });
    server.clients.set('web', webClient({ require_auth_time: true }));
    const { status, body } = await server.redeem(code);
    expect([status, Object.keys(body)]).toEqual([500, ['error', 'error_description']]);
    expect(server.spec.last()).toMatchObject({
      reason: 'internal_error',
      detail: { fix: expect.stringContaining('require_auth_time') },
    });
  });

  it.each(['-1', '1.5', '1e3', 'soon', '+5', '0x10', '99999999999'])(
    'IDT-05 max_age=%s is invalid',
    async (max_age) => {
      const { headers } = await server.authorize({ scope: 'openid', max_age });
      expect(new URL(headers.location ?? '').searchParams.get('error')).toBe('invalid_request');
      expect(server.spec.last()).toMatchObject({ reason: 'parameter_invalid', detail: { parameter: 'max_age' } });
    },
  );
});

it('the event of a grant with a person names the person, that of a client alone nobody', async () => {
  await server.tokens({ scope: 'openid' });
  expect(server.spec.last()).toMatchObject({ event: 'token', outcome: 'success', subject: 'u-jane', client_id: 'web' });
  await server.machineToken('read');
  expect(server.spec.last()).toMatchObject({ event: 'token', outcome: 'success', client_id: 'web' });
  expect(server.spec.last()).not.toHaveProperty('subject');
});
