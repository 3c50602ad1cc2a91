import { once } from 'node:events';
import { createServer as createPlainServer, IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer, type Server as TlsServer } from 'node:https';
import { type AddressInfo, connect as connectPlain, isIPv6, Socket } from 'node:net';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type PresentedCertificate,
  type TrustedProxies,
  type TrustedProxy,
  trustedProxies,
} from '../../lib/certificates/certificate-source.js';
import { makeCa } from '../support/pki.js';

const ca = makeCa();
const proxyCertificate = ca.issue({ subject: 'CN=proxy', san: ['IP:127.0.0.1'] });
const client = ca.issue({ subject: 'CN=client' });
const intermediate = ca.issue({ subject: 'CN=Sub', isCa: true });

let proxies: TrustedProxies;
let trusted: boolean;
let seen: PresentedCertificate[] = [];
const listener: RequestListener = (request: IncomingMessage, reply) => {
  seen.push(proxies.certificateOf(request));
  trusted = proxies.trusts(request.socket);
  reply.end();
};
let plain: Server;
let tls: TlsServer;

beforeAll(async () => {
  plain = createPlainServer(listener).listen(0);
  tls = createServer(
    { cert: proxyCertificate.cert, key: proxyCertificate.key, requestCert: true, rejectUnauthorized: false },
    listener,
  ).listen(0, '127.0.0.1');
  await Promise.all([once(plain, 'listening'), once(tls, 'listening')]);
});

afterAll(() => {
  for (const server of [plain, tls]) {
    server.closeAllConnections();
    server.close();
  }
});

/** Sends header lines as they are from 127.0.0.1; over TLS with the proxy's own certificate. */
async function send(
  lines: readonly string[],
  options: { tls?: boolean; times?: number; host?: string } = {},
): Promise<PresentedCertificate> {
  const { times = 1, host = '127.0.0.1' } = options;
  const server = options.tls ? tls : plain;
  const { port } = server.address() as AddressInfo;
  const socket = options.tls
    ? connect({ host, port, ca: ca.cert, cert: proxyCertificate.cert, key: proxyCertificate.key })
    : connectPlain(port, host);
  await once(socket, options.tls ? 'secureConnect' : 'connect');
  seen = [];
  for (let round = 1; round <= times; round++) {
    const last = round === times ? ['Connection: close'] : [];
    socket.write(['GET / HTTP/1.1', 'Host: localhost', ...lines, ...last, '', ''].join('\r\n'));
  }
  socket.resume();
  await once(socket, 'close');
  expect(seen).toHaveLength(times);
  return seen.at(-1)!;
}

const use = (proxy: Partial<TrustedProxy>) => {
  proxies = trustedProxies([{ cidr: '127.0.0.1/32', client_certificate: 'nginx', ...proxy }]);
};

const base64 = client.der.toString('base64');
const structured = `:${base64}:`;
const escaped = encodeURIComponent(client.cert);
/** What nginx really sends: `+` and `/` of base64 as they are or escaped, both mean themselves. */
const escapedWithPlus = escaped.replaceAll('%2B', '+').replaceAll('%2F', '/');
const blanks = client.cert.replaceAll('\n', ' ');

describe('presets', () => {
  it.each<[TrustedProxy['client_certificate'], string, string]>([
    ['nginx', 'X-SSL-Client-Cert', escaped],
    ['nginx', 'x-ssl-client-cert', escapedWithPlus],
    ['apache', 'X-SSL-Client-Cert', blanks],
    ['haproxy', 'X-SSL-Client-DER', base64],
    ['rfc9440', 'Client-Cert', structured],
    ['rfc9440', 'Client-Cert', structured.replaceAll('=', '')],
  ])('MTL-04 %s hands the certificate over in %s', async (preset, header, value) => {
    use({ client_certificate: preset });
    const presented = await send([`${header}: ${value}`]);
    expect(presented.problem).toBeUndefined();
    expect(presented.certificate?.der).toEqual(client.der);
    expect(presented.certificate?.chain).toEqual([]);
  });

  it.each<[TrustedProxy['client_certificate'], string, string]>([
    ['nginx', 'x-ssl-client-cert', 'junk'],
    ['nginx', 'x-ssl-client-cert', '-----BEGIN%ZZ'],
    ['nginx', 'x-ssl-client-cert', escapedWithPlus.replaceAll(/%0A/g, '+')],
    ['nginx', 'x-ssl-client-cert', `junk%0A${escaped}`],
    ['nginx', 'x-ssl-client-cert', base64],
    ['apache', 'x-ssl-client-cert', `${blanks} junk`],
    ['apache', 'x-ssl-client-cert', escaped],
    ['haproxy', 'x-ssl-client-der', `${base64} `.replace('M', '*')],
    ['haproxy', 'x-ssl-client-der', ca.der.subarray(1).toString('base64')],
    ['haproxy', 'x-ssl-client-der', Buffer.concat([client.der, ca.der]).toString('base64')],
    ['rfc9440', 'client-cert', base64],
    ['rfc9440', 'client-cert', `${structured}, ${structured}`],
    ['rfc9440', 'client-cert', `${structured};a=1`],
    ['rfc9440', 'client-cert', `"${base64}"`],
    ['rfc9440', 'client-cert', '::'],
  ])('MTL-04 %s: a malformed %s is no certificate and a problem (%#)', async (preset, headerName, value) => {
    use({ client_certificate: preset });
    expect(await send([`${headerName}: ${value}`])).toEqual({ problem: 'malformed_header', headerName });
  });

  it.each(['', 'NONE', '(null)', '$ssl_client_escaped_cert', '{+Q}[ssl_c_der,base64]', '%{SSL_CLIENT_CERT}s'])(
    'MTL-05 the value %j says that there is no certificate',
    async (value) => {
      for (const preset of ['nginx', 'apache'] as const) {
        use({ client_certificate: preset });
        expect(await send([`X-SSL-Client-Cert: ${value}`, 'X-SSL-Client-Verify: SUCCESS'])).toEqual({});
      }
    },
  );

  it('MTL-04 Client-Cert-Chain is a list of byte sequences', async () => {
    use({ client_certificate: 'rfc9440' });
    const list = [intermediate, ca].map(({ der }) => `:${der.toString('base64')}:`);
    const presented = await send([`Client-Cert: ${structured}`, `Client-Cert-Chain: ${list.join(' ,  ')}`]);
    expect(presented.certificate?.chain).toEqual([intermediate.der, ca.der]);
    const broken = await send([`Client-Cert: ${structured}`, `Client-Cert-Chain: ${list[0]},`]);
    expect(broken).toEqual({ problem: 'malformed_header', headerName: 'client-cert' });
    expect(await send([`Client-Cert-Chain: ${list[0]}`])).toEqual({});
  });

  it.each(['nginx', 'apache'] as const)(
    'MTL-04 %s: two certificates in one header are no certificate',
    async (preset) => {
      use({ client_certificate: preset });
      const both = client.cert + intermediate.cert;
      const value = preset === 'nginx' ? encodeURIComponent(both) : both.replaceAll('\n', ' ');
      const headerName = 'x-ssl-client-cert';
      expect(await send([`${headerName}: ${value}`])).toEqual({ problem: 'malformed_header', headerName });
    },
  );

  it.each(['caddy', 'constructor'])('%s is no preset', (preset) => {
    expect(() => use({ client_certificate: preset as 'alb' })).toThrow(
      `trusted_proxies[0].client_certificate "${preset}" is not one of nginx, apache, haproxy, rfc9440, envoy-xfcc, traefik, alb`,
    );
  });
});

describe('who may send the header', () => {
  it('MTL-03 a header from a stranger is ignored and reported', async () => {
    use({ cidr: '10.0.0.0/8' });
    const headerName = 'x-ssl-client-cert';
    expect(await send([`${headerName}: ${escaped}`])).toEqual({ problem: 'untrusted_header', headerName });
    expect(trusted).toBe(false);
    // Also one that no proxy here is set up for.
    const foreign = { problem: 'untrusted_header', headerName: 'client-cert' };
    expect(await send([`Client-Cert: ${structured}`])).toEqual(foreign);
    use({ cidr: '127.0.0.0/8' });
    expect((await send([`${headerName}: ${escaped}`])).certificate?.der).toEqual(client.der);
    expect(trusted).toBe(true);
  });

  it('MTL-03 a header that the host has taken away is not reported', () => {
    use({ cidr: '10.0.0.0/8' });
    const socket = new Socket();
    const request = (value: string | undefined) =>
      Object.assign(new IncomingMessage(socket), { headers: { 'x-ssl-client-cert': value } });
    expect(proxies.certificateOf(request(undefined))).toEqual({});
    expect(proxies.certificateOf(request(escaped)).problem).toBe('untrusted_header');
  });

  it('MTL-03 X-Forwarded-For does not make a stranger a proxy', async () => {
    use({ cidr: '10.0.0.0/8' });
    const presented = await send(['X-Forwarded-For: 10.0.0.1', `X-SSL-Client-Cert: ${escaped}`]);
    expect(presented.problem).toBe('untrusted_header');
    expect(presented.certificate).toBeUndefined();
  });

  it('MTL-03 a stranger on TLS is known by the socket alone', async () => {
    use({ cidr: '10.0.0.0/8' });
    const presented = await send([`X-SSL-Client-Cert: ${escaped}`], { tls: true });
    expect(presented.certificate?.der).toEqual(proxyCertificate.der);
    expect(presented.problem).toBe('untrusted_header');
    expect((await send([], { tls: true })).problem).toBeUndefined();
  });

  it("MTL-03 a proxy's own certificate is never the client's", async () => {
    use({});
    expect(await send([], { tls: true })).toEqual({});
    expect((await send([`X-SSL-Client-Cert: ${escaped}`], { tls: true })).certificate?.der).toEqual(client.der);
  });

  it('MTL-03 chain headers of strangers are reported too', async () => {
    use({ cidr: '10.0.0.0/8', client_certificate: 'rfc9440' });
    expect(await send(['Client-Cert-Chain: :AA==:'])).toEqual({
      problem: 'untrusted_header',
      headerName: 'client-cert-chain',
    });
  });

  it('IPv6 networks work, and IPv4 is not taken for IPv6', async () => {
    proxies = trustedProxies([{ cidr: '::1/128', client_certificate: 'nginx' }]);
    expect((await send([`X-SSL-Client-Cert: ${escaped}`])).problem).toBe('untrusted_header');
    expect((await send([`X-SSL-Client-Cert: ${escaped}`], { host: '::1' })).certificate?.der).toEqual(client.der);
    expect(isIPv6('::1')).toBe(true);
  });

  it('the first of the overlapping networks counts', async () => {
    proxies = trustedProxies([
      { cidr: '127.0.0.1', client_certificate: 'haproxy' },
      { cidr: '127.0.0.0/8', client_certificate: 'nginx' },
    ]);
    expect((await send([`X-SSL-Client-DER: ${base64}`])).certificate?.der).toEqual(client.der);
    expect(await send([`X-SSL-Client-Cert: ${escaped}`])).toEqual({});
  });

  it.each([
    '',
    'localhost',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '::/129',
    '0.0.0.0/0',
    '::/0',
    '::ffff:10.0.0.1',
  ])('the network %j is refused at construction', (cidr) => {
    expect(() => use({ cidr })).toThrow(/^trusted_proxies\[0\]\.cidr/);
  });
});

describe('values', () => {
  it('MTL-04 a repeated header is no certificate and a problem', async () => {
    use({});
    const line = `X-SSL-Client-Cert: ${escaped}`;
    const headerName = 'x-ssl-client-cert';
    expect(await send([line, line])).toEqual({ problem: 'repeated_header', headerName });
    expect(await send([line, 'x-ssl-client-CERT: NONE'])).toEqual({ problem: 'repeated_header', headerName });
    const verdicts = ['X-SSL-Client-Verify: FAILED:x', 'X-SSL-Client-Verify: SUCCESS'];
    expect(await send([line, ...verdicts])).toEqual({ problem: 'repeated_header', headerName: 'x-ssl-client-verify' });
    expect((await send([line, 'Other: 1', 'Other: 2'])).problem).toBeUndefined();
  });

  it('MTL-05 the verdict of the proxy is recorded word for word, for each request anew', async () => {
    use({});
    const line = `X-SSL-Client-Cert: ${escaped}`;
    const verdictOf = async (...lines: string[]) => (await send([line, ...lines])).certificate?.proxyVerdict;
    expect(await verdictOf('X-SSL-Client-Verify: FAILED:certificate has expired')).toBe(
      'FAILED:certificate has expired',
    );
    expect(await verdictOf('X-SSL-Client-Verify: SUCCESS')).toBe('SUCCESS');
    expect(await verdictOf()).toBeUndefined();
    use({ client_certificate: 'haproxy', verify_header: 'X-Verdict' });
    const presented = await send([`X-SSL-Client-DER: ${base64}`, 'X-Verdict: 0', 'X-SSL-Client-Verify: 10']);
    expect(presented.certificate?.proxyVerdict).toBe('0');
  });

  it('MTL-05 a certificate that the proxy says it has not seen is not its own', async () => {
    use({});
    const contradicted = { problem: 'contradicted_header', headerName: 'x-ssl-client-cert' };
    for (const none of ['NONE', ' NONE ', '(null)']) {
      expect(await send([`X-SSL-Client-Cert: ${escaped}`, `X-SSL-Client-Verify: ${none}`])).toEqual(contradicted);
      expect(await send([`X-SSL-Client-Cert: `, `X-SSL-Client-Verify: ${none}`])).toEqual({});
    }
    // A configuration that leaves it to us sends no verdict, or an empty one.
    expect((await send([`X-SSL-Client-Cert: ${escaped}`, 'X-SSL-Client-Verify: '])).certificate).toBeDefined();
  });

  it('the header can have another name, and then the usual one means nothing', async () => {
    use({ header: 'X-My-Cert' });
    expect((await send([`X-My-Cert: ${escaped}`])).certificate?.der).toEqual(client.der);
    expect(await send([`X-SSL-Client-Cert: ${escaped}`])).toEqual({});
  });

  it('the same header gives the same value, another one does not', async () => {
    use({});
    await send([`X-SSL-Client-Cert: ${escaped}`], { times: 2 });
    expect(seen[0]?.certificate).toBeDefined();
    expect(seen[1]?.certificate).toBe(seen[0]?.certificate);
    const other = await send([`X-SSL-Client-Cert: ${encodeURIComponent(intermediate.cert)}`]);
    expect(other.certificate?.der).toEqual(intermediate.der);
  });

  it('without trusted proxies no header counts', async () => {
    proxies = trustedProxies([]);
    const told = { problem: 'untrusted_header', headerName: 'x-ssl-client-cert' };
    expect(await send([`X-SSL-Client-Cert: ${escaped}`, `Client-Cert: ${structured}`])).toEqual(told);
    for (const empty of ['', 'NONE', '(null)', '$ssl_client_escaped_cert']) {
      expect(await send([`X-SSL-Client-Cert: ${empty}`])).toEqual({});
    }
    expect((await send([], { tls: true })).certificate?.der).toEqual(proxyCertificate.der);
  });
});
