import { describe, expect, it } from '@jest/globals';
import { clientCredentials, grantRouter, OptionsError, standardStrategies } from '../../index.js';
import { accepted, forge, hmac, present, refused, rightClaims } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import { type allClients, clientPerMethod, issuer, macAssertion, newSecret, secrets } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const id = 'secret-jwt-client';
const own = { ...clientPerMethod.client_secret_jwt };
const every = ['HS256', 'HS384', 'HS512', 'ES256', 'RS256'] as const;
type Clients = typeof allClients;

/** An assertion of the client with this secret, by HMAC with `key`. */
function mac(key: string | Buffer, bits = 256, clientId: string = id): string {
  return forge({ header: { alg: `HS${bits}` }, claims: rightClaims(clientId), sign: hmac(key, bits) });
}

function serverWith(client: Record<string, unknown>, options: Parameters<typeof specServer>[0] = {}) {
  const clients = [{ ...own, ...client }] as unknown as Clients;
  return specServer({ clients, token_endpoint_auth_signing_alg_values: [...every], ...options });
}

function refusalOf(client: Record<string, unknown>): OptionsError {
  try {
    grantRouter({
      issuer,
      clients: [{ ...own, ...client }] as unknown as Clients,
      strategies: standardStrategies(),
      grants: [clientCredentials()],
    });
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(OptionsError);
    return thrown as OptionsError;
  }
  throw new Error('the client was taken');
}

describe('CSJ-01 HMAC alone', () => {
  it.each([256, 384, 512])('CSJ-01 HS%d is accepted, and nothing signed with another secret', async (bits) => {
    const server = serverWith({});
    expect(await present(server, mac(secrets.jwt, bits))).toEqual(accepted);
    expect(server.last()).toMatchObject({ client_id: id, method: 'client_secret_jwt' });
    expect(await present(server, mac(newSecret(64), bits))).toEqual(refused('assertion_signature_invalid'));
    expect(await present(server, mac('', bits))).toEqual(refused('assertion_signature_invalid'));
  });

  it.each([
    [256, 512],
    [512, 256],
    [384, 256],
  ])('CSJ-01 a HS%d tag under the name HS%d is refused', async (made, named) => {
    const forged = forge({ header: { alg: `HS${named}` }, claims: rightClaims(id), sign: hmac(secrets.jwt, made) });
    expect(await present(serverWith({}), forged)).toEqual(refused('assertion_signature_invalid'));
  });

  it('CSJ-01 a tag cut short is refused', async () => {
    for (const length of [1, 8, 16, 31]) {
      const sign = (input: string) => hmac(secrets.jwt)(input).subarray(0, length);
      const forged = forge({ header: { alg: 'HS256' }, claims: rightClaims(id), sign });
      expect(await present(serverWith({}), forged)).toEqual(refused('assertion_signature_invalid'));
    }
  });

  it.each(['ES256', 'RS256', 'PS256', 'EdDSA', 'none', 'HS1', 'hs256'])('CSJ-01 %s is refused', async (alg) => {
    for (const sign of [undefined, hmac(secrets.jwt)]) {
      const forged = forge({ header: { alg }, claims: rightClaims(id), ...(sign && { sign }) });
      expect(await present(serverWith({}), forged)).toEqual(refused('assertion_algorithm_refused'));
    }
  });

  it('CSJ-01 keys the client also has make no difference', async () => {
    const { privateKey, jwk } = clientKey('P-256', { kid: 'signer-1' });
    const server = serverWith({ jwks: { keys: [jwk] } });
    const forged = forge({
      claims: rightClaims(id),
      sign: hmac(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string),
    });
    expect(await present(server, forged)).toEqual(refused('assertion_algorithm_refused'));
    expect(await present(server, mac(secrets.jwt))).toEqual(accepted);
  });

  it('CSJ-01 HS384 and HS512 only where the server lists them, and only the one the client registered', async () => {
    const server = specServer();
    expect(await present(server, mac(secrets.jwt, 512))).toEqual(refused('assertion_algorithm_refused'));
    expect(await present(server, mac(secrets.jwt, 256))).toEqual(accepted);
    const pinned = serverWith({ token_endpoint_auth_signing_alg: 'HS512' });
    expect(await present(pinned, mac(secrets.jwt, 256))).toEqual(refused('assertion_algorithm_refused'));
    expect(await present(pinned, mac(secrets.jwt, 512))).toEqual(accepted);
  });

  it('CSJ-01 the secret itself is not sent along', async () => {
    const reply = await specServer().token({
      client_id: id,
      client_secret: secrets.jwt,
      grant_type: 'client_credentials',
    });
    expect([reply.status, reply.body.error]).toEqual([401, 'invalid_client']);
  });

  it('CSJ-01 a header that names keys of its own changes nothing', async () => {
    const k = Buffer.alloc(32, 1);
    const header = { alg: 'HS256', jwk: { kty: 'oct', k: k.toString('base64url') }, kid: 'mine' };
    const server = serverWith({});
    const forged = forge({ header, claims: rightClaims(id), sign: hmac(k) });
    expect(await present(server, forged)).toEqual(refused('assertion_signature_invalid'));
    expect(await present(server, forge({ header, claims: rightClaims(id), sign: hmac(secrets.jwt) }))).toEqual(
      accepted,
    );
  });
});

describe('CSJ-02 the key is the octets of the secret', () => {
  it.each([
    ['base64url', Buffer.alloc(48, 0xfb).toString('base64url'), (text: string) => Buffer.from(text, 'base64url')],
    ['base64', `${Buffer.alloc(47, 0xfb).toString('base64')}`, (text: string) => Buffer.from(text, 'base64')],
    ['hex', Buffer.alloc(32, 0xab).toString('hex'), (text: string) => Buffer.from(text, 'hex')],
    ['percent signs', `${'%20'.repeat(12)}+ü`, (text: string) => decodeURIComponent(text)],
    ['UTF-8', 'grüße-und-geheimnisse-für-alle-€', (text: string) => Buffer.from(text, 'latin1')],
    ['blanks at the ends', `  ${'s'.repeat(32)}\t`, (text: string) => text.trim()],
  ])('CSJ-02 a secret that looks like %s is not decoded', async (_name, secret, decode) => {
    const server = serverWith({ client_secret: noteSecret(secret) });
    expect(await present(server, mac(Buffer.from(secret, 'utf8')))).toEqual(accepted);
    expect(await present(server, mac(decode(secret)))).toEqual(refused('assertion_signature_invalid'));
  });
});

describe('CSJ-03 secrets long enough', () => {
  it.each([
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('CSJ-03 a client registered for %s needs %d octets', async (alg, octets) => {
    const [enough, short] = [noteSecret('s'.repeat(octets)), noteSecret('s'.repeat(octets - 1))];
    const server = serverWith({ token_endpoint_auth_signing_alg: alg, client_secret: enough });
    expect(await present(server, mac(enough, octets * 8))).toEqual(accepted);
    const refusal = refusalOf({ token_endpoint_auth_signing_alg: alg, client_secret: short });
    expect(refusal.mistakes).toEqual([expect.objectContaining({ path: 'clients[0].client_secret' })]);
    expect(refusal.message).toContain(`${octets} octets`);
    expect(refusal.message).not.toContain(short);
  });

  it('CSJ-03 octets are counted, not characters', async () => {
    const umlauts = noteSecret('ü'.repeat(16));
    expect(await present(serverWith({ client_secret: umlauts }), mac(umlauts))).toEqual(accepted);
    expect(refusalOf({ client_secret: noteSecret('ü'.repeat(15)) }).message).toContain('32 octets');
  });

  it('CSJ-03 without a registered algorithm, a secret serves for those it is long enough for', async () => {
    const secret = noteSecret('m'.repeat(50));
    const server = serverWith({ client_secret: secret });
    expect(await present(server, mac(secret, 256))).toEqual(accepted);
    expect(await present(server, mac(secret, 384))).toEqual(accepted);
    expect(await present(server, mac(secret, 512))).toEqual(refused('secret_too_short'));
    expect(server.last().detail).toMatchObject({ alg: 'HS512', octets_needed: 64 });
  });

  it('CSJ-03 further secrets are held to it one by one', async () => {
    const [long, short] = [newSecret(64), noteSecret('n'.repeat(40))];
    const server = serverWith({ client_secret: undefined, client_secrets: [{ value: short }, { value: long }] });
    expect(await present(server, mac(long, 512))).toEqual(accepted);
    expect(await present(server, mac(short, 512))).toEqual(refused('assertion_signature_invalid'));
    expect(await present(server, mac(short, 256))).toEqual(accepted);
    expect(refusalOf({ client_secrets: [{ value: noteSecret('n'.repeat(31)) }] }).message).toContain(
      'client_secrets[0]',
    );
  });
});

describe('CSJ-03 secrets that run out', () => {
  it('CSJ-03 each serves until its own end', async () => {
    const start = 1_800_000_000;
    let now = start * 1000;
    const [old, fresh] = [newSecret(), newSecret()];
    const server = serverWith(
      {
        client_secret: old,
        client_secret_expires_at: start + 10,
        client_secrets: [{ value: fresh, expires_at: start + 20 }],
      },
      { now: () => now },
    );
    const make = (secret: string) => macAssertion({ key: Buffer.from(secret), now });
    for (const secret of [old, fresh]) expect(await present(server, await make(secret))).toEqual(accepted);
    now = (start + 10) * 1000;
    expect(await present(server, await make(old))).toEqual(refused('assertion_signature_invalid'));
    expect(await present(server, await make(fresh))).toEqual(accepted);
    now = (start + 20) * 1000;
    expect(await present(server, await make(fresh))).toEqual(refused('secret_expired'));
  });
});

describe('CSJ-04 what cannot be a MAC key', () => {
  it.each([
    ['a hash', { client_secret: undefined, client_secret_hash: `sha256:${'a'.repeat(64)}` }],
    ['nothing', { client_secret: undefined }],
    ['an empty text', { client_secret: '' }],
    ['31 octets', { client_secret: noteSecret('t'.repeat(31)) }],
  ])('CSJ-04 %s is refused when the client is made', (_name, client) => {
    expect(refusalOf(client).mistakes.length).toBeGreaterThan(0);
  });

  it('CSJ-04 the secret of a client of another method signs nothing', async () => {
    const server = specServer();
    expect(await present(server, mac(secrets.basic, 256, 'basic-client'))).toEqual(refused('method_not_registered'));
    expect(await present(server, mac(secrets.post, 256, 'post-client'))).toEqual(refused('method_not_registered'));
    expect(await present(server, mac(secrets.jwt))).toEqual(accepted);
  });

  it('CSJ-04 where the method is not enabled', async () => {
    const server = specServer({ token_endpoint_auth_methods: ['private_key_jwt'] });
    expect(await present(server, mac(secrets.jwt))).toEqual(refused('method_not_enabled'));
    expect(await present(server, forge())).toEqual(accepted);
  });

  it('CSJ-04 no workspace of the profile fapi2 starts with it', () => {
    const start = (methods: string[]) => () =>
      specServer({ profile: 'fapi2', clients: [], token_endpoint_auth_methods: methods });
    expect(start(['private_key_jwt', 'client_secret_jwt'])).toThrow('token_endpoint_auth_methods[1]');
    expect(start(['private_key_jwt'])).not.toThrow();
  });
});
