import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientMetadataInput } from '../../index.js';
import { certificateJwk, clientKey } from '../support/client-keys.js';
import { type DocumentServer, documentServer, json } from '../support/document-server.js';
import { ca } from '../support/methods.js';
import { type Certificate, selfSigned } from '../support/pki.js';
import { specServer } from '../support/spec-server.js';
import { accepted, type Identity, refused, type TlsWorld, tlsWorld } from '../support/tls-world.js';

const registered = new Map<string, ClientMetadataInput>();
let documents: DocumentServer;
let world: TlsWorld;
let now = Date.now();

beforeAll(async () => {
  documents = await documentServer();
  world = await tlsWorld({
    clients: { find: (id) => registered.get(id) },
    outbound: { allow_private_hosts: [documents.host], ca: documents.ca },
    now: () => now,
  });
});
afterAll(async () => {
  await world.stop();
  await documents.close();
});
afterEach(() => {
  documents.requests.length = 0;
});

function metadata(given: object): ClientMetadataInput {
  return {
    client_id: `client-${registered.size}`,
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    grant_types: ['client_credentials'],
    scope: 'read',
    ...given,
  } as ClientMetadataInput;
}

function register(given: object): string {
  const client = metadata(given);
  registered.set(client.client_id, client);
  return client.client_id;
}

async function verdict(client_id: string, identity: Identity) {
  return world.verdict(await world.ask({ client_id }, identity));
}

const keySet = (...certificates: Certificate[]) => ({ keys: certificates.map((each) => certificateJwk(each)) });
const notRegistered = refused('certificate_not_registered');

describe('SST-01 the leaf is the first x5c entry of some key', () => {
  const [one, two, other] = [selfSigned({ subject: 'CN=one' }), selfSigned({ keyType: 'rsa' }), selfSigned()];
  const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true });
  const issued = intermediate.issue({ subject: 'CN=issued' });

  it('SST-01 any key of the set, and no other certificate', async () => {
    const client = register({ jwks: keySet(one, two) });
    expect(await verdict(client, one)).toEqual(accepted);
    expect(await verdict(client, two)).toEqual(accepted);
    expect(await verdict(client, other)).toEqual(notRegistered);
  });

  it('SST-01 who issued it does not matter, nor what came along', async () => {
    const client = register({ jwks: keySet(issued) });
    expect(await verdict(client, issued)).toEqual(accepted);
    expect(await verdict(client, [issued, intermediate])).toEqual(accepted);
    expect(await verdict(client, [other, issued])).toEqual(notRegistered);
  });

  it('SST-01 the further x5c entries are not the client', async () => {
    const jwk = { ...certificateJwk(issued), x5c: [issued, intermediate].map(({ der }) => der.toString('base64')) };
    const client = register({ jwks: { keys: [jwk] } });
    expect(await verdict(client, issued)).toEqual(accepted);
    expect(await verdict(client, intermediate)).toEqual(notRegistered);
  });

  it("SST-01 another client's certificate is not this one's", async () => {
    const [mine, theirs] = [register({ jwks: keySet(one) }), register({ jwks: keySet(other) })];
    expect(await verdict(theirs, other)).toEqual(accepted);
    expect(await verdict(mine, other)).toEqual(notRegistered);
  });

  it('SST-01 the certificate may be registered as PEM', async () => {
    const client = register({ certificate: one.cert });
    expect(await verdict(client, one)).toEqual(accepted);
    expect(await verdict(client, other)).toEqual(notRegistered);
  });

  it('SST-01 the PEM counts beside jwks, and beside jwks_uri', async () => {
    const beside = register({ certificate: one.cert, jwks: keySet(two) });
    expect(await verdict(beside, one)).toEqual(accepted);
    expect(await verdict(beside, two)).toEqual(accepted);
    expect(await verdict(beside, other)).toEqual(notRegistered);
    documents.answer = json(keySet(two));
    const remote = register({ certificate: one.cert, jwks_uri: documents.url('/beside') });
    expect(await verdict(remote, one)).toEqual(accepted);
    expect(documents.requests).toHaveLength(0);
    expect(await verdict(remote, two)).toEqual(accepted);
    expect(await verdict(remote, other)).toEqual(notRegistered);
  });

  it('SST-01 what the key is for in JOSE does not matter', async () => {
    const client = register({ jwks: { keys: [{ ...certificateJwk(one), use: 'enc' }] } });
    expect(await verdict(client, one)).toEqual(accepted);
    expect(await verdict(client, other)).toEqual(notRegistered);
  });

  it('SST-01 purposes and names of a certificate that was registered do not matter', async () => {
    const odd = selfSigned({ subject: '', eku: ['serverAuth'], isCa: true });
    const client = register({ jwks: keySet(odd) });
    expect(await verdict(client, odd)).toEqual(accepted);
    expect(await verdict(client, ca)).toEqual(notRegistered);
  });
});

describe('SST-02 what registration refuses', () => {
  const certificate = selfSigned();
  const x5c = [certificate.der.toString('base64')];
  const construct = (jwks: object) => () => specServer({ clients: [metadata({ jwks })] });
  it.each<[string, object, string | RegExp]>([
    ['a key that is not the one of its x5c', { ...clientKey().jwk, x5c }, 'is not the key of its x5c certificate'],
    ['a set without x5c', clientKey().jwk, 'holds no key with an x5c'],
    ['an empty x5c', { ...certificateJwk(certificate), x5c: [] }, 'x5c that does not begin with a certificate'],
    ['an x5c of rubbish', { ...certificateJwk(certificate), x5c: ['AAAA'] }, 'x5c that does not begin'],
    ['an x5c in base64url', { ...certificateJwk(certificate), x5c: [`${x5c[0]}-_`] }, 'x5c that does not begin'],
    ['a wrong x5t#S256', { ...certificateJwk(certificate), 'x5t#S256': 'A'.repeat(43) }, 'x5t#S256'],
  ])('SST-02 %s', (_title, jwk, message) => {
    expect(construct({ keys: [jwk] })).toThrow(message);
    expect(construct(keySet(certificate))).not.toThrow();
  });

  it('SST-02 neither keys nor certificate', () => {
    expect(() => specServer({ clients: [metadata({})] })).toThrow(
      'is needed for the method self_signed_tls_client_auth',
    );
    expect(construct({ keys: [] })).toThrow('holds no key with an x5c');
  });
});

describe('SST-03 the certificate and not its key', () => {
  it('SST-03 the same key in another certificate does not match', async () => {
    const certificate = selfSigned({ subject: 'CN=same' });
    const again = selfSigned({ subject: 'CN=same', sameKeyAs: certificate });
    const byCa = ca.issue({ subject: 'CN=same', sameKeyAs: certificate });
    const client = register({ jwks: keySet(certificate) });
    expect(await verdict(client, certificate)).toEqual(accepted);
    expect(await verdict(client, again)).toEqual(notRegistered);
    expect(await verdict(client, byCa)).toEqual(notRegistered);
  });
});

describe('SST-04 rotation behind jwks_uri', () => {
  const [old, fresh, stranger] = [selfSigned(), selfSigned(), selfSigned()];

  it('SST-04 a new certificate is fetched once, the old one is gone, and a flood fetches no more', async () => {
    const path = '/rotation';
    documents.answer = json(keySet(old), { 'cache-control': 'max-age=600' });
    const client = register({ jwks_uri: documents.url(path) });
    expect(await verdict(client, old)).toEqual(accepted);
    expect(await verdict(client, old)).toEqual(accepted);
    expect(documents.requests).toHaveLength(1);

    documents.answer = json(keySet(fresh), { 'cache-control': 'max-age=600' });
    expect(await verdict(client, fresh)).toEqual(accepted);
    expect(documents.requests).toHaveLength(2);
    expect(await verdict(client, old)).toEqual(notRegistered);
    for (let round = 0; round < 5; round++) expect(await verdict(client, stranger)).toEqual(notRegistered);
    expect(documents.requests).toHaveLength(2);
    expect(await verdict(client, fresh)).toEqual(accepted);

    now += 31_000;
    expect(await verdict(client, stranger)).toEqual(notRegistered);
    expect(documents.requests).toHaveLength(3);
  });

  it('SST-04 old and new live side by side as long as the document has both', async () => {
    documents.answer = json(keySet(old, fresh), { 'cache-control': 'max-age=600' });
    const client = register({ jwks_uri: documents.url('/overlap') });
    for (const each of [old, fresh, old]) expect(await verdict(client, each)).toEqual(accepted);
    expect(await verdict(client, stranger)).toEqual(notRegistered);
    expect(documents.requests).toHaveLength(2);
  });

  it('SST-04 a withdrawn certificate dies with the age of the document', async () => {
    documents.answer = json(keySet(old), { 'cache-control': 'max-age=60' });
    const client = register({ jwks_uri: documents.url('/withdrawn') });
    expect(await verdict(client, old)).toEqual(accepted);
    documents.answer = json(keySet(fresh));
    now += 59_000;
    expect(await verdict(client, old)).toEqual(accepted);
    now += 2_000;
    expect(await verdict(client, old)).toEqual(notRegistered);
  });

  it('SST-04 a document that cannot be had is no proof', async () => {
    documents.answer = (_request, response) => response.writeHead(500).end();
    const client = register({ jwks_uri: documents.url('/broken') });
    expect(await verdict(client, old)).toEqual(refused('key_set_unavailable'));
    now += 31_000;
    documents.answer = json(keySet(old));
    expect(await verdict(client, old)).toEqual(accepted);
    expect(world.events).toContainEqual(expect.objectContaining({ event: 'warning', name: 'key_set_fetch_failed' }));
  });

  it('SST-04 a key in the document that is not the one of its x5c does not count', async () => {
    const forged = { ...clientKey().jwk, x5c: [old.der.toString('base64')] };
    documents.answer = json({ keys: [forged, certificateJwk(fresh)] });
    const client = register({ jwks_uri: documents.url('/forged') });
    expect(await verdict(client, old)).toEqual(notRegistered);
    expect(await verdict(client, fresh)).toEqual(accepted);
  });

  it('SST-04 nothing is fetched for a client that showed no certificate, or an expired one', async () => {
    const client = register({ jwks_uri: documents.url('/quiet') });
    const expired = selfSigned({ notBefore: new Date(now - 9e6), notAfter: new Date(now - 8e6) });
    expect(await verdict(client, undefined)).toEqual(refused('certificate_missing'));
    expect(await verdict(client, expired)).toEqual(refused('certificate_expired'));
    expect(documents.requests).toHaveLength(0);
    documents.answer = json(keySet(old));
    expect(await verdict(client, old)).toEqual(accepted);
  });
});
