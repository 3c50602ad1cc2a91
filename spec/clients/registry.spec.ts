import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseClientCertificate } from '../../lib/certificates/client-certificate.js';
import type { RegisteredClient } from '../../lib/clients/client.js';
import type { ClientMetadataInput } from '../../lib/clients/metadata.js';
import type { ClientDependencies } from '../../lib/clients/registered-client.js';
import { clientRegistry } from '../../lib/clients/registry.js';
import { RemoteKeySets } from '../../lib/clients/remote-key-sets.js';
import { hashSecret, sealSecret } from '../../lib/clients/stored-secrets.js';
import { documentFetcher } from '../../lib/http/outbound.js';
import { OptionsError } from '../../lib/options.js';
import { SecretKeys } from '../../lib/secret-keys.js';
import { certificateJwk, clientKey } from '../support/client-keys.js';
import { type DocumentServer, documentServer, json } from '../support/document-server.js';
import { selfSigned } from '../support/pki.js';

const secretKeys = new SecretKeys([randomBytes(32).toString('base64')]);
const secret = 'a secret of more than thirty-two octets';
const digest = (der: Buffer) => createHash('sha256').update(der).digest('base64url');

let warnings: unknown[];
let dependencies: ClientDependencies;

beforeEach(() => {
  warnings = [];
  const warn: ClientDependencies['warn'] = (name, detail) => void warnings.push({ name, ...detail });
  dependencies = { secretKeys, warn, keySets: new RemoteKeySets({ fetchDocument: documentFetcher(), warn }) };
});

function only(input: Record<string, unknown>): RegisteredClient {
  const record = { client_id: 'app', grant_types: ['client_credentials'], ...input };
  return clientRegistry([record as ClientMetadataInput], dependencies).find('app') as RegisteredClient;
}

function failure(act: () => unknown): OptionsError {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError);
    return error as OptionsError;
  }
  throw new Error('nothing was thrown');
}

describe('a client made ready', () => {
  it('has what the authenticator and the grants need', () => {
    const client = only({ client_secret: secret, scope: 'read accounts.*', token_ttls: { access_token: 60 } });
    expect(client).toMatchObject({ id: 'app', method: 'client_secret_basic', active: true });
    expect(client.scopes).toEqual(['read', 'accounts.*']);
    expect([...client.grantTypes]).toEqual(['client_credentials']);
    expect(client.secrets.check(secret, Date.now())).toBe('match');
    expect(client.secrets.check(`${secret}x`, Date.now())).toBe('mismatch');
    expect(client.certificateName).toBeUndefined();
    expect(only({ client_secret: secret, status: 'inactive', scope: '' })).toMatchObject({ active: false, scopes: [] });
  });

  it('GEN-18 holds no secret that can be seen, and cannot be changed', () => {
    const sealed = sealSecret(secretKeys, 'app', secret);
    const extras = { list: [{ a: 1 }] };
    const input = {
      token_endpoint_auth_method: 'client_secret_jwt',
      client_secret: secret,
      client_secrets: [{ value: `${secret}-2` }],
      client_secret_encrypted: sealed,
      registration_access_token: 'rat',
      metadata: extras,
    };
    const client = only(input);
    for (const member of Object.keys(input)) {
      expect(member in client.metadata).toBe(member === 'token_endpoint_auth_method' || member === 'metadata');
    }
    expect(JSON.stringify(client)).not.toContain('secret of more');
    expect(() => {
      (client.metadata.grant_types as string[]).push('password');
    }).toThrow(/not extensible/);
    expect(() => {
      (client.metadata as { trusted: boolean }).trusted = true;
    }).toThrow(/read only/);
    extras.list.push({ a: 2 });
    expect(client.metadata.metadata).toEqual({ list: [{ a: 1 }] });
    expect(Object.isFrozen(extras) || Object.isFrozen(extras.list[0])).toBe(false);
  });

  it('CSJ-02 has MAC keys with client_secret_jwt alone, from plain and encrypted secrets', () => {
    const octets = (client: RegisteredClient) =>
      client.secrets.macKeys(Date.now()).map((key) => key.export().toString());
    const jwt = { token_endpoint_auth_method: 'client_secret_jwt' };
    expect(octets(only({ ...jwt, client_secret: secret }))).toEqual([secret]);
    expect(octets(only({ ...jwt, client_secret_encrypted: sealSecret(secretKeys, 'app', secret) }))).toEqual([secret]);
    expect(octets(only({ client_secret: secret }))).toEqual([]);
  });

  it('CSJ-03 an encrypted secret must be long enough and ours', () => {
    const jwt = (client_secret_encrypted: string) => () =>
      only({ token_endpoint_auth_method: 'client_secret_jwt', client_secret_encrypted });
    expect(failure(jwt(sealSecret(secretKeys, 'app', 'short'))).mistakes).toEqual([
      { path: 'clients[0].client_secret_encrypted', message: 'must hold at least 32 octets (RFC 7518 3.2)' },
    ]);
    for (const sealed of [sealSecret(secretKeys, 'other', secret), sealSecret(SecretKeys.ephemeral(), 'app', secret)]) {
      expect(failure(jwt(sealed)).message).toBe(
        'clients[0].client_secret_encrypted: cannot be opened with these secret_keys',
      );
    }
  });

  it('several secrets live side by side, each with its end', () => {
    const now = Date.now();
    const seconds = Math.floor(now / 1000);
    const { secrets } = only({
      client_secret: 'first'.repeat(10),
      client_secret_expires_at: seconds - 1,
      client_secrets: [
        { value: 'second'.repeat(10), expires_at: seconds + 60 },
        { value: 'third'.repeat(10), expires_at: 0 },
      ],
      client_secret_hash: hashSecret(secretKeys, 'fourth'),
    });
    const verdicts = ['first', 'second', 'third'].map((text) => secrets.check(text.repeat(10), now));
    expect(verdicts).toEqual(['expired', 'match', 'match']);
    expect(secrets.check('second'.repeat(10), now + 61_000)).toBe('expired');
    expect(secrets.check('fourth', now)).toBe('expired');
  });

  it('a short secret gives a warning without the secret, a long one none', () => {
    only({ client_secret: secret });
    expect(warnings).toEqual([]);
    only({ client_secret: 'too short to be good' });
    expect(warnings).toEqual([{ name: 'client_secret_short', client_id: 'app', minimum_octets: 32 }]);
  });

  it('a hash by a key that is gone is a mistake', () => {
    const client_secret_hash = hashSecret(SecretKeys.ephemeral(), secret);
    expect(failure(() => only({ client_secret_hash })).message).toBe(
      'clients[0].client_secret_hash: was made with a key that is not among the secret_keys',
    );
  });

  it('PKJ-02 has its own keys and nobody else’s', async () => {
    const [mine, other] = [clientKey('P-256', { kid: 'k' }), clientKey('P-256', { kid: 'k' })];
    const client = (client_id: string, jwk: object) => ({
      client_id,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: { keys: [jwk] },
    });
    const records = [client('a', mine.jwk), client('b', other.jwk)] as ClientMetadataInput[];
    const registry = clientRegistry(records, dependencies);
    const [a, b] = [await registry.find('a'), await registry.find('b')];
    const [keyOfA] = await a!.keys.candidates({ alg: 'ES256', kid: 'k' });
    const [keyOfB] = await b!.keys.candidates({ alg: 'ES256', kid: 'k' });
    expect(keyOfA!.export({ format: 'jwk' })).toMatchObject({ x: mine.jwk.x });
    expect(keyOfB!.export({ format: 'jwk' })).toMatchObject({ x: other.jwk.x });
  });

  it('SST-01 knows certificates from x5c and from PEM, and no others', async () => {
    const [inX5c, inPem, stranger] = [selfSigned(), selfSigned(), selfSigned()];
    const method = { token_endpoint_auth_method: 'self_signed_tls_client_auth' };
    const { keys } = only({ ...method, jwks: { keys: [certificateJwk(inX5c)] }, certificate: inPem.cert });
    expect(await keys.hasCertificate(digest(inX5c.der))).toBe(true);
    expect(await keys.hasCertificate(digest(inPem.der))).toBe(true);
    expect(await keys.hasCertificate(digest(stranger.der))).toBe(false);
  });

  it('TCA-02 has the matcher of its one name', () => {
    const { certificateName } = only({
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_san_dns: 'app.example.com',
    });
    expect(certificateName).toMatchObject({ member: 'tls_client_auth_san_dns', expected: 'app.example.com' });
    const [right, wrong] = ['app.example.com', 'other.example.com'].map(
      (name) => parseClientCertificate(selfSigned({ san: [`DNS:${name}`] }).der)!,
    );
    expect(certificateName!.matches(right!)).toBe(true);
    expect(certificateName!.matches(wrong!)).toBe(false);
  });
});

describe('a list of clients', () => {
  it('is checked whole, and every mistake is named by its path', () => {
    const records = [
      { client_id: 'a', client_secret: secret },
      { client_id: 'b' },
      { client_id: 'c', token_endpoint_auth_method: 'private_key_jwt' },
      { client_id: 'a', client_secret: secret },
      { client_id: 'd', client_secret: secret, typo: 1 },
      null,
    ];
    const paths = failure(() => clientRegistry(records as never, dependencies)).mistakes.map(({ path }) => path);
    expect(paths).toEqual([
      'clients[1].client_secret',
      'clients[2].jwks',
      'clients[3].client_id',
      'clients[4].typo',
      'clients[5]',
    ]);
    const at = 'tenants.acme.workspaces.demo.clients';
    expect(failure(() => clientRegistry([{ client_id: 'b' }], dependencies, at)).mistakes[0]?.path).toBe(
      'tenants.acme.workspaces.demo.clients[0].client_secret',
    );
  });

  it('finds by the exact id alone', () => {
    const registry = clientRegistry([{ client_id: 'app', client_secret: secret }], dependencies);
    expect(registry.find('app')).toMatchObject({ id: 'app' });
    for (const id of ['App', 'app ', '', '__proto__', 'constructor', 'ap']) expect(registry.find(id)).toBeUndefined();
  });

  it('anything else is no source', () => {
    for (const source of [undefined, null, {}, 'clients', { find: 1 }]) {
      expect(failure(() => clientRegistry(source as never, dependencies)).message).toMatch(
        /^clients: must be an array/,
      );
    }
  });
});

describe("a host's own database", () => {
  let asked: string[];
  let table: Map<string, unknown>;

  beforeEach(() => {
    asked = [];
    table = new Map();
  });

  const registry = () =>
    clientRegistry(
      {
        find: async (id) => {
          asked.push(id);
          return table.get(id) as ClientMetadataInput | undefined;
        },
      },
      dependencies,
    );

  it('is asked once per look-up, and an unchanged record is not made ready again', async () => {
    const clients = registry();
    table.set('app', { client_id: 'app', client_secret: 'short' });
    const found = await clients.find('app');
    expect(found?.secrets.check('short', 0)).toBe('match');
    table.set('app', { client_id: 'app', client_secret: 'short' });
    expect(await clients.find('app')).toBe(found);
    expect(asked).toEqual(['app', 'app']);
    expect(warnings).toHaveLength(1);
  });

  it('a changed record counts at once, and so does a deleted one', async () => {
    const clients = registry();
    table.set('app', { client_id: 'app', client_secret: secret });
    await clients.find('app');
    table.set('app', {
      client_id: 'app',
      client_secret_hash: `sha256:${createHash('sha256').update('new').digest('hex')}`,
    });
    const changed = await clients.find('app');
    expect(changed?.secrets.check(secret, 0)).toBe('mismatch');
    expect(changed?.secrets.check('new', 0)).toBe('match');
    table.delete('app');
    expect(await clients.find('app')).toBeUndefined();
    table.set('app', null);
    expect(await clients.find('app')).toBeUndefined();
  });

  it('may leave columns null', async () => {
    table.set('app', { client_id: 'app', client_secret: secret, jwks: null, jwks_uri: null, scope: null });
    expect((await registry().find('app'))?.metadata).not.toHaveProperty('jwks');
  });

  it('that finds another client than the one asked for has found none', async () => {
    table.set('APP', { client_id: 'app', client_secret: secret });
    expect(await registry().find('APP')).toBeUndefined();
  });

  it('is not asked for what cannot be a client_id', async () => {
    for (const id of ['', 'a\0b', 'é', 'a'.repeat(256)]) expect(await registry().find(id)).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it('with a wrong record fails by naming client and mistakes, without the secret', async () => {
    table.set('app', {
      client_id: 'app',
      client_secret: 'hush-hush',
      token_endpoint_auth_method: 'client_secret_jwt',
      x: 1,
    });
    const clients = registry();
    for (let round = 0; round < 2; round++) {
      const error = await Promise.resolve(clients.find('app')).catch((thrown: unknown) => thrown as Error);
      expect((error as Error).message).toBe(
        'The record that clients.find gave for client "app" is wrong:\n' +
          'x: is not a known member\n' +
          'client_secret: must have at least 32 octets for client_secret_jwt (RFC 7518 3.2)',
      );
    }
    table.set('app', { client_secret: 'hush-hush' });
    await expect(clients.find('app')).rejects.toThrow(/client "app" is wrong:\nclient_id: /);
  });

  it('that throws is passed on', async () => {
    const broken = clientRegistry({ find: () => Promise.reject(new Error('down')) }, dependencies);
    await expect(broken.find('app')).rejects.toThrow('down');
  });

  it('may answer without a promise', async () => {
    const clients = clientRegistry({ find: (client_id) => ({ client_id, client_secret: secret }) }, dependencies);
    expect(await clients.find('anyone')).toMatchObject({ id: 'anyone' });
  });
});

describe('jwks_uri in a registry', () => {
  let server: DocumentServer;
  afterEach(() => server.close());

  it('is fetched once for all clients that share it, beside their own certificates', async () => {
    const [remote, own] = [selfSigned(), selfSigned()];
    server = await documentServer(json({ keys: [certificateJwk(remote)] }));
    const { warn } = dependencies;
    const fetchDocument = documentFetcher({ allow_private_hosts: [server.host], ca: server.ca });
    const record = (client_id: string, more = {}): ClientMetadataInput => ({
      client_id,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks_uri: server.url(),
      ...more,
    });
    const clients = clientRegistry([record('a'), record('b', { certificate: own.cert })], {
      ...dependencies,
      keySets: new RemoteKeySets({ fetchDocument, warn }),
    });
    const [a, b] = [await clients.find('a'), await clients.find('b')];
    expect(await b!.keys.hasCertificate(digest(own.der))).toBe(true);
    expect(server.requests).toHaveLength(0);
    expect(await b!.keys.hasCertificate(digest(remote.der))).toBe(true);
    expect(await a!.keys.hasCertificate(digest(remote.der))).toBe(true);
    expect(server.requests).toHaveLength(1);
    expect(await a!.keys.hasCertificate(digest(own.der))).toBe(false);
    expect(await b!.keys.candidates({ alg: 'ES256' })).toHaveLength(1);
  });
});
