import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader, importJWK, type JWK, jwtVerify } from 'jose';
import request from 'supertest';
import { listSigningKeys, rotateSigningKeys } from '../../index.js';
import { issuer } from '../support/methods.js';
import { webClient } from '../support/openid-flow.js';
import { TokenServer } from '../support/token-world.js';

const everyAlgorithm = ['ES256', 'RS256', 'PS256', 'Ed25519'] as const;
type Algorithm = (typeof everyAlgorithm)[number];

let server: TokenServer;
const start = (options: ConstructorParameters<typeof TokenServer>[0] = {}) => {
  server = new TokenServer({ access_token_format: 'jwt', ...options });
  return server;
};
afterEach(() => server.spec.router.close());

async function jwks(): Promise<{ keys: JWK[]; maxAge: number; kids: unknown[] }> {
  const { body, headers, status } = await request(server.spec.router).get('/.well-known/jwks.json');
  expect(status).toBe(200);
  const maxAge = Number(/^public, max-age=(\d+)$/.exec(headers['cache-control'] ?? '')?.[1]);
  return { keys: body.keys, maxAge, kids: body.keys.map(({ kid }: JWK) => kid) };
}

/** The header of a token, after its signature was checked with nothing but the published keys. */
async function verified(token: string, typ: string) {
  const { keys } = await jwks();
  const checks = { typ, issuer, currentDate: new Date(server.now * 1000) };
  const { protectedHeader } = await jwtVerify(
    token,
    async ({ kid, alg }: { kid?: string; alg: string }) => {
      const found = keys.filter((key) => key.kid === kid && key.alg === alg);
      expect(found).toHaveLength(1);
      return importJWK(found[0] as JWK);
    },
    checks,
  );
  return protectedHeader;
}

describe.each(everyAlgorithm)('%s', (alg) => {
  const others = everyAlgorithm.filter((each) => each !== alg);

  it('JWK-01 JWK-02 signs access tokens when it stands first, and only then', async () => {
    start({ signing_keys: [alg, ...others] });
    expect((await verified(await server.ofClient('auditor', 'read'), 'at+jwt')).alg).toBe(alg);
    await server.spec.router.close();
    start({ signing_keys: [others[0] as Algorithm, alg] });
    expect((await verified(await server.ofClient('auditor', 'read'), 'at+jwt')).alg).toBe(others[0]);
  });

  it('JWK-02 IDT-01 signs ID tokens of the clients that registered it, with at_hash by its own hash', async () => {
    start({ signing_keys: [...everyAlgorithm] });
    server.clients.set('web', webClient({ id_token_signed_response_alg: alg }));
    const { id_token = '', access_token = '' } = await server.tokens({ scope: 'openid' });
    expect((await verified(id_token, 'JWT')).alg).toBe(alg);
    // OpenID Connect Core 3.1.3.6; Ed25519 hashes with SHA-512 (RFC 8032 5.1).
    const digest = createHash(alg === 'Ed25519' ? 'sha512' : 'sha256')
      .update(access_token)
      .digest();
    const claims = JSON.parse(Buffer.from(id_token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims.at_hash).toBe(digest.subarray(0, digest.length / 2).toString('base64url'));
  });

  it('JWK-02 a client cannot register it where the workspace has no such key', () => {
    start();
    const clients = [webClient({ id_token_signed_response_alg: alg })];
    const wrong = () => new TokenServer({ signing_keys: [others[0] as Algorithm], clients });
    expect(wrong).toThrow(`clients[0].id_token_signed_response_alg: needs ${alg} in signing_keys`);
  });
});

describe('the JWKS during a rotation', () => {
  it('JWK-01 JWK-02 JWK-03 shows the next key beside the active one: public members, each with kid, use and alg', async () => {
    start({ signing_keys: ['ES256', 'Ed25519'] });
    await rotateSigningKeys(server.spec.router);
    const { keys } = await jwks();
    expect(keys.map(({ alg, use }) => [alg, use])).toEqual([
      ['ES256', 'sig'],
      ['ES256', 'sig'],
      ['Ed25519', 'sig'],
      ['Ed25519', 'sig'],
    ]);
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(4);
    for (const key of keys) expect(Object.keys(key)).not.toEqual(expect.arrayContaining(['d']));
  });

  it.each([
    [{}, 300],
    [{ lead: 3600 }, 300],
    [{ lead: 120 }, 60],
    [{ lead: 1 }, 0],
  ])('JWK-03 with %j caches may keep it %i seconds: less than the lead', async (rotation, expected) => {
    start({ signing_key_rotation: rotation });
    expect((await jwks()).maxAge).toBe(expected);
  });

  it.each([
    [{ interval: 3600 }, 'interval: must be 0, or longer than lead'],
    [{ interval: -1 }, 'interval'],
    [{ lead: 0 }, 'lead'],
    [{ every: 5 }, 'every: is not a known member'],
  ])('%j is a mistake at start', (rotation, expected) => {
    start({ signing_key_rotation: { interval: 3601 } });
    const wrong = () => new TokenServer({ signing_key_rotation: rotation as object });
    expect(wrong).toThrow(`signing_key_rotation.${expected}`);
  });

  it('JWK-03 tokens of the old key live to their end, and new ones come from the new key', async () => {
    start({ signing_key_rotation: { lead: 600 } });
    const old = await server.ofClient('auditor', 'read');
    const [fresh] = await rotateSigningKeys(server.spec.router, { now: false });
    const early = await server.ofClient('auditor', 'read');
    expect(decodeProtectedHeader(early).kid).toBe(decodeProtectedHeader(old).kid);
    server.now += 600;
    const late = await server.ofClient('auditor', 'read');
    expect(decodeProtectedHeader(late).kid).toBe(fresh?.kid);
    for (const token of [old, early, late]) expect(await server.alive(token)).toBe(true);
    await verified(old, 'at+jwt');
  });

  it('JWK-03 a client whose tokens live longer keeps the key longer', async () => {
    start({ signing_key_rotation: { lead: 600 } });
    server.clients.set('patient', {
      ...server.clients.get('auditor'),
      client_id: 'patient',
      token_ttls: { access_token: 100_000 },
    });
    const token = await server.ofClient('patient', 'read');
    await rotateSigningKeys(server.spec.router);
    server.now += 99_999;
    await server.ofClient('auditor', 'read');
    expect(await server.alive(token)).toBe(true);
    const { removed_at, state } = (await listSigningKeys(server.spec.router))[0] ?? {};
    expect([state, removed_at]).toEqual(['retired', 1_800_000_000 + 600 + 100_000 + 300]);
  });

  it('an emergency ends every token of the old key, told as token_signature_invalid', async () => {
    start();
    const old = await server.ofClient('auditor', 'read');
    expect(await server.alive(old)).toBe(true);
    const { kids } = await jwks();
    const [fresh] = await rotateSigningKeys(server.spec.router, { now: true });
    expect(await server.alive(old)).toBe(false);
    expect((await jwks()).kids).toEqual([fresh?.kid]);
    expect(kids).not.toContain(fresh?.kid);
    expect(await server.alive(await server.ofClient('auditor', 'read'))).toBe(true);
    await server.userinfo(old).expect(401);
    expect(server.spec.last().reason).toBe('token_signature_invalid');
  });

  it('rotation is told as a warning with kid, algorithm and time, and the function answers where', async () => {
    start();
    const [fresh] = await rotateSigningKeys(server.spec.router.workspaces[0] as never);
    const told = server.spec.events.filter((event) => event.event === 'warning');
    expect(told).toEqual([
      {
        event: 'warning',
        name: 'signing_key_rotated',
        detail: { alg: 'ES256', kid: fresh?.kid, activates_at: server.now + 3600, replaces_all: false },
        issuer,
      },
    ]);
    expect(fresh).toMatchObject({ issuer, alg: 'ES256', state: 'next' });
    await expect(rotateSigningKeys(server.spec.router, { alg: 'PS256' })).rejects.toThrow('no PS256 key');
  });
});
