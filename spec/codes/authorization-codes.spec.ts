import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { RegisteredClient } from '../../lib/clients/client.js';
import { type CodeBinding, claimCode, issueCode, readCode } from '../../lib/codes/authorization-codes.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { workspacePolicySchema } from '../../lib/workspaces/policy.js';

const binding: CodeBinding = {
  clientId: 'web',
  redirectUri: 'https://app.example/cb',
  redirectUriWasSent: true,
  codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  scopes: ['openid', 'read'],
  resources: [],
  nonce: 'n-0S6_WzA2Mj',
};
const user = { id: 'u1', name: 'Jöhn', authTime: 1_700_000_000 };
const clientWith = (ttl?: number) =>
  ({
    metadata: { token_ttls: ttl === undefined ? undefined : { authorization_code: ttl } },
  }) as unknown as RegisteredClient;

function makeWorkspace() {
  return { store: memoryStore(), now: () => 1_700_000_100_000, policy: workspacePolicySchema.parse({}) };
}

async function contentsOf({ store }: ReturnType<typeof makeWorkspace>): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  for await (const { key, value } of store.scan('')) entries.push([key, value]);
  return entries;
}

describe('authorization codes', () => {
  it('AUT-11 keep everything they are bound to, and the person', async () => {
    const workspace = makeWorkspace();
    const code = await issueCode(workspace, clientWith(), binding, user);
    const record = await readCode(workspace, code);
    expect(record).toMatchObject({ ...binding, authTime: 1_700_000_000, user: { id: 'u1', name: 'Jöhn' } });
    expect(await readCode(workspace, `${code}x`)).toBeUndefined();
  });

  it('AUT-11 live 60 seconds, or as long as the client may', async () => {
    const workspace = makeWorkspace();
    const [usual, own] = await Promise.all(
      [clientWith(), clientWith(7)].map(async (client) =>
        readCode(workspace, await issueCode(workspace, client, binding, user)),
      ),
    );
    expect(usual!.expiresAt).toBe(1_700_000_160_000);
    expect(own!.expiresAt).toBe(1_700_000_107_000);
  });

  it('GEN-16 GEN-18 are 256 random bits, of which the store sees the digest alone', async () => {
    const workspace = makeWorkspace();
    const codes = [
      await issueCode(workspace, clientWith(), binding, user),
      await issueCode(workspace, clientWith(), binding, user),
    ];
    expect(new Set(codes).size).toBe(2);
    expect(codes[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
    await claimCode(workspace, codes[0]!);
    const contents = await contentsOf(workspace);
    expect(contents).toHaveLength(3);
    expect(JSON.stringify(contents)).not.toContain(codes[0]);
    expect(contents.map(([key]) => key)).toContain(
      `code:${createHash('sha256').update(codes[0]!).digest('base64url')}`,
    );
  });

  it('keep nothing of the person that tokens do not tell', async () => {
    const workspace = makeWorkspace();
    const row = { ...user, password_hash: 'hash-of-a-password' };
    await issueCode(workspace, clientWith(), binding, row);
    expect(JSON.stringify(await contentsOf(workspace))).not.toContain('password');
  });

  it('ACG-03 are claimed once, however many try, and stay readable afterwards', async () => {
    const workspace = makeWorkspace();
    const code = await issueCode(workspace, clientWith(), binding, user);
    const other = await issueCode(workspace, clientWith(), binding, user);
    const claims = await Promise.all(Array.from({ length: 50 }, () => claimCode(workspace, code)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await claimCode(workspace, code)).toBe(false);
    expect(await readCode(workspace, code)).toBeDefined();
    expect(await claimCode(workspace, other)).toBe(true);
  });

  it('ACG-03 the mark of use outlives the longest-lived code', async () => {
    const ttls: Record<string, number> = {};
    const workspace = makeWorkspace();
    const { store } = workspace;
    const noting = {
      ...workspace,
      store: {
        ...store,
        set: (key: string, value: string, ttl: number) => {
          ttls.record = ttl;
          return store.set(key, value, ttl);
        },
        get: (key: string) => store.get(key),
        claim: (key: string, value: string, ttl: number) => {
          ttls.mark = ttl;
          return store.claim(key, value, ttl);
        },
      } as typeof store,
    };
    await claimCode(noting, await issueCode(noting, clientWith(600), binding, user));
    expect(ttls.mark).toBeGreaterThan(ttls.record!);
    expect(ttls.record).toBeGreaterThan(600);
  });
});
