import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SecretKeys } from '../../lib/secret-keys.js';
import { memoryStore } from '../../lib/stores/memory.js';
import type { Store } from '../../lib/stores/store.js';
import {
  issueRefreshToken,
  prolongRefreshToken,
  readRefreshToken,
  refreshTokenWasUsed,
  rotateRefreshToken,
} from '../../lib/tokens/refresh-tokens.js';
import { isRevoked } from '../../lib/tokens/revocation.js';
import { workspacePolicySchema } from '../../lib/workspaces/policy.js';
import { noteSecret } from '../support/suite-log.js';

const newKey = () => noteSecret(randomBytes(32).toString('base64'));
const [former, current] = [newKey(), newKey()];
const grant = {
  grantId: 'consent.grant',
  clientId: 'web',
  user: { id: 'u-jane', email: 'jane@example.com' },
  authTime: 1,
  scopes: ['read', 'offline_access'],
  asked: ['read', 'write', 'offline_access'],
};
const start = 1_800_000_000_000;

let store: Store;
let now: number;
let told: unknown[];
beforeEach(() => {
  store = memoryStore();
  now = start;
  told = [];
});
afterEach(() => store.close());

function workspace(keys: readonly string[] = [former], policy = {}) {
  return {
    store,
    now: () => now,
    policy: workspacePolicySchema.parse({ refresh_idle_ttl: 100, ...policy }),
    secretKeys: new SecretKeys(keys),
    warn: (...warning: unknown[]) => told.push(warning),
  };
}

async function issued(): Promise<string> {
  return noteSecret((await issueRefreshToken(workspace(), grant, 1000)).token);
}

async function recordOf(token: string) {
  const record = await readRefreshToken({ store }, token);
  if (!record) throw new Error('no record');
  return record;
}

/** Uses a token; the successor, or the reason why there is none. */
async function rotated(token: string, home = workspace()): Promise<string> {
  return noteSecret(
    await rotateRefreshToken(home, token, await recordOf(token)).catch(({ reason }: { reason: string }) => reason),
  );
}

const digest = (token: string) => createHash('sha256').update(token).digest('base64url');

describe('a refresh token at rest', () => {
  it('is what it stands for, under its digest', async () => {
    const { token, endsAt } = await issueRefreshToken(workspace(), grant, 1000);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(endsAt).toBe(start + 1_000_000);
    expect(await readRefreshToken({ store }, token)).toEqual({
      ...grant,
      issuedAt: start,
      startedAt: start,
      expiresAt: start + 100_000,
      endsAt,
      generation: 0,
    });
    expect(await readRefreshToken({ store }, `${token}x`)).toBeUndefined();
    expect(await store.get(`refresh-token/${digest(token)}`)).toBeDefined();
  });

  it('is not in the store, nor is its successor', async () => {
    const token = await issued();
    const successor = await rotated(token);
    await rotated(successor);
    let entries = 0;
    for await (const { key, value } of store.scan('')) {
      entries += 1;
      for (const secret of [token, successor]) expect(key + value).not.toContain(secret);
    }
    expect(entries).toBe(5);
  });

  it('never lives longer idle than its authorization', async () => {
    const { token } = await issueRefreshToken(workspace(), grant, 60);
    expect((await recordOf(token)).expiresAt).toBe(start + 60_000);
  });
});

describe('the successor of a refresh token', () => {
  it('inherits everything but the times', async () => {
    const token = await issued();
    now += 50_000;
    const successor = await rotated(token);
    expect((await recordOf(successor)).startedAt).toBe(start);
    expect(await recordOf(successor)).toEqual({
      ...(await recordOf(token)),
      issuedAt: now,
      expiresAt: now + 100_000,
      generation: 1,
    });
    expect([await refreshTokenWasUsed({ store }, token), await refreshTokenWasUsed({ store }, successor)]).toEqual([
      true,
      false,
    ]);
  });

  it('RTG-06 is the same for each retry, with the times of the first use', async () => {
    const token = await issued();
    const successor = await rotated(token);
    const record = await recordOf(successor);
    now += 9_999;
    expect(await rotated(token)).toBe(successor);
    expect(await recordOf(successor)).toEqual(record);
    now += 1;
    expect(await rotated(token)).toBe('refresh_token_reused');
  });

  it('RTG-06 is there for a retry when whoever used the token first died before writing it', async () => {
    const token = await issued();
    const successor = await rotated(token);
    await store.delete(`refresh-token/${digest(successor)}`);
    expect(await readRefreshToken({ store }, successor)).toBeUndefined();
    expect(await rotated(token)).toBe(successor);
    expect((await recordOf(successor)).generation).toBe(1);
  });

  it('follows from a key of the server', async () => {
    const token = await issued();
    const successor = await rotated(token);
    await store.delete(`refresh-used/${digest(token)}`);
    expect(await rotated(token)).toBe(successor);
    await store.delete(`refresh-used/${digest(token)}`);
    expect(await rotated(token, workspace([current]))).not.toBe(successor);
  });

  it('RTG-06 stays the same when a new secret key is put before the former', async () => {
    const token = await issued();
    const successor = await rotated(token, workspace([former]));
    expect(await rotated(token, workspace([current, former]))).toBe(successor);
    expect(await rotated(token, workspace([former, current]))).toBe(successor);
  });

  it('cannot be made again without the key, which ends nothing', async () => {
    const token = await issued();
    const successor = await rotated(token, workspace([former]));
    expect(await rotated(token, workspace([current]))).toBe('internal_error');
    expect(await isRevoked({ store }, { grant_id: grant.grantId })).toBe(false);
    expect(told).toEqual([]);
    expect(await rotated(successor, workspace([current]))).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});

describe('reuse of a refresh token', () => {
  it('RTG-04 leaves a tombstone on the grant, not on the consent, and tells of it', async () => {
    const token = await issued();
    await rotated(token);
    now += 20_000;
    expect(await rotated(token)).toBe('refresh_token_reused');
    const { grantId: grant_id } = grant;
    expect(await isRevoked({ store }, { grant_id })).toBe(true);
    expect(await isRevoked({ store }, { grant_id: 'consent.other' })).toBe(false);
    const first_used_at = new Date(start).toISOString();
    expect(told).toEqual([
      ['grant_revoked', { grant: grant_id }],
      ['refresh_token_reused', { client_id: 'web', grant: grant_id, subject: 'u-jane', generation: 0, first_used_at }],
    ]);
  });

  it('RTG-06 within the grace window, after the successor was used, is reuse', async () => {
    const token = await issued();
    const third = await rotated(await rotated(token));
    expect(third).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(await rotated(token)).toBe('refresh_token_reused');
  });

  it('RTG-06 a clock that runs behind does not lengthen nor end the grace of another', async () => {
    const token = await issued();
    const successor = await rotated(token);
    now -= 5_000;
    expect(await rotated(token)).toBe(successor);
  });
});

describe('a refresh token that stays', () => {
  const prolonged = async (token: string) => prolongRefreshToken(workspace(), token, await recordOf(token));

  it('RTG-06 is answered itself and lives idle from now on, to the end of the authorization at most', async () => {
    const token = await issued();
    now += 99_000;
    expect(await prolonged(token)).toBe(token);
    expect(await recordOf(token)).toMatchObject({ expiresAt: now + 100_000, issuedAt: start, generation: 0 });
    now = start + 950_000;
    await prolonged(token);
    expect((await recordOf(token)).expiresAt).toBe(start + 1_000_000);
    expect(await refreshTokenWasUsed({ store }, token)).toBe(false);
  });

  it('RTG-04 is no way around reuse for one that was rotated before', async () => {
    const token = await issued();
    const successor = await rotated(token);
    expect(await prolonged(token)).toBe(successor);
    now += 10_000;
    await expect(prolonged(token)).rejects.toMatchObject({ reason: 'refresh_token_reused' });
  });
});
