import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { protectResource, type WarningEvent, type Workspace } from '../../index.js';
import type { CodeRecord } from '../../lib/codes/authorization-codes.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { isRevoked, revoke } from '../../lib/tokens/revocation.js';
import { type MintOptions, mintToken } from '../support/mint-token.js';
import { OpenIdServer } from '../support/openid-flow.js';

describe('tombstones', () => {
  const warnings: unknown[] = [];
  let now = 1_000_000;
  let workspace: Pick<Workspace, 'store' | 'now' | 'warn'>;
  beforeEach(() => {
    warnings.length = 0;
    workspace = { store: memoryStore(), now: () => now, warn: (...told) => warnings.push(told) };
  });
  const revoked = (grant_id: string) => isRevoked(workspace, { grant_id });

  it('of a grant end that grant alone', async () => {
    expect(await revoked('consent-1.a')).toBe(false);
    await revoke(workspace, 'consent-1.a', 60);
    expect(await revoked('consent-1.a')).toBe(true);
    for (const other of ['consent-1.b', 'consent-1', 'consent-1.a.b', 'consent-1.', 'a', '']) {
      expect([other, await revoked(other)]).toEqual([other, false]);
    }
  });

  it('of a consent end every grant that came from it, and no other', async () => {
    await revoke(workspace, 'consent-1', 60);
    for (const grant of ['consent-1.a', 'consent-1.b', 'consent-1']) expect(await revoked(grant)).toBe(true);
    for (const other of ['consent-10.a', 'consent-.a', 'x.consent-1', 'Consent-1.a']) {
      expect([other, await revoked(other)]).toEqual([other, false]);
    }
  });

  it('last as long as they are told, and a shorter one does not replace a longer', async () => {
    await revoke(workspace, 'long', 60);
    await revoke(workspace, 'long', 0.02);
    await revoke(workspace, 'short', 0.02);
    expect([await revoked('long'), await revoked('short')]).toEqual([true, true]);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect([await revoked('long'), await revoked('short')]).toEqual([true, false]);
  });

  it('a longer one replaces a shorter', async () => {
    await revoke(workspace, 'grant', 0.02);
    await revoke(workspace, 'grant', 60);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(await revoked('grant')).toBe(true);
  });

  it('are told once', async () => {
    await revoke(workspace, 'grant', 60);
    await revoke(workspace, 'grant', 60);
    expect(warnings).toEqual([['grant_revoked', { grant: 'grant' }]]);
    now += 1000;
    await revoke(workspace, 'grant', 60);
    expect(warnings).toHaveLength(2);
  });

  it('a store that is down is no "not revoked"', async () => {
    await workspace.store.close();
    await expect(revoked('grant')).rejects.toThrow('closed');
    await expect(revoked('consent.grant')).rejects.toThrow('closed');
    await expect(revoke(workspace, 'grant', 60)).rejects.toThrow('closed');
    expect(warnings).toEqual([]);
  });
});

describe.each(['jwt', 'opaque'] as const)('revoked tokens (%s)', (access_token_format) => {
  let server: OpenIdServer;
  let workspace: Workspace;
  beforeEach(() => {
    server = new OpenIdServer({ access_token_format });
    workspace = server.spec.router.workspaces[0]!;
  });
  afterEach(() => server.spec.router.close());

  /** Status, error and reason at an API and at userinfo. */
  async function verdicts(token: string) {
    const guard = protectResource({ authorizationServer: server.spec.router });
    const api = (message: IncomingMessage, response: ServerResponse) =>
      void guard(message, response, () => response.end('{}'));
    const atApi = await request(api).get('/').set('Authorization', `Bearer ${token}`);
    const apiReason = server.spec.last().reason;
    const atUserinfo = await server.userinfo(token);
    return [
      [atApi.status, atApi.body.error, apiReason],
      [atUserinfo.status, atUserinfo.body.error, server.spec.last().reason],
    ];
  }
  const alive = new Array(2).fill([200, undefined, undefined]);
  const dead = new Array(2).fill([401, 'invalid_token', 'token_revoked']);

  /** The record of a code, and a way to change it. */
  async function recordOf(code: string) {
    const key = `code:${createHash('sha256').update(code).digest('base64url')}`;
    const record = JSON.parse((await workspace.store.get(key)) ?? '') as CodeRecord;
    const change = (changes: Partial<CodeRecord>) =>
      workspace.store.set(key, JSON.stringify({ ...record, ...changes }), 60);
    return { record, change };
  }

  async function tokenOf(grantId: string): Promise<string> {
    const code = await server.code({ scope: 'openid' });
    await (await recordOf(code)).change({ grantId });
    return (await server.redeem(code)).body.access_token;
  }

  it('RSV-02 REV-04 are refused by the API and by userinfo at once, by grant and by consent', async () => {
    const [one, two, three] = [await tokenOf('consent.one'), await tokenOf('consent.two'), await tokenOf('other.one')];
    expect(await verdicts(one)).toEqual(alive);
    await revoke(workspace, 'consent.one', 3600);
    expect([await verdicts(one), await verdicts(two)]).toEqual([dead, alive]);
    await revoke(workspace, 'consent', 3600);
    expect([await verdicts(two), await verdicts(three)]).toEqual([dead, alive]);
    const told = server.spec.events.filter((event): event is WarningEvent => event.event === 'warning');
    expect(told.filter(({ name }) => name === 'grant_revoked')).toMatchObject([
      { detail: { grant: 'consent.one' }, issuer: workspace.issuer },
      { detail: { grant: 'consent' } },
    ]);
  });

  it('RSV-02 a revocation of one workspace is none of another', async () => {
    const other = new OpenIdServer({ issuer: 'https://as.example.com/other' }).spec.router.workspaces[0]!;
    const token = await tokenOf('consent.one');
    await revoke(other, 'consent', 3600);
    expect(await verdicts(token)).toEqual(alive);
  });

  it('ACG-07 a consent withdrawn between authorize and token gives no token', async () => {
    const [code, sibling, other] = [await server.code(), await server.code(), await server.code()];
    await (await recordOf(code)).change({ grantId: 'consent.one' });
    await (await recordOf(sibling)).change({ grantId: 'consent.two' });
    await revoke(workspace, 'consent', 3600);
    for (const withdrawn of [code, sibling]) {
      const { status, body } = await server.redeem(withdrawn);
      expect([status, body.error]).toEqual([400, 'invalid_grant']);
      expect(server.spec.last()).toMatchObject({ event: 'token', reason: 'consent_withdrawn' });
      expect(body).not.toHaveProperty('access_token');
    }
    expect((await server.redeem(code)).status).toBe(400);
    expect(server.spec.last().reason).toBe('code_used');
    expect((await server.redeem(other)).status).toBe(200);
  });

  it('ACG-07 so does the grant by itself', async () => {
    const code = await server.code();
    await revoke(workspace, (await recordOf(code)).record.grantId, 3600);
    expect((await server.redeem(code)).body.error).toBe('invalid_grant');
    expect(server.spec.last().reason).toBe('consent_withdrawn');
  });
});

it('RSV-02 a JWT that names no grant is refused: nobody could revoke it', async () => {
  const server = new OpenIdServer();
  const guard = protectResource({ authorizationServer: server.spec.router });
  const api = (message: IncomingMessage, response: ServerResponse) =>
    void guard(message, response, () => response.end('{}'));
  const ask = async ({ claims }: MintOptions) => {
    const token = await mintToken(server.spec.router, { claims: { client_id: 'web', ...claims } });
    const { status } = await request(api).get('/').set('Authorization', `Bearer ${token}`);
    return [status, server.spec.last().reason];
  };
  expect(await ask({ claims: { grant_id: undefined } })).toEqual([401, 'token_malformed']);
  expect(await ask({ claims: { grant_id: 7 } })).toEqual([401, 'token_malformed']);
  expect(await ask({})).toEqual([200, undefined]);
  await server.spec.router.close();
});
