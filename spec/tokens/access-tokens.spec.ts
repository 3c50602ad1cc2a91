import { beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { SecretKeys } from '../../lib/secret-keys.js';
import { memoryStore } from '../../lib/stores/memory.js';
import type { Store } from '../../lib/stores/store.js';
import { type AccessTokenClaims, readOpaqueToken, writeAccessToken } from '../../lib/tokens/access-tokens.js';
import { SigningKeys } from '../../lib/tokens/signing-keys.js';
import { noteSecret } from '../support/suite-log.js';

const seconds = Math.floor(Date.now() / 1000);
const claims: AccessTokenClaims = {
  iss: 'https://as.example.com',
  sub: 'u1',
  sub_type: 'user',
  aud: 'https://api.example.com',
  client_id: 'web',
  scope: 'read',
  iat: seconds,
  exp: seconds + 60,
  jti: 'jti-1',
  cnf: { 'x5t#S256': 'A'.repeat(43) },
  auth_time: seconds - 5,
  grant_id: 'grant-1',
};

let store: Store;
let home: { store: Store; signingKeys: SigningKeys };
beforeEach(() => {
  store = memoryStore();
  home = { store, signingKeys: new SigningKeys(['ES256', 'RS256'], store, SecretKeys.ephemeral()) };
});

async function storedText(): Promise<string> {
  const entries: string[] = [];
  for await (const { key, value } of store.scan('')) entries.push(key, value);
  return entries.join('\n');
}

describe('access tokens', () => {
  it('RSV-01 a JWT says exactly the claims, under at+jwt and the first key', async () => {
    const token = noteSecret(await writeAccessToken(claims, 'jwt', home));
    const key = await home.signingKeys.forAccessTokens();
    expect(decodeProtectedHeader(token)).toEqual({ alg: 'ES256', kid: key.kid, typ: 'at+jwt' });
    expect(decodeJwt(token)).toEqual(claims);
    expect((await jwtVerify(token, key.publicKey)).payload).toEqual(claims);
    const other = await home.signingKeys.forAlgorithm('RS256');
    await expect(jwtVerify(token, other.publicKey)).rejects.toThrow();
    expect(await readOpaqueToken(token, home)).toBeUndefined();
  });

  it('GEN-16 an opaque token has 256 random bits and says nothing', async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => writeAccessToken(claims, 'opaque', home)));
    expect(new Set(tokens).size).toBe(50);
    for (const token of tokens) expect(noteSecret(token)).toMatch(/^[\w-]{43}$/);
    expect(await readOpaqueToken(tokens[0] ?? '', home)).toEqual(claims);
    expect(await readOpaqueToken(`${tokens[0]?.slice(0, -1)}.`, home)).toBeUndefined();
  });

  it('GEN-18 an opaque token is at rest as a hash alone', async () => {
    const token = noteSecret(await writeAccessToken(claims, 'opaque', home));
    const text = await storedText();
    expect(text).toContain('access-token/');
    expect(text).not.toContain(token);
    expect(text).toContain(claims.jti);
  });

  it('an opaque token of one workspace is unknown to another', async () => {
    const token = noteSecret(await writeAccessToken(claims, 'opaque', home));
    expect(await readOpaqueToken(token, { store: memoryStore() })).toBeUndefined();
    expect(await readOpaqueToken(token, home)).toEqual(claims);
  });

  it('an opaque token leaves the store with its expiry', async () => {
    const short = { ...claims, exp: claims.iat + 1 };
    const token = noteSecret(await writeAccessToken(short, 'opaque', home));
    expect(await readOpaqueToken(token, home)).toEqual(short);
    await new Promise((resolve) => setTimeout(resolve, 1050));
    expect(await readOpaqueToken(token, home)).toBeUndefined();
  });
});
