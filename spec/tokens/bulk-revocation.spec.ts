import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { revokeByClient, revokeBySubject } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { isRevoked, revokeUntilNow } from '../../lib/tokens/revocation.js';
import { readAccessToken } from '../../lib/tokens/verify-access-token.js';
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

  it('REV-04 what is issued at the same moment dies, and what is issued later lives', async () => {
    const before = await server.first();
    await revokeBySubject(router(), jane.id);
    await revokeByClient(router(), 'janitor');
    const own = await server.ofClient('janitor', 'read');
    expect(await server.alive(own)).toBe(false);
    expect((await server.as('web', redemption(await server.code()))).status).toBe(400);
    expect(server.spec.last().reason).toBe('consent_withdrawn');
    // Nobody has to wait: what comes next is dated after all that the revocation reaches.
    server.now += 0.001;
    const later = await server.first();
    expect(await server.alive(later.access_token)).toBe(true);
    expect(await server.verdict(later.refresh_token)).toEqual(fresh);
    expect(await server.alive(await server.ofClient('janitor', 'read'))).toBe(true);
    // Other APIs see the time it is, or they would not take the token yet.
    const { iat, dated } = (await readAccessToken(later.access_token, server.spec.router.workspaces)).claims;
    expect([iat, dated]).toEqual([Math.floor(server.now), Math.floor(server.now) + 11]);
    expect(await server.knownAbout(later.access_token)).not.toHaveProperty('dated');
    // A refresh token of before gives nothing new, however late.
    expect(await server.verdict(before.refresh_token)).toEqual(refusedAs('grant_revoked'));
    // And the next revocation reaches those of now, although they were dated ahead.
    await revokeBySubject(router(), jane.id);
    expect(await server.alive(later.access_token)).toBe(false);
    expect(await server.verdict(later.refresh_token)).toEqual(refusedAs('grant_revoked'));
  });

  it('REV-04 reaches what a machine has issued whose clock is ahead, up to clock_tolerance', async () => {
    const start = server.now;
    server.now = start + 10;
    const [ahead, code] = [await server.first(), await server.code({ scope: 'openid' })];
    const own = await server.ofClient('janitor', 'read');
    server.now = start + 11;
    const tooFar = await server.first();
    server.now = start;
    await revokeBySubject(router(), jane.id);
    await revokeByClient(router(), 'janitor');
    server.now = start + 11;
    expect([await server.alive(ahead.access_token), await server.alive(own)]).toEqual([false, false]);
    expect(await server.verdict(ahead.refresh_token)).toEqual(refusedAs('grant_revoked'));
    expect((await server.as('web', redemption(code))).status).toBe(400);
    expect(await server.alive(tooFar.access_token)).toBe(true);
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

describe('all tokens of a person, while a code is being redeemed', () => {
  it.each(['subject', 'client'] as const)('REV-04 of a %s: the refresh tokens of the code die', async (holder) => {
    let meanwhile: () => Promise<void> = async () => undefined;
    server = new TokenServer({
      users: {
        find: async () => {
          await meanwhile();
          return jane;
        },
      },
    });
    const { router } = server.spec;
    const code = await server.code({ scope: 'openid read offline_access' });
    server.now += 1;
    // The redemption has looked for revocations already, and asks for the person now.
    meanwhile = async () => {
      meanwhile = async () => undefined;
      if (holder === 'subject') await revokeBySubject(router, jane.id);
      else await revokeByClient(router, 'web');
      server.now += 1;
    };
    const { status, body } = await server.as('web', redemption(code));
    expect(status).toBe(200);
    expect(await server.verdict(body.refresh_token)).toEqual(refusedAs('grant_revoked'));
    for (const token of [body.refresh_token, body.access_token]) {
      expect(await server.knownAbout(token)).toEqual({ active: false });
    }
    server.now += 1;
    expect(await server.verdict((await server.first()).refresh_token)).toEqual(fresh);
  });
});

describe('all tokens, while some are being issued', () => {
  it.each([
    ['a refresh', 'subject', jane.id],
    ['a refresh', 'client', 'web'],
    ['client_credentials', 'subject', 'janitor'],
    ['client_credentials', 'client', 'janitor'],
  ] as const)('REV-04 of %s: none lives that rests on what was before (%s %s)', async (grant, holder, id) => {
    let meanwhile: () => Promise<void> = async () => undefined;
    server = new TokenServer({ tokenClaims: () => meanwhile().then(() => undefined) });
    const { router } = server.spec;
    const { refresh_token } = await server.first();
    const issue = async () => {
      if (grant !== 'a refresh') return { access_token: await server.ofClient('janitor', 'read') };
      return (await server.refresh(refresh_token)).body;
    };
    server.now += 60;
    meanwhile = async () => {
      meanwhile = async () => undefined;
      server.now += 1;
      await (holder === 'subject' ? revokeBySubject(router, id) : revokeByClient(router, id));
      // Longer than the clocks may differ.
      server.now += 30;
    };
    const issued = await issue();
    expect(await server.alive(issued.access_token)).toBe(false);
    expect(await server.knownAbout(issued.access_token)).toEqual({ active: false });
    if (grant === 'a refresh') expect(await server.verdict(issued.refresh_token)).toEqual(refusedAs('grant_revoked'));
    else expect(await server.alive((await issue()).access_token)).toBe(true);
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
    const policy = { clock_tolerance: 0 };
    const workspace = { store: memoryStore(), now: () => now, warn: () => undefined, policy };
    const dead = (iat?: number) => isRevoked(workspace, { grant_id: 'g', sub: 'u', ...(iat !== undefined && { iat }) });
    await revokeUntilNow(workspace, 'subject', 'u');
    now = 1_000_000;
    await revokeUntilNow(workspace, 'subject', 'u');
    // One second more: what was issued between the two was dated there.
    expect([await dead(2001), await dead(2002), await dead(), await dead(Number.NaN)]).toEqual([
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
    const policy = { clock_tolerance: 0 };
    const workspace = { store: memoryStore(), now: () => 1000, warn: () => undefined, policy };
    await revokeUntilNow(workspace, 'subject', 'x');
    const of = (claims: object) => isRevoked(workspace, { grant_id: 'g', iat: 1, ...claims });
    expect(await of({ sub: 'x' })).toBe(true);
    for (const claims of [{ client_id: 'x' }, { jti: 'x' }, { grant_id: 'x' }, { grant_id: 'x.y' }, { sub: 'X' }, {}]) {
      expect([claims, await of(claims)]).toEqual([claims, false]);
    }
  });
});
