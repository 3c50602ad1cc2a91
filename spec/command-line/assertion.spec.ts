import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { assertionType, issuer, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';
import { runHere } from './run-here.js';

const directory = mkdtempSync(join(tmpdir(), 'assertion-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const pem = (type: 'ec' | 'rsa' | 'ed25519') => {
  const { privateKey } =
    type === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : type === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ed25519');
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
};

const sign = (path: string, ...more: string[]) =>
  runHere('assertion', '--client', 'secret-jwt-client', '--audience', issuer, '--sign-with', path, ...more);

describe('assertion', () => {
  it('CSJ-01 is accepted by the server, once', async () => {
    const { code, out } = await sign(file('secret', `${secrets.jwt}\n`));
    expect(code).toBe(0);
    const server = specServer();
    const body = {
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: noteSecret(out.trim()),
    };
    expect((await server.token(body)).status).toBe(200);
    expect((await server.token(body)).status).toBe(401);
    expect(server.last().reason).toBe('assertion_replayed');
  });

  it.each([
    ['ec', 'ES256'],
    ['rsa', 'RS256'],
    ['ed25519', 'Ed25519'],
  ] as const)('fits the algorithm to a key of type %s: %s', async (type, alg) => {
    const { out } = await sign(file(type, pem(type)), '--kid', 'k1', '--lifetime', '30');
    expect(decodeProtectedHeader(out)).toEqual({ alg, typ: 'client-authentication+jwt', kid: 'k1' });
    const { exp = 0, iat = 0, jti, ...claims } = decodeJwt(out);
    expect(claims).toEqual({ iss: 'secret-jwt-client', sub: 'secret-jwt-client', aud: issuer });
    expect([exp - iat, typeof jti]).toEqual([30, 'string']);
  });

  it('takes kid and alg of a JWK, and what the options say instead', async () => {
    const { privateKey } = generateKeyPairSync('ed25519', {
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const { createPrivateKey } = await import('node:crypto');
    const jwk = { ...createPrivateKey(privateKey).export({ format: 'jwk' }), kid: 'own', alg: 'EdDSA' };
    const path = file('jwk', JSON.stringify(jwk));
    expect(decodeProtectedHeader((await sign(path)).out)).toMatchObject({ kid: 'own', alg: 'EdDSA' });
    const other = await sign(path, '--kid', 'new', '--alg', 'Ed25519', '--json');
    const { client_assertion, ...told } = JSON.parse(other.out);
    expect(decodeProtectedHeader(client_assertion)).toMatchObject({ kid: 'new', alg: 'Ed25519' });
    expect(told).toEqual({ alg: 'Ed25519', expires_at: decodeJwt(client_assertion).exp });
  });

  it('says what is missing or wrong', async () => {
    const path = file('any', noteSecret(randomBytes(24).toString('hex')));
    expect(await runHere('assertion', '--audience', issuer, '--sign-with', path)).toMatchObject({ code: 2, out: '' });
    expect((await sign(path, '--lifetime', '601')).error).toContain('--lifetime must be 1 to 600');
    expect((await sign(path, '--lifetime', '1.5')).code).toBe(2);
    expect((await sign(file('empty', '\n'))).error).toContain('is empty');
    expect(await sign(join(directory, 'absent'))).toMatchObject({ code: 1, out: '' });
    expect(await sign(file('broken', '-----BEGIN PRIVATE KEY-----\nAAAA'))).toMatchObject({ code: 1, out: '' });
  });
});
