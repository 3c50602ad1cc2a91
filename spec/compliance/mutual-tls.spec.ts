import { Agent } from 'node:https';
import type { SecureVersion } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientMetadataInput } from '../../index.js';
import { certificateJwk } from '../support/client-keys.js';
import {
  allClients,
  assertion,
  assertionType,
  basicHeader,
  ca,
  clientCertificate,
  clientPerMethod,
  macAssertion,
  newSecret,
  ownCertificate,
  secrets,
} from '../support/methods.js';
import { makeCa, selfSigned } from '../support/pki.js';
import { accepted, agentOf, type Identity, refused, type TlsWorld, tlsWorld } from '../support/tls-world.js';

const hour = 3_600_000;
const start = Date.now();
const subject = 'CN=tls.example.com,O=Example';
const notYet = { notBefore: new Date(start + hour), notAfter: new Date(start + 2 * hour) };
const over = { notBefore: new Date(start - 2 * hour), notAfter: new Date(start - hour) };

const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true });
const leaf = intermediate.issue({ subject });
const oldCa = makeCa({ subject: 'CN=Old CA', notBefore: new Date(start - 3 * hour) });
const pkiExpired = oldCa.issue({ subject, ...over });
const pkiEarly = ca.issue({ subject, ...notYet });
const ownExpired = selfSigned({ subject: 'CN=old', ...over });
const ownEarly = selfSigned({ subject: 'CN=young', ...notYet });
// Whole seconds: that is all a certificate can say.
const end = Math.ceil(start / 1000) * 1000 + 10_000;
const pkiEnding = ca.issue({ subject, notAfter: new Date(end) });
const ownEnding = selfSigned({ subject: 'CN=ending', notAfter: new Date(end) });
const stranger = selfSigned({ subject });
const foreign = makeCa({ subject: 'CN=Spec CA' }).issue({ subject });

const clients = [
  ...allClients,
  {
    ...clientPerMethod.self_signed_tls_client_auth,
    client_id: 'dated',
    jwks: { keys: [ownExpired, ownEarly, ownEnding].map((certificate) => certificateJwk(certificate)) },
  },
  { ...clientPerMethod.tls_client_auth, client_id: 'asleep', status: 'inactive' },
] as ClientMetadataInput[];

let now = () => Date.now();
let world: TlsWorld;
beforeAll(async () => {
  world = await tlsWorld({ clients, root_cas: [ca.cert, oldCa.cert], now: () => now() });
});
afterAll(() => world.stop());
afterEach(() => {
  now = () => Date.now();
});

const asTls = { client_id: 'tls-client' };
const asOwn = { client_id: 'self-signed-client' };

describe('MTL-01 the body names the client', () => {
  it.each([
    ['tls_client_auth', asTls, clientCertificate],
    ['self_signed_tls_client_auth', asOwn, ownCertificate],
  ])('MTL-01 %s: client_id and its certificate', async (method, form, certificate) => {
    const reply = await world.ask(form, certificate);
    expect(world.verdict(reply)).toEqual(accepted);
    expect(world.last()).toMatchObject({ outcome: 'success', method, client_id: form.client_id });
  });

  it.each<[string, Record<string, string>, Identity, string]>([
    ['no client_id with a right certificate', {}, clientCertificate, 'no_credentials'],
    ['no client_id with a registered certificate', {}, ownCertificate, 'no_credentials'],
    ['an empty client_id', { client_id: '' }, clientCertificate, 'no_credentials'],
    ['no certificate', asTls, undefined, 'certificate_missing'],
    ['no certificate, self-signed', asOwn, undefined, 'certificate_missing'],
    ["another client's certificate", asTls, ownCertificate, 'certificate_untrusted'],
    ["another client's certificate, self-signed", asOwn, clientCertificate, 'certificate_not_registered'],
    ['a client that does not exist', { client_id: 'nobody' }, clientCertificate, 'unknown_client'],
    ['a client_id in other case', { client_id: 'TLS-CLIENT' }, clientCertificate, 'unknown_client'],
    ['a client of another method', { client_id: 'basic-client' }, clientCertificate, 'no_credentials'],
    ['the same subject, self-signed', asTls, stranger, 'certificate_untrusted'],
    ['an inactive client', { client_id: 'asleep' }, clientCertificate, 'client_inactive'],
  ])('MTL-01 %s is refused', async (_title, form, certificate, reason) => {
    const reply = await world.ask(form, certificate);
    expect(world.verdict(reply)).toEqual(refused(reason));
    expect(reply.headers['www-authenticate']).toBe('Basic realm="https://as.example.com", error="invalid_client"');
    expect(reply.body.error_description).toBe('Client authentication failed.');
    expect(reply.headers['x-correlation-id']).toBe(world.last().correlation_id);
  });

  it('MTL-01 client_id in the query is not the body', async () => {
    const path = '/oauth2/token?client_id=tls-client';
    const reply = await world.ask({}, clientCertificate, { path });
    expect(world.verdict(reply)).toEqual(refused('no_credentials'));
    expect(world.verdict(await world.ask(asTls, clientCertificate, { path }))).toEqual(accepted);
  });

  it('MTL-01 one event for one request', async () => {
    const before = world.events.length;
    await world.ask(asTls, clientCertificate);
    await world.ask(asTls, foreign);
    expect(world.events.slice(before)).toHaveLength(2);
  });
});

describe('MTL-02 certificates are asked for, and not required', () => {
  const identities: [string, Identity][] = [
    ['no certificate', undefined],
    ['an unknown self-signed certificate', stranger],
    ['an expired certificate', pkiExpired],
    ['a certificate of an unknown CA', foreign],
  ];
  it.each(identities)(
    'MTL-02 %s does not disturb the other methods, nor bind their tokens',
    async (_title, identity) => {
      const replies = [
        await world.ask({}, identity, { headers: { authorization: basicHeader('basic-client', secrets.basic) } }),
        await world.ask({ client_id: 'post-client', client_secret: secrets.post }, identity),
        await world.ask(
          { client_assertion: await assertion('private-key-client'), client_assertion_type: assertionType },
          identity,
        ),
        await world.ask({ client_assertion: await macAssertion(), client_assertion_type: assertionType }, identity),
      ];
      expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      for (const { body } of replies) expect((await world.call(body.access_token)).status).toBe(200);
    },
  );

  it('MTL-02 a good certificate does not make up for a bad secret', async () => {
    const headers = { authorization: basicHeader('basic-client', newSecret()) };
    const reply = await world.ask({}, clientCertificate, { headers });
    expect(world.verdict(reply)).toEqual(refused('secret_mismatch'));
  });

  it('MTL-02 where the method is not enabled, its clients stay out', async () => {
    const other = await tlsWorld({ token_endpoint_auth_methods: ['tls_client_auth'] });
    expect(other.verdict(await other.ask(asTls, clientCertificate))).toEqual(accepted);
    expect(other.verdict(await other.ask(asOwn, ownCertificate))).toEqual(refused('method_not_enabled'));
    await other.stop();
  });
});

describe('CAU-02 a certificate and something else', () => {
  const clientsOfTls: [string, Record<string, string>, Identity][] = [
    ['tls_client_auth', asTls, clientCertificate],
    ['self_signed_tls_client_auth', asOwn, ownCertificate],
  ];
  it.each(clientsOfTls)('CAU-02 %s with a client_secret', async (_method, form, identity) => {
    const reply = await world.ask({ ...form, client_secret: newSecret() }, identity);
    expect(world.verdict(reply)).toEqual(refused('method_not_registered'));
    expect(reply.headers['www-authenticate']).toContain('Basic realm=');
  });

  it.each(clientsOfTls)('CAU-02 %s with Basic credentials of its own', async (_method, form, identity) => {
    const headers = { authorization: basicHeader(form.client_id as string, newSecret()) };
    const reply = await world.ask(form, identity, { headers });
    expect(world.verdict(reply)).toEqual(refused('method_not_registered'));
  });

  it.each(clientsOfTls)("CAU-02 %s with another client's right credentials", async (_method, form, identity) => {
    const headers = { authorization: basicHeader('basic-client', secrets.basic) };
    const reply = await world.ask(form, identity, { headers });
    expect(world.verdict(reply)).toMatchObject({ status: 400, error: 'invalid_request', reason: 'client_id_conflict' });
  });

  it.each(clientsOfTls)('CAU-02 %s with an assertion', async (_method, form, identity) => {
    const client_assertion = await assertion(form.client_id as string);
    const reply = await world.ask({ ...form, client_assertion, client_assertion_type: assertionType }, identity);
    expect(world.verdict(reply)).toEqual(refused('method_not_registered'));
  });

  it.each(clientsOfTls)('CAU-02 %s with an Authorization header of another scheme', async (_method, form, identity) => {
    const reply = await world.ask(form, identity, { headers: { authorization: 'Bearer abc' } });
    expect(world.verdict(reply)).toEqual(refused('authorization_scheme_unsupported'));
  });

  it.each(clientsOfTls)('CAU-02 %s with an empty client_secret is alone', async (_method, form, identity) => {
    expect(world.verdict(await world.ask({ ...form, client_secret: '' }, identity))).toEqual(accepted);
  });
});

describe('MTL-06 time and sessions', () => {
  it.each<[string, Identity]>([
    ['tls-client', pkiEarly],
    ['dated', ownEarly],
  ])('MTL-06 %s: a certificate begins clock_tolerance early, without having to wait for it', async (client_id, as) => {
    const begins = Math.floor(notYet.notBefore.getTime() / 1000) * 1000;
    now = () => begins - 10_001;
    expect(world.verdict(await world.ask({ client_id }, as))).toEqual(refused('certificate_not_yet_valid'));
    now = () => begins - 10_000;
    expect(world.verdict(await world.ask({ client_id }, as))).toEqual(accepted);
  });

  it.each<[string, string, Identity, string]>([
    ['tls_client_auth, expired', 'tls-client', pkiExpired, 'certificate_expired'],
    ['tls_client_auth, not yet valid', 'tls-client', pkiEarly, 'certificate_not_yet_valid'],
    ['self_signed_tls_client_auth, expired', 'dated', ownExpired, 'certificate_expired'],
    ['self_signed_tls_client_auth, not yet valid', 'dated', ownEarly, 'certificate_not_yet_valid'],
  ])('MTL-06 %s is refused, and good at its time', async (_title, client_id, identity, reason) => {
    expect(world.verdict(await world.ask({ client_id }, identity))).toEqual(refused(reason));
    now = () => start + 1.5 * hour * (reason === 'certificate_expired' ? -1 : 1);
    expect(world.verdict(await world.ask({ client_id }, identity))).toEqual(accepted);
  });

  it.each<[string, Identity]>([
    ['tls-client', pkiEnding],
    ['dated', ownEnding],
  ])('MTL-06 %s: the verdict changes while the connection is kept alive', async (client_id, identity) => {
    const agent = agentOf(identity, { keepAlive: true, maxSockets: 1 });
    const ask = () => world.ask({ client_id }, undefined, { agent });
    now = () => end;
    const first = await ask();
    expect(world.verdict(first)).toEqual(accepted);
    now = () => end + 1;
    const second = await ask();
    expect(world.verdict(second)).toEqual(refused('certificate_expired'));
    now = () => end;
    const third = await ask();
    expect(world.verdict(third)).toEqual(accepted);
    expect([second.port, third.port]).toEqual([first.port, first.port]);
    agent.destroy();
  });

  const versions: SecureVersion[] = ['TLSv1.2', 'TLSv1.3'];
  const verdicts: [string, Record<string, string>, Identity, string | undefined][] = [
    ['a chain over an intermediate', asTls, [leaf, intermediate], undefined],
    ['a registered certificate', asOwn, ownCertificate, undefined],
    ['a foreign certificate', asTls, foreign, 'certificate_untrusted'],
    ['an expired certificate', asTls, pkiExpired, 'certificate_expired'],
    ['an unregistered certificate', asOwn, stranger, 'certificate_not_registered'],
  ];
  const table = versions.flatMap((version) => verdicts.map((row) => [version, ...row] as const));
  it.each(table)(
    'MTL-06 %s: a resumed session of %s gets the same verdict',
    async (version, _title, form, identity, reason) => {
      const agent = agentOf(identity, { minVersion: version, maxVersion: version });
      const first = await world.ask(form, undefined, { agent });
      const expected = reason === undefined ? accepted : refused(reason);
      expect(world.verdict(first)).toEqual(expected);
      const second = await world.ask(form, undefined, { agent });
      expect(world.verdict(second)).toEqual(expected);
      expect([first.resumed, second.resumed]).toEqual([false, true]);
      expect(second.port).not.toBe(first.port);
      agent.destroy();
    },
  );

  it('MTL-06 a resumed session is judged at its own time', async () => {
    const agent = agentOf(ownEnding);
    now = () => end;
    expect(world.verdict(await world.ask({ client_id: 'dated' }, undefined, { agent }))).toEqual(accepted);
    now = () => end + 1;
    const second = await world.ask({ client_id: 'dated' }, undefined, { agent });
    expect(second.resumed).toBe(true);
    expect(world.verdict(second)).toEqual(refused('certificate_expired'));
    agent.destroy();
  });

  it('MTL-06 a session without a certificate does not get one by resuming', async () => {
    const agent = agentOf(undefined);
    const first = await world.ask(asTls, undefined, { agent });
    const second = await world.ask(asTls, undefined, { agent });
    expect([first, second].map((reply) => reply.status)).toEqual([401, 401]);
    expect([second.resumed, world.last().reason]).toEqual([true, 'certificate_missing']);
    agent.destroy();
  });

  it('MTL-06 two clients on one kept-alive connection are told apart by their ids', async () => {
    const agent = new Agent({ ...agentOf(clientCertificate).options, keepAlive: true, maxSockets: 1 });
    expect(world.verdict(await world.ask(asTls, undefined, { agent }))).toEqual(accepted);
    expect(world.verdict(await world.ask(asOwn, undefined, { agent }))).toEqual(refused('certificate_not_registered'));
    expect(world.verdict(await world.ask(asTls, undefined, { agent }))).toEqual(accepted);
    agent.destroy();
  });
});
