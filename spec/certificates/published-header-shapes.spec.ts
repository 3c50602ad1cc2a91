import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { type TrustedProxy, trustedProxies } from '../../lib/certificates/certificate-source.js';
import { type Certificate, makeCa } from '../support/pki.js';

const ca = makeCa();
const intermediate = ca.issue({ subject: 'CN=Sub', isCa: true });
// Until its base64 has all that differs between the encoders: plus, slash and padding.
const leaf = untilAwkward(() =>
  intermediate.issue({ subject: 'CN=client,O=Lyft', san: ['URI:http://testclient.lyft.com'] }),
);
const other = ca.issue({ subject: 'CN=somebody else' });

function untilAwkward(issue: () => Certificate): Certificate {
  for (;;) {
    const certificate = issue();
    if (/\+.*\/.*=$/.test(base64(certificate)) && !base64(certificate).endsWith('==')) return certificate;
  }
}

function base64({ der }: Certificate): string {
  return der.toString('base64');
}

const hash = ({ der }: Certificate) => createHash('sha256').update(der).digest('hex');
/** Everything escaped that may be, as Envoy has it. */
const escaped = (...certificates: Certificate[]) => encodeURIComponent(certificates.map(({ cert }) => cert).join(''));
/** `+=/` and what a URL never escapes as they are. */
const awsEscaped = (...certificates: Certificate[]) =>
  escaped(...certificates).replaceAll(/%2B|%2F|%3D/g, (octet) => decodeURIComponent(octet));

/** A request of a trusted proxy with these header lines. */
function read(proxy: Partial<TrustedProxy>, headers: Readonly<Record<string, string>>) {
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const request = {
    socket: { remoteAddress: '127.0.0.1' } as Socket,
    headers: Object.fromEntries(lower),
    rawHeaders: lower.flat(),
  };
  const proxies = trustedProxies([{ cidr: '127.0.0.1/32', client_certificate: 'nginx', ...proxy }]);
  const { certificate, problem } = proxies.certificateOf(request as unknown as IncomingMessage);
  return problem ?? (certificate && { leaf: certificate.der, chain: certificate.chain });
}

const found = (certificate: Certificate, ...chain: Certificate[]) => ({
  leaf: certificate.der,
  chain: chain.map(({ der }) => der),
});

// https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert
describe("MTL-04 Envoy's x-forwarded-client-cert, text form", () => {
  const xfcc = (value: string) => read({ client_certificate: 'envoy-xfcc' }, { 'x-forwarded-client-cert': value });
  const subject = 'Subject="/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client"';
  const element = (certificate: Certificate) =>
    `By=http://frontend.lyft.com;Hash=${hash(certificate)};Cert="${escaped(certificate)}";${subject};URI=http://testclient.lyft.com;DNS=lyft.com;DNS=www.lyft.com`;

  it.each<[string, string]>([
    ['every key there is', element(leaf)],
    ['the certificate alone', `Cert="${escaped(leaf)}"`],
    ['keys in other letters', `HASH=${hash(leaf).toUpperCase()};CERT="${escaped(leaf)}"`],
    ['values without quotes', `Hash=${hash(leaf)} ;Cert=${escaped(leaf)} `],
    ['a quote, a comma and a semicolon in a value', `Subject="CN=\\"a,b;Cert=x\\"";Cert="${escaped(leaf)}"`],
    ['blanks around the separators', `Hash=${hash(leaf)}; Cert="${escaped(leaf)}" ; URI=http://a`],
    ['a URI with an equals sign', `URI=http://a.example/?b=c;Cert="${escaped(leaf)}"`],
  ])('MTL-04 is read with %s', (_, value) => {
    expect(xfcc(value)).toEqual(found(leaf));
  });

  // The first may be the client's own words, and the last tells of the proxy before the last one.
  it('MTL-04 several elements are no certificate', () => {
    expect(xfcc(`${element(other)},${element(leaf)}`)).toBe('malformed_header');
    expect(xfcc(`${element(leaf)},${element(leaf)}`)).toBe('malformed_header');
    expect(xfcc(`By=http://a;URI=http://b,${element(leaf)}`)).toBe('malformed_header');
    expect(xfcc(`${element(leaf)},By=http://a;URI=http://b`)).toBe('malformed_header');
    expect(xfcc(element(leaf))).toEqual(found(leaf));
  });

  it('MTL-04 quotes that close and open again cannot hide a certificate in another value', () => {
    const hidden = `;Cert="${escaped(other)}"`;
    expect(xfcc(`Subject="CN=a\\"${hidden};Cert="${escaped(leaf)}"`)).toBe('malformed_header');
    expect(xfcc(`Subject="CN=a\\"${hidden.replaceAll('"', '\\"')}";Cert="${escaped(leaf)}"`)).toEqual(found(leaf));
    expect(xfcc(`URI=spiffe://a${hidden};Cert="${escaped(leaf)}"`)).toBe('malformed_header');
  });

  it('MTL-04 Chain brings the intermediates, with Cert or without', () => {
    const chain = `Chain="${escaped(leaf, intermediate)}"`;
    expect(xfcc(`Hash=${hash(leaf)};${chain}`)).toEqual(found(leaf, intermediate));
    expect(xfcc(`Hash=${hash(leaf)};Cert="${escaped(leaf)}";${chain}`)).toEqual(found(leaf, intermediate));
    expect(xfcc(`Cert="${escaped(other)}";${chain}`)).toBe('malformed_header');
  });

  it.each<[string, string]>([
    ['the hash alone', `By=http://frontend.lyft.com;Hash=${hash(leaf)};${subject}`],
    ['the hash of another certificate', `Hash=${hash(other)};Cert="${escaped(leaf)}"`],
    ['two certificates in Cert', `Cert="${escaped(leaf, intermediate)}"`],
    ['Cert twice', `Cert="${escaped(leaf)}";Cert="${escaped(leaf)}"`],
    ['Cert twice in other letters', `Cert="${escaped(leaf)}";cert="${escaped(other)}"`],
    ['an open quote', `Cert="${escaped(leaf)}`],
    ['something after a quote', `Cert="${escaped(leaf)}"x`],
    ['a quote inside', `Cert=a"${escaped(leaf)}"`],
    ['no key', escaped(leaf)],
    ['an empty element', `Cert="${escaped(leaf)}",`],
    ['a broken escape', `Cert="${escaped(leaf)}%zz"`],
    ['junk around the PEM', `Cert="junk${escaped(leaf)}"`],
  ])('MTL-04 with %s it is no certificate', (_, value) => {
    expect(xfcc(value)).toBe('malformed_header');
  });

  it('MTL-04 an open quote of the client cannot swallow what the proxy adds', () => {
    const forged = `Cert="${escaped(other)}";Subject="`;
    expect(xfcc(`${forged},${element(leaf)}`)).toBe('malformed_header');
    expect(xfcc(`Subject=${'"'.repeat(3)},${element(leaf)}`)).toBe('malformed_header');
  });

  it('MTL-04 a long value is read in time that grows with its length alone', () => {
    const started = performance.now();
    expect(xfcc(`${'By="\\\\'.repeat(200_000)}`)).toBe('malformed_header');
    expect(xfcc(`${'a=;'.repeat(300_000)}"`)).toBe('malformed_header');
    expect(xfcc(`a=${' '.repeat(300_000)}"`)).toBe('malformed_header');
    expect(xfcc(`${' '.repeat(300_000)}"`)).toBe('malformed_header');
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

// Envoy 1.38, ForwardClientCertFormat JSON: https://github.com/envoyproxy/envoy/pull/43855
describe("MTL-04 Envoy's x-forwarded-client-cert, JSON form", () => {
  const xfcc = (value: unknown) =>
    read({ client_certificate: 'envoy-xfcc' }, { 'x-forwarded-client-cert': JSON.stringify(value) });
  const element = (certificate: Certificate) => ({
    by: ['http://frontend.lyft.com'],
    hash: hash(certificate),
    cert: certificate.cert,
    subject: '/C=US/ST=CA/L=San Francisco/OU=Lyft/CN=Test Client',
    uri: ['http://testclient.lyft.com'],
    dns: ['lyft.com', 'www.lyft.com'],
  });

  it('MTL-04 the one element of the array counts', () => {
    expect(xfcc([element(leaf)])).toEqual(found(leaf));
    expect(xfcc([{ ...element(leaf), cert: escaped(leaf) }])).toEqual(found(leaf));
    expect(xfcc([{ hash: hash(leaf), chain: leaf.cert + intermediate.cert }])).toEqual(found(leaf, intermediate));
  });

  it.each<[string, unknown]>([
    ['no element', []],
    ['an element that is none', ['x']],
    ['two elements', [element(other), element(leaf)]],
    ['one element twice', [element(leaf), element(leaf)]],
    ['a list for an element', [[element(leaf)]]],
    ['null', [null]],
    ['the hash of another certificate', [{ ...element(leaf), hash: hash(other) }]],
    ['a certificate that is no text', [{ ...element(leaf), cert: [leaf.cert] }]],
    ['two spellings of one key', [{ ...element(leaf), Cert: other.cert }]],
    ['two certificates', [{ ...element(leaf), cert: leaf.cert + other.cert }]],
  ])('MTL-04 with %s it is no certificate', (_, value) => {
    expect(xfcc(value)).toBe('malformed_header');
  });

  it('MTL-04 a member twice is no certificate', () => {
    const text = `[{"cert":${JSON.stringify(other.cert)},"cert":${JSON.stringify(leaf.cert)}}]`;
    expect(read({ client_certificate: 'envoy-xfcc' }, { 'x-forwarded-client-cert': text })).toBe('malformed_header');
  });
});

// https://doc.traefik.io/traefik/middlewares/http/passtlsclientcert/; escaped until
// https://github.com/traefik/traefik/pull/9412 (2.9.4).
describe("MTL-04 Traefik's passTLSClientCert", () => {
  const pass = (value: string) => read({ client_certificate: 'traefik' }, { 'X-Forwarded-Tls-Client-Cert': value });
  const queryEscaped = (certificate: Certificate) => encodeURIComponent(base64(certificate));

  it('MTL-04 is read with and without the rest of the chain, since 2.9.4 and before', () => {
    expect(pass(base64(leaf))).toEqual(found(leaf));
    expect(pass(`${base64(leaf)},${base64(intermediate)}`)).toEqual(found(leaf, intermediate));
    expect(pass(queryEscaped(leaf))).toEqual(found(leaf));
    expect(pass(`${queryEscaped(leaf)},${queryEscaped(intermediate)}`)).toEqual(found(leaf, intermediate));
  });

  it.each<[string, string]>([
    ['PEM', leaf.cert.replaceAll('\n', '')],
    ['a blank for a plus', base64(leaf).replaceAll('+', ' ')],
    ['an empty place in the list', `${base64(leaf)},`],
    ['an empty first place', `,${base64(leaf)}`],
    ['bytes after the certificate', Buffer.concat([leaf.der, intermediate.der]).toString('base64')],
    ['twelve certificates', new Array(12).fill(base64(leaf)).join()],
  ])('MTL-04 %s is no certificate', (_, value) => {
    expect(pass(value)).toBe('malformed_header');
  });
});

// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/header-modification.html and
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/mutual-authentication.html
describe('MTL-04 AWS Application Load Balancer', () => {
  const headerName = 'X-Amzn-Mtls-Clientcert';

  it('MTL-04 passthrough: the whole chain, with +=/ as they are or escaped', () => {
    const alb = (value: string) => read({ client_certificate: 'alb' }, { [headerName]: value });
    expect(awsEscaped(leaf)).toMatch(/^-----BEGIN%20CERTIFICATE-----%0A.*\+.*%0A-----END%20CERTIFICATE-----%0A$/);
    expect(alb(awsEscaped(leaf))).toEqual(found(leaf));
    expect(alb(awsEscaped(leaf, intermediate))).toEqual(found(leaf, intermediate));
    expect(alb(escaped(leaf, intermediate))).toEqual(found(leaf, intermediate));
    // What is left when it is taken for a form value.
    expect(alb(awsEscaped(leaf).replaceAll('+', '%20'))).toBe('malformed_header');
    expect(alb(`${awsEscaped(leaf)}junk`)).toBe('malformed_header');
  });

  it('MTL-04 verify: the leaf alone, in the header that is named, and in no other', () => {
    const alb = (headers: Readonly<Record<string, string>>) =>
      read({ client_certificate: 'alb', header: `${headerName}-Leaf` }, headers);
    const others = {
      [`${headerName}-Serial-Number`]: '03A5B1',
      [`${headerName}-Subject`]: 'CN=client_.com,OU=client-3,O=mTLS,ST=Washington,C=US',
      [`${headerName}-Validity`]: 'NotBefore=2023-09-21T01:50:17Z;NotAfter=2024-09-20T01:50:17Z',
    };
    expect(alb({ ...others, [`${headerName}-Leaf`]: awsEscaped(leaf) })).toEqual(found(leaf));
    expect(alb({ ...others, [headerName]: awsEscaped(other) })).toBeUndefined();
    // AWS writes one of the two, so the other one is the client's.
    const both = { [`${headerName}-Leaf`]: awsEscaped(leaf), [headerName]: awsEscaped(other) };
    expect(alb({ ...others, ...both })).toBe('contradicted_header');
    expect(read({ client_certificate: 'alb' }, { ...others, ...both })).toBe('contradicted_header');
    expect(read({ client_certificate: 'alb' }, { [`${headerName}-Leaf`]: awsEscaped(leaf) })).toBeUndefined();
  });
});

// https://httpd.apache.org/docs/2.4/mod/mod_ssl.html#envvars
describe('MTL-04 Apache with the chain', () => {
  const line = (...certificates: Certificate[]) => certificates.map(({ cert }) => cert.replaceAll('\n', ' ')).join('');
  const apache = (chain: string) =>
    read({ client_certificate: 'apache' }, { 'X-SSL-Client-Cert': line(leaf), 'X-SSL-Client-Cert-Chain': chain });

  it('MTL-04 SSL_CLIENT_CERT_CHAIN_n, as many as there are', () => {
    expect(apache(`${line(intermediate)}${line(ca)}(null)`)).toEqual(found(leaf, intermediate, ca));
    expect(apache(`${line(intermediate)} (null) (null)`)).toEqual(found(leaf, intermediate));
    expect(apache('(null)(null)')).toEqual(found(leaf));
    expect(apache('')).toEqual(found(leaf));
    expect(apache(`${line(intermediate)}junk`)).toBe('malformed_header');
  });
});

// https://docs.haproxy.org/2.6/configuration.html#7.3.4-ssl_c_chain_der
describe('MTL-04 HAProxy with the chain', () => {
  const haproxy = (chain: string) =>
    read({ client_certificate: 'haproxy' }, { 'X-SSL-Client-DER': base64(leaf), 'X-SSL-Client-Chain-DER': chain });

  it('MTL-04 ssl_c_chain_der, one DER after the other', () => {
    const both = Buffer.concat([intermediate.der, ca.der]);
    expect(haproxy(both.toString('base64'))).toEqual(found(leaf, intermediate, ca));
    expect(haproxy('')).toEqual(found(leaf));
    expect(haproxy(both.subarray(0, -1).toString('base64'))).toBe('malformed_header');
    expect(haproxy(`${base64(intermediate)},${base64(ca)}`)).toBe('malformed_header');
  });
});

describe('MTL-04 sizes', () => {
  const large = Buffer.alloc(70_000, 0x30);

  it.each<[TrustedProxy['client_certificate'], Record<string, string>]>([
    ['nginx', { 'X-SSL-Client-Cert': encodeURIComponent(pem(large)) }],
    ['apache', { 'X-SSL-Client-Cert': pem(large).replaceAll('\n', ' ') }],
    ['haproxy', { 'X-SSL-Client-DER': large.toString('base64') }],
    ['rfc9440', { 'Client-Cert': `:${large.toString('base64')}:` }],
    ['envoy-xfcc', { 'X-Forwarded-Client-Cert': `Cert="${encodeURIComponent(pem(large))}"` }],
    ['traefik', { 'X-Forwarded-Tls-Client-Cert': large.toString('base64') }],
    ['alb', { 'X-Amzn-Mtls-Clientcert': encodeURIComponent(pem(large)) }],
  ])('MTL-04 %s: a certificate above 64 KiB is none', (client_certificate, headers) => {
    expect(read({ client_certificate }, headers)).toBe('malformed_header');
  });
});

function pem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
}
