import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { type GrantRouter, protectResource, type WarningEvent } from '../../index.js';
import { basicHeader, ca, clientCertificate, ownCertificate, secrets } from '../support/methods.js';
import { type Certificate, makeCa } from '../support/pki.js';
import { type SpecServer, specServer, tlsServer } from '../support/spec-server.js';
import { refused, tlsRequest } from '../support/tls-world.js';

type Preset = 'nginx' | 'apache' | 'haproxy' | 'rfc9440' | 'envoy-xfcc' | 'traefik' | 'alb';

const base64 = ({ der }: Certificate) => der.toString('base64');
const structured = (certificate: Certificate) => `:${base64(certificate)}:`;

/** What each kind of proxy sends. */
const headersOf: Record<Preset, (certificate: Certificate) => Record<string, string>> = {
  nginx: ({ cert }) => ({ 'X-SSL-Client-Cert': encodeURIComponent(cert), 'X-SSL-Client-Verify': 'SUCCESS' }),
  apache: ({ cert }) => ({ 'X-SSL-Client-Cert': cert.replaceAll('\n', ' '), 'X-SSL-Client-Verify': 'SUCCESS' }),
  haproxy: (certificate) => ({ 'X-SSL-Client-DER': base64(certificate), 'X-SSL-Client-Verify': '0' }),
  rfc9440: (certificate) => ({ 'Client-Cert': structured(certificate) }),
  'envoy-xfcc': ({ cert }) => ({ 'X-Forwarded-Client-Cert': `By=urn:proxy;Cert="${encodeURIComponent(cert)}"` }),
  traefik: (certificate) => ({ 'X-Forwarded-Tls-Client-Cert': base64(certificate) }),
  alb: ({ cert }) => ({ 'X-Amzn-Mtls-Clientcert': encodeURIComponent(cert).replaceAll('%2B', '+') }),
};
const presets = Object.keys(headersOf) as Preset[];

const subject = 'CN=tls.example.com,O=Example';
const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true });
const leaf = intermediate.issue({ subject });
const foreign = makeCa({ subject: 'CN=Spec CA' }).issue({ subject });

const grant = { grant_type: 'client_credentials' };
const asTls = { ...grant, client_id: 'tls-client' };
const asOwn = { ...grant, client_id: 'self-signed-client' };

let spec: SpecServer;
let server: Server | undefined;
let tls: Awaited<ReturnType<typeof tlsServer>> | undefined;
let origin: string;

afterEach(async () => {
  for (const each of [server, tls]) {
    each?.closeAllConnections();
    await new Promise((resolve) => (each ? each.close(resolve) : resolve(undefined)));
  }
  await spec.router.close();
  server = undefined;
  tls = undefined;
});

function handlerOf(router: GrantRouter): Parameters<typeof tlsServer>[0] {
  const guard = protectResource({ authorizationServer: router });
  return (message, response) => {
    if (message.url === '/api') void guard(message, response, () => response.end('hello'));
    else router(message, response);
  };
}

/** The router over plain http, behind a proxy at this network. */
async function behind(proxy: { client_certificate: Preset; cidr?: string; header?: string; verify_header?: string }) {
  spec = specServer({ trusted_proxies: [{ cidr: '127.0.0.1/32', ...proxy }] });
  server = createServer(handlerOf(spec.router));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function ask(form: Record<string, string>, headers: Record<string, string | string[]>) {
  const pending = request(origin).post('/oauth2/token').type('form').send(form);
  // Through setHeader, since only that sends a header twice.
  for (const [name, value] of Object.entries(headers)) pending.set(name, value as string);
  return pending;
}

async function outcome(form: Record<string, string>, headers: Record<string, string | string[]>) {
  const { status, body } = await ask(form, headers);
  return { status, error: body.error, reason: spec.last().reason };
}

const accepted = { status: 200, error: undefined, reason: undefined };
const warnings = () => spec.events.filter((event): event is WarningEvent => event.event === 'warning');

describe('MTL-03 the header of a trusted proxy', () => {
  it.each(presets)('MTL-03 %s hands the certificate on, for both methods', async (client_certificate) => {
    await behind({ client_certificate });
    const headers = headersOf[client_certificate];
    expect(await outcome(asTls, headers(clientCertificate))).toEqual(accepted);
    expect(await outcome(asOwn, headers(ownCertificate))).toEqual(accepted);
    expect(await outcome(asTls, headers(foreign))).toEqual(refused('certificate_untrusted'));
    expect(await outcome(asOwn, headers(foreign))).toEqual(refused('certificate_not_registered'));
    expect(await outcome(asTls, {})).toEqual(refused('certificate_missing'));
    expect(warnings()).toEqual([]);
  });

  it.each(presets)('MTL-03 %s: from anybody else it is ignored, and told', async (client_certificate) => {
    await behind({ client_certificate, cidr: '10.0.0.0/8' });
    const headers = { ...headersOf[client_certificate](clientCertificate), 'X-Forwarded-For': '10.0.0.1' };
    expect(await outcome(asTls, headers)).toEqual(refused('certificate_missing'));
    const header = Object.keys(headers)[0]?.toLowerCase();
    expect(warnings()).toMatchObject([{ name: 'certificate_header_untrusted', detail: { header } }]);
  });

  it('MTL-03 the header of a stranger does not disturb other methods', async () => {
    await behind({ client_certificate: 'nginx', cidr: '10.0.0.0/8' });
    const authorization = basicHeader('basic-client', secrets.basic);
    expect(await outcome(grant, { ...headersOf.nginx(clientCertificate), authorization })).toEqual(accepted);
    expect(warnings()).toMatchObject([{ name: 'certificate_header_untrusted' }]);
  });

  it('MTL-03 only the header of the preset counts', async () => {
    await behind({ client_certificate: 'rfc9440' });
    expect(await outcome(asTls, headersOf.nginx(clientCertificate))).toEqual(refused('certificate_missing'));
    expect(await outcome(asTls, headersOf.haproxy(clientCertificate))).toEqual(refused('certificate_missing'));
  });

  it('MTL-03 with a header name of its own, the usual one is nothing', async () => {
    await behind({ client_certificate: 'nginx', header: 'X-Our-Cert', verify_header: 'X-Our-Verdict' });
    const escaped = encodeURIComponent(clientCertificate.cert);
    expect(await outcome(asTls, { 'X-Our-Cert': escaped, 'X-Our-Verdict': 'SUCCESS' })).toEqual(accepted);
    expect(await outcome(asTls, headersOf.nginx(clientCertificate))).toEqual(refused('certificate_missing'));
    const failed = { 'X-Our-Cert': escaped, 'X-Our-Verdict': 'FAILED:revoked' };
    expect(await outcome(asTls, failed)).toEqual(refused('certificate_refused_by_proxy'));
  });

  it.each(presets)('MTL-04 %s: the header twice is no certificate, and told', async (client_certificate) => {
    await behind({ client_certificate });
    const [name = '', value = ''] = Object.entries(headersOf[client_certificate](clientCertificate))[0] ?? [];
    expect(await outcome(asTls, { [name]: [value, value] })).toEqual(refused('certificate_missing'));
    expect(warnings()).toMatchObject([{ name: 'certificate_header_repeated', detail: { header: name.toLowerCase() } }]);
  });

  it.each(presets)('MTL-04 %s: what cannot be read is no certificate, and told', async (client_certificate) => {
    await behind({ client_certificate });
    const [name = '', value = ''] = Object.entries(headersOf[client_certificate](clientCertificate))[0] ?? [];
    for (const bad of ['junk', `junk ${value}`, `${value}!${value}`, value.slice(0, -40)]) {
      expect(await outcome(asTls, { [name]: bad })).toEqual(refused('certificate_missing'));
    }
    expect(warnings().map((warning) => warning.name)).toEqual(new Array(4).fill('certificate_header_malformed'));
  });

  it.each(['', 'NONE', '(null)', '$ssl_client_escaped_cert', '%[ssl_c_der,base64]', '%{SSL_CLIENT_CERT}s'])(
    'MTL-03 the placeholder %j is no certificate',
    async (placeholder) => {
      await behind({ client_certificate: 'nginx' });
      const headers = { 'X-SSL-Client-Cert': placeholder, 'X-SSL-Client-Verify': 'SUCCESS' };
      expect(await outcome(asTls, headers)).toEqual(refused('certificate_missing'));
      expect(warnings()).toEqual([]);
    },
  );

  it('MTL-04 Client-Cert-Chain gives the intermediates', async () => {
    await behind({ client_certificate: 'rfc9440' });
    const alone = { 'Client-Cert': structured(leaf) };
    expect(await outcome(asTls, alone)).toEqual(refused('certificate_untrusted'));
    expect(await outcome(asTls, { ...alone, 'Client-Cert-Chain': structured(intermediate) })).toEqual(accepted);
    expect(await outcome(asTls, { ...alone, 'Client-Cert-Chain': `${structured(intermediate)},x` })).toEqual(
      refused('certificate_missing'),
    );
  });
});

describe('MTL-03 connections that a proxy keeps alive', () => {
  it('MTL-03 each request is judged by its own header', async () => {
    await behind({ client_certificate: 'nginx' });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<unknown>();
    server?.on('request', ({ socket }) => sockets.add(socket));
    const seen = [];
    for (const headers of [headersOf.nginx(clientCertificate), {}, headersOf.nginx(ownCertificate)]) {
      await ask(asTls, headers).agent(agent);
      seen.push(spec.last().reason ?? 'success');
    }
    agent.destroy();
    expect(seen).toEqual(['success', 'certificate_missing', 'certificate_untrusted']);
    expect(sockets.size).toBe(1);
  });
});

describe("MTL-05 the proxy's verdict", () => {
  it.each<[Preset, string]>([
    ['nginx', 'SUCCESS'],
    ['apache', 'GENEROUS'],
    ['haproxy', '0'],
  ])('MTL-05 %s: %s is never sufficient', async (client_certificate, verdict) => {
    await behind({ client_certificate });
    const headers = { ...headersOf[client_certificate](foreign), 'X-SSL-Client-Verify': verdict };
    expect(await outcome(asTls, headers)).toEqual(refused('certificate_untrusted'));
    const good = { ...headersOf[client_certificate](clientCertificate), 'X-SSL-Client-Verify': verdict };
    expect(await outcome(asTls, good)).toEqual(accepted);
  });

  it.each<[Preset, string]>([
    ['nginx', 'FAILED:certificate revoked'],
    ['apache', 'FAILED:unable to get local issuer certificate'],
    ['haproxy', '23'],
  ])('MTL-05 %s: %s refuses tls_client_auth, and not self-signed', async (client_certificate, verdict) => {
    await behind({ client_certificate });
    const headers = (certificate: Certificate) => ({
      ...headersOf[client_certificate](certificate),
      'X-SSL-Client-Verify': verdict,
    });
    expect(await outcome(asTls, headers(clientCertificate))).toEqual(refused('certificate_refused_by_proxy'));
    expect(await outcome(asOwn, headers(ownCertificate))).toEqual(accepted);
  });

  it('MTL-05 without any verdict we validate the chain all the same', async () => {
    await behind({ client_certificate: 'nginx' });
    const header = (certificate: Certificate) => ({ 'X-SSL-Client-Cert': encodeURIComponent(certificate.cert) });
    expect(await outcome(asTls, header(clientCertificate))).toEqual(accepted);
    expect(await outcome(asTls, header(foreign))).toEqual(refused('certificate_untrusted'));
  });
});

describe('MTL-03 a trusted proxy that speaks TLS', () => {
  it("MTL-03 the proxy's own certificate is never the client's, and the header wins", async () => {
    spec = specServer({ trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }] });
    tls = await tlsServer(handlerOf(spec.router));
    const { origin } = tls;
    const send = async (form: Record<string, string>, as: Certificate, headers = {}) => {
      const { status, body } = await tlsRequest(origin, { path: '/oauth2/token', form, as, headers });
      return { status, error: body.error, reason: spec.last().reason };
    };
    expect(await send(asTls, clientCertificate)).toEqual(refused('certificate_missing'));
    expect(await send(asTls, clientCertificate, headersOf.nginx(foreign))).toEqual(refused('certificate_untrusted'));
    expect(await send(asTls, foreign, headersOf.nginx(clientCertificate))).toEqual(accepted);
    expect(await send(asTls, clientCertificate, { 'X-SSL-Client-Cert': 'junk' })).toEqual(
      refused('certificate_missing'),
    );
  });

  it('MTL-03 a stranger over TLS is known by the handshake, whatever the header says', async () => {
    spec = specServer({ trusted_proxies: [{ cidr: '10.0.0.0/8', client_certificate: 'nginx' }] });
    tls = await tlsServer(handlerOf(spec.router));
    const { origin } = tls;
    const send = async (form: Record<string, string>, as: Certificate | undefined, headers = {}) => {
      const { status, body } = await tlsRequest(origin, { path: '/oauth2/token', form, as, headers });
      return { status, error: body.error, reason: spec.last().reason };
    };
    expect(await send(asTls, clientCertificate, headersOf.nginx(foreign))).toEqual(accepted);
    expect(await send(asTls, foreign, headersOf.nginx(clientCertificate))).toEqual(refused('certificate_untrusted'));
    expect(await send(asTls, undefined, headersOf.nginx(clientCertificate))).toEqual(refused('certificate_missing'));
    expect(warnings().map(({ name }) => name)).toEqual(new Array(3).fill('certificate_header_untrusted'));
  });
});

describe('MTL-03 the API behind the proxy', () => {
  it('BND-04 a bound token is good with the certificate in the header of the proxy alone', async () => {
    await behind({ client_certificate: 'nginx' });
    const { body } = await ask(asTls, headersOf.nginx(clientCertificate));
    const call = async (headers: Record<string, string>) => {
      const all = { authorization: `Bearer ${body.access_token}`, ...headers };
      const { status } = await request(origin).get('/api').set(all);
      return [status, spec.last().reason];
    };
    expect(await call(headersOf.nginx(clientCertificate))).toEqual([200, undefined]);
    expect(await call(headersOf.nginx(ownCertificate))).toEqual([401, 'token_binding_mismatch']);
    expect(await call({})).toEqual([401, 'token_binding_mismatch']);
  });

  it('MTL-03 at the API too, the header of a stranger is ignored and told', async () => {
    spec = specServer({ trusted_proxies: [{ cidr: '10.0.0.0/8', client_certificate: 'nginx' }] });
    tls = await tlsServer(handlerOf(spec.router));
    const { origin } = tls;
    const grantReply = await tlsRequest(origin, { path: '/oauth2/token', form: asTls, as: clientCertificate });
    const headers = {
      authorization: `Bearer ${grantReply.body.access_token}`,
      ...headersOf.nginx(clientCertificate),
    };
    const reply = await tlsRequest(origin, { path: '/api', headers });
    expect([reply.status, spec.last().reason]).toEqual([401, 'token_binding_mismatch']);
    expect(warnings()).toMatchObject([{ name: 'certificate_header_untrusted' }]);
  });
});
