import { afterAll, describe, expect, it } from '@jest/globals';
import { ca } from '../support/methods.js';
import { makeCa, selfSigned } from '../support/pki.js';
import { specServer } from '../support/spec-server.js';
import { accepted, refused, type TlsWorld, tlsWorld } from '../support/tls-world.js';

const subject = 'CN=app';
const upper = ca.issue({ subject: 'CN=Upper', isCa: true });
const lower = upper.issue({ subject: 'CN=Lower', isCa: true });
const own = makeCa({ subject: 'CN=Own CA' });
const ownIntermediate = own.issue({ subject: 'CN=Own Intermediate', isCa: true });
const client = (client_id: string, more: object = {}) => ({
  client_id,
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: subject,
  grant_types: ['client_credentials'],
  scope: 'read',
  ...more,
});

describe('TCA-01 intermediate_cas', () => {
  let world: TlsWorld | undefined;
  afterAll(() => world?.stop());

  it('TCA-01 stand in for what a client does not send, and are no anchors', async () => {
    const clients = [client('plain'), client('own', { trusted_cas: [own.cert] })];
    world = await tlsWorld({ clients, intermediate_cas: [upper.cert + lower.cert, ownIntermediate.cert] });
    const fares = async (client_id: string, as: Parameters<TlsWorld['ask']>[1]) =>
      world?.verdict(await world.ask({ client_id }, as));
    expect(await fares('plain', lower.issue({ subject }))).toEqual(accepted);
    expect(await fares('plain', [lower.issue({ subject }), lower, upper])).toEqual(accepted);
    expect(await fares('plain', upper.issue({ subject }))).toEqual(accepted);
    // Its anchor is that of another client.
    expect(await fares('plain', ownIntermediate.issue({ subject }))).toEqual(refused('certificate_untrusted'));
    expect(await fares('own', ownIntermediate.issue({ subject }))).toEqual(accepted);
    expect(await fares('own', lower.issue({ subject }))).toEqual(refused('certificate_untrusted'));
  });

  it('TCA-01 those of one client serve that client alone, also when a verdict is remembered', async () => {
    const clients = [client('with', { intermediate_cas: [lower.cert] }), client('without')];
    const two = await tlsWorld({ clients, intermediate_cas: [upper.cert] });
    const certificate = lower.issue({ subject });
    for (let round = 0; round < 2; round += 1) {
      expect(two.verdict(await two.ask({ client_id: 'with' }, certificate))).toEqual(accepted);
      const without = await two.ask({ client_id: 'without' }, certificate);
      expect(two.verdict(without)).toEqual(refused('certificate_untrusted'));
    }
    await two.stop();
  });

  it('TCA-01 an expired one, one of another key and an anchor among them help nobody', async () => {
    const past = new Date(Date.now() - 1000);
    const expired = ca.issue({ subject: 'CN=Expired', isCa: true, notAfter: past });
    const namesake = makeCa({ subject: 'CN=Namesake' });
    const real = ca.issue({ subject: 'CN=Namesake', isCa: true });
    const three = await tlsWorld({
      clients: [client('plain')],
      intermediate_cas: [expired.cert, namesake.cert, own.cert],
    });
    const fares = async (as: Parameters<TlsWorld['ask']>[1]) =>
      three.verdict(await three.ask({ client_id: 'plain' }, as));
    expect(await fares(expired.issue({ subject }))).toEqual(refused('certificate_expired'));
    expect(await fares(namesake.issue({ subject }))).toEqual(refused('certificate_untrusted'));
    expect(await fares(own.issue({ subject }))).toEqual(refused('certificate_untrusted'));
    // A wrong one of its name is not in the way of the right one.
    expect(await fares([real.issue({ subject }), real])).toEqual(accepted);
    await three.stop();
  });

  it.each<[string, string, string]>([
    ['text that is no certificate', 'ca.crt', 'there is something other than CERTIFICATE'],
    ['a certificate that is no CA', selfSigned().cert, 'is not one of a CA'],
    ['a CA that may not sign certificates', makeCa({ keyUsage: [6] }).cert, 'is not one of a CA'],
    ['a CA with a weak key', makeCa({ keyType: 'rsa1024' }).cert, 'weak or unknown key'],
  ])('TCA-01 %s is a mistake, for a workspace and for a client', (_title, text, message) => {
    const good = upper.cert;
    expect(() => specServer({ clients: [], intermediate_cas: [good, text] })).toThrow('intermediate_cas[1]: ');
    expect(() => specServer({ clients: [], intermediate_cas: [good, text] })).toThrow(message);
    const wrong = client('a', { intermediate_cas: [good, text] });
    expect(() => specServer({ clients: [wrong] })).toThrow('clients[0].intermediate_cas[1]: cannot be used');
    expect(() => specServer({ clients: [wrong] })).toThrow(message);
  });

  it('TCA-01 a client of secrets has none', () => {
    const secretClient = { client_id: 'a', client_secret: 'x'.repeat(32), grant_types: ['client_credentials'] };
    const wrong = { ...secretClient, intermediate_cas: [upper.cert] };
    expect(() => specServer({ clients: [wrong] })).toThrow('clients[0].intermediate_cas: is used with the methods');
  });
});
