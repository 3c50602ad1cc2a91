import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SignJWT } from 'jose';
import { AppProcess, killAll, Scratch } from '../example-app/run-app.js';
import { clientKey } from '../support/client-keys.js';
import { selfSigned } from '../support/pki.js';
import { noteSecret } from '../support/suite-log.js';
import { trustingFetch } from '../support/trusting-fetch.js';
import { runHere } from './run-here.js';

// A server is started.
jest.setTimeout(60_000);

const scratch = new Scratch();
const directory = scratch.directory();
const place = ['--config', join(directory, 'as.json'), '--data-dir', join(directory, 'data')];
const here = ['--workspace', 'acme/demo', ...place];
const [old, fresh] = ['old', 'new'].map((kid) => clientKey('P-256', { kid, alg: 'ES256' }));
let issuer: string;
let fetchTrusting: ReturnType<typeof trustingFetch>;
beforeAll(async () => {
  const written = {
    listen: { port: 0 },
    store: 'lmdb:./store',
    secret_keys: [noteSecret(randomBytes(32).toString('base64'))],
    tenants: { acme: { workspaces: { demo: { scopes: { read: {} } } } } },
  };
  writeFileSync(join(directory, 'as.json'), JSON.stringify(written));
  const app = new AppProcess(place);
  issuer = `${await app.listening()}/acme/demo`;
  fetchTrusting = trustingFetch({ ca: readFileSync(join(directory, 'data/pki/ca.crt'), 'utf8') });
  const members = { grant_types: ['client_credentials'], scope: 'read', token_endpoint_auth_method: 'private_key_jwt' };
  const client = { client_id: 'billing', ...members, jwks: { keys: [old?.jwk] } };
  expect((await runHere('client', 'add', file('billing.json', JSON.stringify(client)), ...here)).code).toBe(0);
});
afterAll(async () => {
  await killAll();
  scratch.remove();
});

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text);
  return join(directory, name);
}
const client = (...args: string[]) => runHere('client', ...args, ...here);
const pem = (key: KeyObject | undefined) =>
  String(createPublicKey(key as never).export({ type: 'spki', format: 'pem' }));

/** The status of a token request whose assertion is signed with a key. */
async function token(key: KeyObject | undefined, kid: string): Promise<number> {
  const client_assertion = await new SignJWT({ jti: randomBytes(9).toString('hex') })
    .setProtectedHeader({ alg: 'ES256', kid })
    .setIssuer('billing')
    .setSubject('billing')
    .setAudience(issuer)
    .setIssuedAt()
    .setExpirationTime('1m')
    .sign(key as KeyObject);
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion,
  }).toString();
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return (await fetchTrusting(`${issuer}/oauth2/token`, { method: 'POST', headers, body })).status;
}

async function until(what: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!(await what())) {
    if (Date.now() > deadline) throw new Error('it did not happen within five seconds');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('keys of a client, while the server runs', () => {
  it('a new one counts beside the old one, and then alone', async () => {
    expect([await token(old?.privateKey, 'old'), await token(fresh?.privateKey, 'new')]).toEqual([200, 401]);
    const added = await client('add-key', 'billing', '--jwk', file('new.pem', pem(fresh?.privateKey)), '--kid', 'new');
    expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/^The key \S+ is registered for billing\.\n$/) });
    await until(async () => (await token(fresh?.privateKey, 'new')) === 200);
    expect(await token(old?.privateKey, 'old')).toBe(200);

    expect(await client('remove-key', 'billing', '--id', 'old')).toMatchObject({ code: 0, error: '' });
    await until(async () => (await token(old?.privateKey, 'old')) === 401);
    expect(await token(fresh?.privateKey, 'new')).toBe(200);
    expect(await client('remove-key', 'billing', '--id', 'new')).toMatchObject({
      code: 1,
      error: expect.stringContaining('is the last key'),
    });
    expect(await token(fresh?.privateKey, 'new')).toBe(200);
  });

  it('a JWK is taken as it is; twice is once', async () => {
    const jwk = file('third.jwk', JSON.stringify(clientKey('Ed25519', { kid: 'third' }).jwk));
    const said = [await client('add-key', 'billing', '--jwk', jwk), await client('add-key', 'billing', '--jwk', jwk)];
    expect(said.map(({ code }) => code)).toEqual([0, 0]);
    const { keys } = JSON.parse((await client('show', 'billing', '--json')).out) as {
      keys: { jwk: { kid: string } }[];
    };
    expect(keys.map(({ jwk: { kid } }) => kid).filter((kid) => kid === 'third')).toHaveLength(1);
    expect((await client('remove-key', 'billing', '--id', 'third')).code).toBe(0);
  });

  it.each<[string, string, string[], number, string]>([
    ['a private JWK', JSON.stringify(clientKey().privateJwk), [], 1, 'jwk: holds private members'],
    ['a short key', JSON.stringify(clientKey('RSA-1024').jwk), [], 1, 'jwk: '],
    [
      'a private key',
      String(fresh?.privateKey.export({ type: 'pkcs8', format: 'pem' })),
      [],
      2,
      'This is a private key',
    ],
    ['a certificate', selfSigned({ subject: 'CN=a' }).cert, [], 2, 'client import-cert'],
    ['a key set', '{"keys":[]}', [], 2, 'a set of keys'],
    ['a kid that is another', JSON.stringify(old?.jwk), ['--kid', 'x'], 2, '--kid says another'],
    ['half JSON', '{"kty":', [], 2, 'neither PEM nor JSON'],
    ['something else', 'hush', [], 2, 'neither a public key in PEM nor a JWK'],
  ])('%s is refused, and nothing is repeated', async (_what, text, options, code, message) => {
    const said = await client('add-key', 'billing', '--jwk', file('bad', text), ...options);
    expect(said).toMatchObject({ code, out: '', error: expect.stringContaining(message) });
    expect(said.error).not.toContain(text.slice(0, 60));
  });

  it('a command that does not say which: exit code 2', async () => {
    expect(await client('add-key', 'billing')).toMatchObject({ code: 2, error: expect.stringContaining('Which key?') });
    expect(await client('remove-key', 'billing')).toMatchObject({
      code: 2,
      error: expect.stringContaining('Which key?'),
    });
  });
});
