import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { withdrawConsent } from '../../lib/identity/consents.js';
import { jane } from '../support/openid-flow.js';
import { fresh, RefreshServer, refreshClients, refusedAs } from '../support/refresh-flow.js';

const day = 86_400;
const revoked = refusedAs('grant_revoked');

let server: RefreshServer;
beforeEach(() => {
  server = new RefreshServer();
});
afterEach(() => server.spec.router.close());

describe('RTG-07 lifetimes', () => {
  it('RTG-07 unused until the idle time is over, a token is dead', async () => {
    const [one, two] = [await server.first(), await server.first()];
    server.now += 14 * day - 1;
    expect(await server.verdict(one.refresh_token)).toEqual(fresh);
    server.now += 1;
    expect(await server.verdict(two.refresh_token)).toEqual(refusedAs('refresh_token_expired'));
    expect(server.warnings).toEqual([]);
  });

  it('RTG-07 the authorization ends, however often it is used, and no access token outlives it', async () => {
    let tokens = await server.first();
    for (const later of [10 * day, 10 * day, 10 * day - 100]) {
      server.now += later;
      tokens = await server.next(tokens.refresh_token);
    }
    const { iat = 0, exp } = decodeJwt(tokens.access_token);
    expect([tokens.expires_in, exp]).toEqual([100, iat + 100]);
    server.now += 100;
    expect(await server.verdict(tokens.refresh_token)).toEqual(refusedAs('refresh_token_expired'));
  });

  it("RTG-07 a client's own lifetime wins", async () => {
    const [web] = refreshClients;
    server.clients.set('web', { ...web, client_id: 'web', token_ttls: { refresh_token: 60 } });
    const { refresh_token, expires_in } = await server.first();
    expect(expires_in).toBe(60);
    server.now += 59;
    const { refresh_token: second } = await server.next(refresh_token);
    server.now += 1;
    expect(await server.verdict(second)).toEqual(refusedAs('refresh_token_expired'));
  });
});

describe('CON-05 a consent that was withdrawn', () => {
  const allowing = (allow: string[]) => {
    const asking = new RefreshServer({ askConsent: () => ({ allow }) });
    for (const client of refreshClients) asking.clients.set(client.client_id, { ...client, trusted: false });
    return asking;
  };

  it('CON-05 RTG-01 ends the refresh tokens that came from it, and not those of another client', async () => {
    const asking = allowing(['openid', 'offline_access', 'read']);
    const [ofWeb, ofOther] = [await asking.first(), await asking.first({ client_id: 'other' })];
    const { refresh_token } = await asking.next(ofWeb.refresh_token);
    expect(await withdrawConsent(asking.spec.router.workspaces[0]!, jane.id, 'web')).toBe(true);
    expect(await asking.verdict(refresh_token)).toEqual(revoked);
    expect(await asking.verdict(ofOther.refresh_token, {}, 'other')).toEqual(fresh);
    expect(await asking.verdict((await asking.first()).refresh_token)).toEqual(fresh);
    await asking.spec.router.close();
  });

  it('RTG-02 a scope the person did not grant is ignored when the client asks for it again', async () => {
    const asking = allowing(['openid', 'offline_access', 'read']);
    const { refresh_token, scope } = await asking.first({ scope: 'openid offline_access read write' });
    expect(scope).toBe('openid offline_access read');
    expect((await asking.next(refresh_token, { scope: 'read write' })).scope).toBe('read');
    const without = allowing(['openid', 'read']);
    expect(await without.first()).not.toHaveProperty('refresh_token');
    await Promise.all([asking.spec.router.close(), without.spec.router.close()]);
  });
});

describe('IDT-06 the ID token of a refresh', () => {
  it('IDT-06 has the same iss, sub, aud and auth_time, a new iat and no nonce', async () => {
    const first = await server.first({ nonce: 'n-1' });
    const before = decodeJwt(first.id_token);
    expect(before).toMatchObject({ nonce: 'n-1', auth_time: 1_800_000_000 - 100 });
    server.now += 7200;
    server.person = { ...jane, authTime: server.now };
    const { nonce: _, at_hash: __, ...rest } = before;
    const { at_hash, ...after } = decodeJwt((await server.next(first.refresh_token)).id_token);
    expect(after).toEqual({ ...rest, iat: server.now, exp: server.now + 3600 });
    expect(at_hash).not.toBe(before.at_hash);
  });
});
