import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { revokeByClient, revokeBySubject } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { isRevoked, revokeUntilNow } from '../../lib/tokens/revocation.js';
import { breakableStore } from '../support/breakable-store.js';
import { jane } from '../support/openid-flow.js';
import { fresh, redemption, refusedAs } from '../support/refresh-flow.js';
import { TokenServer } from '../support/token-world.js';

let server: TokenServer;
afterEach(() => server.spec.router.close());

describe.each(['jwt', 'opaque'] as const)('all tokens at once (%s)', (access_token_format) => {
  beforeEach(() => {
    server = new TokenServer({ access_token_format });
  });
  const router = () => server.spec.router;
  const john = { ...jane, id: 'u-john', username: 'john' };
  const as = (person: typeof jane) => {
    server.users.set(person.id, person);
    server.person = { ...person, authTime: server.now - 100 };
  };

  it('REV-04 of a subject: at the API, userinfo, introspection, refresh and redemption', async () => {
    const tokens = await server.first();
    const next = await server.next(tokens.refresh_token);
    const ofApp = await server.first({ client_id: 'app' });
    const code = await server.code({ scope: 'openid' });
    as(john);
    const johns = await server.first();
    await revokeBySubject(router(), jane.id);
    for (const { access_token } of [tokens, next, ofApp]) expect(await server.alive(access_token)).toBe(false);
    expect((await server.userinfo(next.access_token)).status).toBe(401);
    expect(server.spec.last().reason).toBe('token_revoked');
    expect(await server.knownAbout(next.refresh_token)).toEqual({ active: false });
    expect(await server.verdict(next.refresh_token)).toEqual(refusedAs('grant_revoked'));
    expect(await server.verdict(ofApp.refresh_token, {}, 'app')).toEqual(refusedAs('grant_revoked'));
    const { status, body } = await server.as('web', redemption(code));
    expect([status, body.error, server.spec.last().reason]).toEqual([400, 'invalid_grant', 'consent_withdrawn']);
    expect(await server.alive(johns.access_token)).toBe(true);
    expect(await server.verdict(johns.refresh_token)).toEqual(fresh);
    expect(server.warnings.filter((name) => name === 'tokens_revoked')).toHaveLength(1);
  });

  it('REV-04 of a client: its own, and those for people', async () => {
    const [tokens, ofOther] = [await server.first(), await server.first({ client_id: 'other' })];
    const own = await server.ofClient('janitor', 'read');
    await revokeByClient(router(), 'web');
    await revokeByClient(router(), 'janitor');
    expect([await server.alive(tokens.access_token), await server.alive(own)]).toEqual([false, false]);
    expect(await server.verdict(tokens.refresh_token)).toEqual(refusedAs('grant_revoked'));
    expect(await server.alive(ofOther.access_token)).toBe(true);
    expect(await server.verdict(ofOther.refresh_token, {}, 'other')).toEqual(fresh);
  });

  it('REV-04 what is issued in the same second dies, and what is issued later lives', async () => {
    const before = await server.first();
    await revokeBySubject(router(), jane.id);
    await revokeByClient(router(), 'janitor');
    const own = await server.ofClient('janitor', 'read');
    expect(await server.alive(own)).toBe(false);
    expect((await server.as('web', redemption(await server.code()))).status).toBe(400);
    expect(server.spec.last().reason).toBe('consent_withdrawn');
    server.now += 1;
    const later = await server.first();
    expect(await server.alive(later.access_token)).toBe(true);
    expect(await server.verdict(later.refresh_token)).toEqual(fresh);
    expect(await server.alive(await server.ofClient('janitor', 'read'))).toBe(true);
    // A refresh token of before gives nothing new, however late.
    expect(await server.verdict(before.refresh_token)).toEqual(refusedAs('grant_revoked'));
  });

  it('REV-04 in one workspace, or in every one of a router', async () => {
    const store = memoryStore();
    const other = new TokenServer({ access_token_format, store, issuer: 'https://other.example.com' });
    const { access_token } = await server.first();
    const { access_token: elsewhere } = await other.first();
    const [workspace] = other.spec.router.workspaces;
    await revokeBySubject(workspace!, jane.id);
    expect([await server.alive(access_token), await other.alive(elsewhere)]).toEqual([true, false]);
    const workspaces = [...server.spec.router.workspaces, ...other.spec.router.workspaces];
    await revokeByClient({ workspaces }, 'web');
    expect(await server.alive(access_token)).toBe(false);
    await other.spec.router.close();
  });
});

describe('trouble', () => {
  it('is told, and not taken for success', async () => {
    const { store, broken } = breakableStore();
    server = new TokenServer({ store });
    const { access_token } = await server.first();
    broken.add('set');
    await expect(revokeBySubject(server.spec.router, jane.id)).rejects.toThrow();
    await expect(revokeByClient(server.spec.router, 'web')).rejects.toThrow();
    broken.clear();
    expect(server.warnings).not.toContain('tokens_revoked');
    expect(await server.alive(access_token)).toBe(true);
    await expect(revokeBySubject(server.spec.router, undefined as unknown as string)).rejects.toThrow(TypeError);
    await expect(revokeByClient(server.spec.router, '')).rejects.toThrow(TypeError);
  });

  it('a clock that goes back does not shorten it, and a token without iat is an old one', async () => {
    server = new TokenServer();
    let now = 2_000_000;
    const workspace = { store: memoryStore(), now: () => now, warn: () => undefined };
    const dead = (iat?: number) => isRevoked(workspace, { grant_id: 'g', sub: 'u', ...(iat !== undefined && { iat }) });
    await revokeUntilNow(workspace, 'subject', 'u');
    now = 1_000_000;
    await revokeUntilNow(workspace, 'subject', 'u');
    expect([await dead(2000), await dead(2001), await dead(), await dead(Number.NaN)]).toEqual([
      true,
      false,
      true,
      true,
    ]);
    now = 3_000_000;
    await revokeUntilNow(workspace, 'subject', 'u');
    expect([await dead(3000), await dead(3001)]).toEqual([true, false]);
  });

  it('names do not run into each other', async () => {
    server = new TokenServer();
    const workspace = { store: memoryStore(), now: () => 1000, warn: () => undefined };
    await revokeUntilNow(workspace, 'subject', 'x');
    const of = (claims: object) => isRevoked(workspace, { grant_id: 'g', iat: 1, ...claims });
    expect(await of({ sub: 'x' })).toBe(true);
    for (const claims of [{ client_id: 'x' }, { jti: 'x' }, { grant_id: 'x' }, { grant_id: 'x.y' }, { sub: 'X' }, {}]) {
      expect([claims, await of(claims)]).toEqual([claims, false]);
    }
  });
});
