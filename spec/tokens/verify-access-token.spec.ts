import crypto, { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jwtVerify } from 'jose';
import { clientCredentials, grantRouter, OAuthError, standardStrategies } from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { signJwt } from '../../lib/tokens/sign-jwt.js';
import type { SigningKey } from '../../lib/tokens/signing-key.js';
import { readAccessToken } from '../../lib/tokens/verify-access-token.js';

const issuer = 'https://as.example.com';
const router = grantRouter({
  issuer,
  clients: [],
  strategies: standardStrategies(),
  grants: [clientCredentials()],
  scopes: { read: {} },
  signing_keys: ['ES256'],
  store: memoryStore(),
});
const [workspace] = router.workspaces;
if (!workspace) throw new Error('the router has no workspace');
const now = () => Math.floor(Date.now() / 1000);

let key: SigningKey;
beforeAll(async () => {
  key = await workspace.signingKeys.forAccessTokens();
});
afterAll(() => router.close());

type Members = Readonly<Record<string, unknown>>;

const claims = (): Members => ({
  ...{ iss: issuer, sub: 'service', sub_type: 'client', aud: issuer, client_id: 'service', scope: 'read' },
  ...{ iat: now(), exp: now() + 60, jti: 'one', grant_id: 'grant' },
});
const encoded = (text: string) => Buffer.from(text).toString('base64url');

/** By a key of ours unless told otherwise, whatever its header and claims say. */
function signed(header: string | Members, payload: string | Members, privateKey: KeyObject = key.privateKey): string {
  const part = (value: string | Members) => encoded(typeof value === 'string' ? value : JSON.stringify(value));
  const input = `${part(header)}.${part(payload)}`;
  const signature = crypto.sign('sha256', Buffer.from(input), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const header = (): Members => ({ alg: 'ES256', typ: 'at+jwt', kid: key.kid });
const stranger = () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
};

/** What we say of a token: `accepted`, or the private reason. jose takes all that we take. */
async function verdict(token: string): Promise<string> {
  const theirs = await jwtVerify(
    token,
    ({ kid, alg }) => {
      if (kid !== key.kid || alg !== key.alg) throw new Error('none of our keys');
      return key.publicKey;
    },
    { typ: 'at+jwt', issuer },
  ).then(
    () => 'accepted',
    () => 'refused',
  );
  const ours = await readAccessToken(token, [workspace as NonNullable<typeof workspace>]).then(
    () => 'accepted',
    (thrown: unknown) => (thrown instanceof OAuthError ? thrown.reason : String(thrown)),
  );
  expect({ token, theirs }).toEqual({ token, theirs: ours === 'accepted' ? 'accepted' : theirs });
  return `${ours}, jose: ${theirs}`;
}

const accepted = 'accepted, jose: accepted';
const refused = (reason: string) => `${reason}, jose: refused`;
/** What jose takes and we never sign. */
const refusedByUs = (reason: string) => `${reason}, jose: accepted`;

describe('JWT access tokens of our own (RFC 9068 4), verified here and by jose', () => {
  it('RSV-01 accepts what this server signed', async () => {
    expect(await verdict(await signJwt(claims(), 'at+jwt', key))).toBe(accepted);
    expect(await verdict(signed(header(), claims()))).toBe(accepted);
    expect(await verdict(signed({ ...header(), typ: 'application/AT+jwt' }, claims()))).toBe(accepted);
    expect(await verdict(signed(header(), { ...claims(), nbf: now() - 5, cnf: { jkt: 'x' }, groups: [1] }))).toBe(
      accepted,
    );
  });

  it.each<[string, () => string, string]>([
    ['of another key', () => signed(header(), claims(), stranger()), refused('token_signature_invalid')],
    [
      'changed in its claims',
      () => swapped(1, encoded(JSON.stringify({ ...claims(), sub: 'x' }))),
      refused('token_signature_invalid'),
    ],
    ['with an unknown kid', () => signed({ ...header(), kid: 'other' }, claims()), refused('token_signature_invalid')],
    ['without a kid', () => signed({ alg: 'ES256', typ: 'at+jwt' }, claims()), refused('token_signature_invalid')],
    [
      'with a kid that is no string',
      () => signed({ ...header(), kid: 7 }, claims()),
      refused('token_signature_invalid'),
    ],
    ['with alg none', () => swapped(0, encoded('{"alg":"none","typ":"at+jwt"}')), refused('token_signature_invalid')],
    [
      'without a signature',
      () => `${signed(header(), claims()).split('.').slice(0, 2).join('.')}.`,
      refused('token_signature_invalid'),
    ],
    [
      'by another algorithm of the key',
      () => signed({ ...header(), alg: 'RS256' }, claims()),
      refused('token_signature_invalid'),
    ],
    ['signed as DER', () => swapped(2, derSignature()), refused('token_signature_invalid')],
    [
      'with a critical header',
      () => signed({ ...header(), crit: ['b64'], b64: true }, claims()),
      refusedByUs('token_malformed'),
    ],
    [
      'of a type that ends in ours',
      () => signed({ ...header(), typ: 'x/at+jwt' }, claims()),
      refused('token_malformed'),
    ],
    ['of type JWT', () => signed({ ...header(), typ: 'JWT' }, claims()), refused('token_malformed')],
    ['without a type', () => signed({ alg: 'ES256', kid: key.kid }, claims()), refused('token_malformed')],
    ['of another issuer', () => signed(header(), { ...claims(), iss: `${issuer}/` }), refused('token_issuer_mismatch')],
    ['of no issuer', () => signed(header(), without('iss')), refused('token_issuer_mismatch')],
    ['that expires now', () => signed(header(), { ...claims(), exp: now() }), refused('token_expired')],
    ['that expired', () => signed(header(), { ...claims(), exp: now() - 1 }), refused('token_expired')],
    ['whose exp is text', () => signed(header(), { ...claims(), exp: String(now() + 60) }), refused('token_malformed')],
    ['whose exp is null', () => signed(header(), { ...claims(), exp: null }), refused('token_malformed')],
    ['that is not yet valid', () => signed(header(), { ...claims(), nbf: now() + 30 }), refused('token_not_yet_valid')],
    ['whose nbf is text', () => signed(header(), { ...claims(), nbf: '1' }), refused('token_malformed')],
    ['whose iat is text', () => signed(header(), { ...claims(), iat: '1' }), refused('token_malformed')],
    ['whose claims are a list', () => signed(header(), '[]'), refused('token_malformed')],
    ['whose claims are null', () => signed(header(), 'null'), refused('token_malformed')],
    ['whose header is a list', () => signed('[]', claims()), refused('token_malformed')],
    ['with a blank', () => ` ${signed(header(), claims())}`, refused('token_malformed')],
    ['with a fourth part', () => `${signed(header(), claims())}.x`, refused('token_malformed')],
    ['with padding', () => `${signed(header(), claims())}=`, refused('token_malformed')],
    ['without exp', () => signed(header(), without('exp')), refusedByUs('token_malformed')],
    ['without jti', () => signed(header(), without('jti')), refusedByUs('token_malformed')],
    ['with several audiences', () => signed(header(), { ...claims(), aud: [issuer] }), refusedByUs('token_malformed')],
    [
      'with a member twice',
      () => signed(header(), JSON.stringify(claims()).replace('{', '{"sub":"other",')),
      refusedByUs('token_malformed'),
    ],
    ['whose cnf is text', () => signed(header(), { ...claims(), cnf: 'x' }), refusedByUs('token_malformed')],
    [
      'longer than any of ours',
      () => signed(header(), { ...claims(), padding: 'x'.repeat(65_536) }),
      refusedByUs('token_malformed'),
    ],
  ])('RSV-02 refuses one %s', async (_, token, expected) => {
    expect(await verdict(token())).toBe(expected);
  });

  it('RSV-02 refuses each change of one character', async () => {
    const token = await signJwt(claims(), 'at+jwt', key);
    for (let at = 0; at < token.length; at += 3) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`;
      expect(await verdict(changed)).not.toMatch(/^accepted/);
    }
  });
});

function without(name: string): Members {
  const { [name]: _, ...others } = claims();
  return others;
}

/** A good token with another part in one place. */
function swapped(place: number, part: string): string {
  return signed(header(), claims())
    .split('.')
    .map((own, index) => (index === place ? part : own))
    .join('.');
}

function derSignature(): string {
  const [head, body] = signed(header(), claims()).split('.');
  return crypto.sign('sha256', Buffer.from(`${head}.${body}`), key.privateKey).toString('base64url');
}
