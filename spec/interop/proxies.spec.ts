import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { WarningEvent } from '../../index.js';
import { type Curl, type CurlReply, makeCurl } from '../support/curl.js';
import { allClients, ca, clientCertificate, ownCertificate } from '../support/methods.js';
import { type Certificate, makeCa, selfSigned } from '../support/pki.js';
import { type ProxyProgram, type RunningProxy, startProxy } from '../support/proxy.js';
import { type SpecServer, specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';
import { agentOf, tlsRequest } from '../support/tls-world.js';

type Preset = 'nginx' | 'haproxy' | 'apache';

/** What tells the proxies apart. */
interface Kind {
  readonly program: ProxyProgram;
  readonly preset: Preset;
  /** How a stranger would write a certificate into the header of the preset. */
  readonly forge: (certificate: Certificate) => string;
  /** Why a certificate of an unknown CA is refused: Apache and Caddy pass no verdict of their own on. */
  readonly untrusted: 'certificate_refused_by_proxy' | 'certificate_untrusted';
  readonly passesChains: boolean;
}

const forgePem = ({ cert }: Certificate) => `X-SSL-Client-Cert: ${encodeURIComponent(cert)}`;
const forgeLine = ({ cert }: Certificate) => `X-SSL-Client-Cert: ${cert.replaceAll('\n', ' ').trim()}`;
const forgeDer = ({ der }: Certificate) => `X-SSL-Client-DER: ${der.toString('base64')}`;

const refusing = 'certificate_refused_by_proxy';
const untrusted = 'certificate_untrusted';
const kinds: readonly Kind[] = [
  { program: 'nginx', preset: 'nginx', forge: forgePem, untrusted: refusing, passesChains: false },
  { program: 'haproxy', preset: 'haproxy', forge: forgeDer, untrusted: refusing, passesChains: true },
  { program: 'apache', preset: 'apache', forge: forgeLine, untrusted, passesChains: true },
  { program: 'caddy', preset: 'haproxy', forge: forgeDer, untrusted, passesChains: false },
];

const subject = 'CN=tls.example.com,O=Example';
const ofTypes = {
  RSA: ca.issue({ subject, keyType: 'rsa' }),
  'P-256': clientCertificate,
  Ed25519: ca.issue({ subject, keyType: 'ed25519' }),
};
const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true });
const below = intermediate.issue({ subject });
/** In `intermediate_cas`. */
const configured = ca.issue({ subject: 'CN=Configured', isCa: true });
const belowConfigured = configured.issue({ subject });
const foreign = makeCa({ subject: 'CN=Spec CA' }).issue({ subject });
const stranger = selfSigned({ subject: 'CN=self-signed.example.com' });

const form = ['-d', 'grant_type=client_credentials', '-d'];
const asTls = [...form, 'client_id=tls-client'];
const tlsForm = [
  ['grant_type', 'client_credentials'],
  ['client_id', 'tls-client'],
] as const;
const asOwn = [...form, 'client_id=self-signed-client'];

let curl: Curl;
beforeAll(async () => {
  curl = await makeCurl();
});
afterAll(() => curl.close());

let spec: SpecServer;
let backend: Server;
let port: number;

/** The authorization server over plain HTTP, which believes 127.0.0.1. */
async function startBackend(preset: Preset): Promise<void> {
  const trusted_proxies = [{ cidr: '127.0.0.1/32', client_certificate: preset }];
  spec = specServer({ trusted_proxies, intermediate_cas: [configured.cert] });
  backend = createServer(spec.router).listen(0, '127.0.0.1');
  await new Promise((resolve) => backend.once('listening', resolve));
  port = (backend.address() as AddressInfo).port;
}

async function stopBackend(): Promise<void> {
  backend.closeAllConnections();
  await new Promise((resolve) => backend.close(resolve));
  await spec.router.close();
}

async function ask(origin: string, parameters: readonly string[], as?: Certificate) {
  spec.events.length = 0;
  const [reply] = await curl.run(
    '--http1.1',
    ...parameters,
    ...(as ? await curl.certificate(as) : []),
    `${origin}/oauth2/token`,
  );
  const { status, body } = reply as CurlReply;
  if (status === 200) noteSecret(String(body.access_token));
  return { status, reason: spec.last().reason, warnings: warnings() };
}

function warnings(): string[] {
  return spec.events.filter((event): event is WarningEvent => event.event === 'warning').map(({ name }) => name);
}

const accepted = { status: 200, reason: undefined, warnings: [] };
const refused = (reason: string) => ({ status: 401, reason, warnings: [] as string[] });

describe.each(kinds)('MTL-03 $program as the page sets it up', ({ program, preset, forge, ...kind }) => {
  let proxy: RunningProxy;
  beforeAll(async () => {
    await startBackend(preset);
    proxy = await startProxy(program, port);
  });
  afterAll(async () => {
    await proxy.stop();
    await stopBackend();
  });

  it.each(Object.entries(ofTypes))('MTL-03 tls_client_auth with an %s certificate', async (_, certificate) => {
    expect(await ask(proxy.origin, asTls, certificate)).toEqual(accepted);
  });

  it('MTL-03 self_signed_tls_client_auth', async () => {
    expect(await ask(proxy.origin, asOwn, ownCertificate)).toEqual(accepted);
    expect(await ask(proxy.origin, asOwn, stranger)).toEqual(refused('certificate_not_registered'));
  });

  it('MTL-05 a certificate of a CA of the same name is refused', async () => {
    expect(await ask(proxy.origin, asTls, foreign)).toEqual(refused(kind.untrusted));
  });

  it('MTL-03 without a certificate there is none, and other methods work', async () => {
    expect(await ask(proxy.origin, asTls)).toEqual(refused('certificate_missing'));
    const { client_id, client_secret } = { client_id: 'post-client', client_secret: secretOf('post-client') };
    expect(
      await ask(proxy.origin, [...form, `client_id=${client_id}`, '-d', `client_secret=${client_secret}`]),
    ).toEqual(accepted);
  });

  it('MTL-05 intermediates come along where the proxy passes them on', async () => {
    const chain = { ...below, cert: below.cert + intermediate.cert };
    const outcome = await ask(proxy.origin, asTls, chain as Certificate);
    expect(outcome).toEqual(kind.passesChains ? accepted : refused('certificate_untrusted'));
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('MTL-06 %s: a resumed session has the same verdict', async (version) => {
    const chained = intermediate.issue({ subject });
    for (const shown of [clientCertificate, [chained, intermediate]] as const) {
      const agent = agentOf(shown, { minVersion: version, maxVersion: version });
      const seen: unknown[] = [];
      for (let visit = 0; visit < 2; visit += 1) {
        const reply = await tlsRequest(proxy.origin, {
          path: '/oauth2/token',
          form: Object.fromEntries(tlsForm),
          agent,
        });
        if (reply.status === 200) noteSecret(reply.body.access_token);
        seen.push([reply.resumed, spec.last().reason]);
      }
      const reason = shown === clientCertificate || kind.passesChains ? undefined : untrusted;
      expect(seen).toEqual([
        [false, reason],
        [true, reason],
      ]);
      agent.destroy();
    }
  });

  it('MTL-05 intermediate_cas stands in where it does not', async () => {
    const chain = { ...belowConfigured, cert: belowConfigured.cert + configured.cert };
    expect(await ask(proxy.origin, asTls, chain as Certificate)).toEqual(accepted);
    const alone = await ask(proxy.origin, asTls, belowConfigured);
    expect(alone).toEqual(kind.untrusted === refusing ? refused(refusing) : accepted);
  });

  it('MTL-03 a header of the client never comes through', async () => {
    const forged = ['-H', forge(clientCertificate)];
    const verified = ['-H', `X-SSL-Client-Verify: ${preset === 'haproxy' ? '0' : 'SUCCESS'}`];
    expect(await ask(proxy.origin, [...asTls, ...forged])).toEqual(refused('certificate_missing'));
    expect(await ask(proxy.origin, [...asTls, ...forged, ...verified])).toEqual(refused('certificate_missing'));
    expect(await ask(proxy.origin, [...asTls, ...forged, ...forged])).toEqual(refused('certificate_missing'));
    expect(await ask(proxy.origin, [...asTls, ...forged, ...verified], foreign)).toEqual(refused(kind.untrusted));
    expect(await ask(proxy.origin, [...asTls, '-H', forge(foreign)], clientCertificate)).toEqual(accepted);
  });

  it('MTL-03 who comes past the proxy is known by the connection alone', async () => {
    const direct = `http://127.0.0.1:${port}`;
    const past = ['--interface', '127.0.0.3', '-H', forge(clientCertificate)];
    expect(await ask(direct, [...asTls, ...past])).toEqual({
      ...refused('certificate_missing'),
      warnings: ['certificate_header_untrusted'],
    });
  });
});

function secretOf(clientId: string): string {
  const found = allClients.find(({ client_id }) => client_id === clientId);
  return String(found?.client_secret);
}

describe('MTL-04 proxies that were set up badly', () => {
  let proxy: RunningProxy;
  afterEach(async () => {
    await proxy.stop();
    await stopBackend();
  });

  it('MTL-04 HAProxy that adds its header beside that of the client is noticed', async () => {
    await startBackend('haproxy');
    proxy = await startProxy('haproxy', port, (block) => block.replaceAll('set-header', 'add-header'));
    expect(await ask(proxy.origin, asTls, clientCertificate)).toEqual(accepted);
    const forged = [...asTls, '-H', forgeDer(clientCertificate)];
    const noticed = { ...refused('certificate_missing'), warnings: ['certificate_header_repeated'] };
    expect(await ask(proxy.origin, forged)).toEqual(noticed);
    expect(await ask(proxy.origin, forged, foreign)).toEqual(noticed);
  });

  it('MTL-04 Apache that adds its value to that of the client is noticed', async () => {
    await startBackend('apache');
    proxy = await startProxy('apache', port, (block) =>
      block.replace('RequestHeader set X-SSL-Client-Cert ', 'RequestHeader append X-SSL-Client-Cert '),
    );
    const noticed = { ...refused('certificate_missing'), warnings: ['certificate_header_malformed'] };
    expect(await ask(proxy.origin, [...asTls, '-H', forgeLine(clientCertificate)])).toEqual(noticed);
  });

  it('MTL-05 nginx that sets no header at all believes its clients, which the test of the page finds', async () => {
    await startBackend('nginx');
    proxy = await startProxy('nginx', port, (block) => block.replaceAll(/ *proxy_set_header X-SSL.*\n/g, ''));
    const { status } = await ask(proxy.origin, [...asTls, '-H', forgePem(clientCertificate)]);
    expect(status).toBe(200);
  });

  it('MTL-05 nginx without a CA of clients refuses tls_client_auth by its own verdict', async () => {
    await startBackend('nginx');
    proxy = await startProxy('nginx', port, (block) => block.replace(/ *ssl_trusted_certificate.*\n/, ''));
    expect(await ask(proxy.origin, asTls, clientCertificate)).toEqual(refused('certificate_refused_by_proxy'));
    expect(await ask(proxy.origin, asOwn, ownCertificate)).toEqual(accepted);
  });

  it('MTL-05 nginx without a CA of clients and without a verdict leaves it to us', async () => {
    await startBackend('nginx');
    proxy = await startProxy('nginx', port, (block) =>
      block.replace(/ *ssl_trusted_certificate.*\n/, '').replace('$ssl_client_verify', '""'),
    );
    expect(await ask(proxy.origin, asTls, clientCertificate)).toEqual(accepted);
    expect(await ask(proxy.origin, asTls, foreign)).toEqual(refused('certificate_untrusted'));
  });
});
