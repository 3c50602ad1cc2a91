import { afterAll, describe, expect, it } from '@jest/globals';
import { ca } from '../support/methods.js';
import { makeCa } from '../support/pki.js';
import { specServer } from '../support/spec-server.js';
import { accepted, refused, type TlsWorld, tlsWorld } from '../support/tls-world.js';

const own = makeCa({ subject: 'CN=Own CA' });
/** The name of the workspace's CA, and another key. */
const namesake = makeCa({ subject: 'CN=Spec CA' });
const subject = 'CN=app';
const client = (client_id: string, trusted_cas?: string[]) => ({
  client_id,
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: subject,
  grant_types: ['client_credentials'],
  scope: 'read',
  ...(trusted_cas && { trusted_cas }),
});

describe('TCA-01 anchors of a client', () => {
  let world: TlsWorld | undefined;
  afterAll(() => world?.stop());

  it('TCA-01 trusted_cas take the place of root_cas for that client alone', async () => {
    const clients = [
      client('plain'),
      client('own', [own.cert]),
      client('both', [own.cert + ca.cert]),
      client('namesake', [namesake.cert]),
    ];
    world = await tlsWorld({ clients });
    const { ask } = world;
    const fares = async (id: string) =>
      Promise.all(
        [ca, own, namesake].map(async (authority) => {
          const certificate = authority.issue({ subject });
          return (await ask({ client_id: id }, certificate)).status;
        }),
      );
    expect(await fares('plain')).toEqual([200, 401, 401]);
    expect(await fares('own')).toEqual([401, 200, 401]);
    expect(await fares('both')).toEqual([200, 200, 401]);
    expect(await fares('namesake')).toEqual([401, 401, 200]);
  });

  it('TCA-01 one certificate is judged for each client by its own anchors, also when remembered', async () => {
    const certificate = own.issue({ subject });
    for (let round = 0; round < 2; round += 1) {
      const plain = await world!.ask({ client_id: 'plain' }, certificate);
      expect(world!.verdict(plain)).toEqual(refused('certificate_untrusted'));
      expect(world!.last().detail).toMatchObject({ problem: 'untrusted', anchors: 1 });
      expect(world!.verdict(await world!.ask({ client_id: 'own' }, certificate))).toEqual(accepted);
      const both = await world!.ask({ client_id: 'namesake' }, certificate);
      expect(world!.verdict(both)).toEqual(refused('certificate_untrusted'));
      expect(world!.last().detail).toMatchObject({ anchors_of: 'trusted_cas' });
    }
  });

  it('TCA-01 a client with anchors needs none of the workspace', async () => {
    const bare = await tlsWorld({ root_cas: [], clients: [client('own', [own.cert]), client('plain')] });
    expect(bare.verdict(await bare.ask({ client_id: 'own' }, own.issue({ subject })))).toEqual(accepted);
    expect(bare.verdict(await bare.ask({ client_id: 'plain' }, own.issue({ subject })))).toEqual(
      refused('certificate_untrusted'),
    );
    await bare.stop();
  });

  const secretClient = { client_id: 'a', client_secret: 'x'.repeat(32), grant_types: ['client_credentials'] };
  it.each<[string, object, string]>([
    ['text that is no certificate', client('a', ['ca.crt']), 'clients[0].trusted_cas[0]: cannot be used'],
    ['a second one that is none', client('a', [own.cert, 'x']), 'clients[0].trusted_cas[1]: cannot be used'],
    [
      'a CA with a weak key',
      client('a', [makeCa({ keyType: 'rsa1024' }).cert]),
      'clients[0].trusted_cas: cannot be used',
    ],
    ['none at all', client('a', []), 'clients[0].trusted_cas: must hold a certificate'],
    [
      'a client of secrets',
      { ...secretClient, trusted_cas: [own.cert] },
      'clients[0].trusted_cas: is used with the methods',
    ],
  ])('TCA-01 %s is a mistake', (_title, metadata, message) => {
    expect(() => specServer({ clients: [metadata as ReturnType<typeof client>] })).toThrow(message);
  });

  it("TCA-01 a host's database gives them too, and a wrong one never falls back to root_cas", async () => {
    const records = new Map([
      ['own', client('own', [own.cert])],
      ['wrong', client('wrong', ['x'])],
    ]);
    const found = await tlsWorld({ clients: { find: (id) => records.get(id) } });
    expect(found.verdict(await found.ask({ client_id: 'own' }, own.issue({ subject })))).toEqual(accepted);
    const wrong = await found.ask({ client_id: 'wrong' }, ca.issue({ subject }));
    expect(found.verdict(wrong)).toMatchObject({ status: 500, reason: 'internal_error' });
    await found.stop();
  });
});
