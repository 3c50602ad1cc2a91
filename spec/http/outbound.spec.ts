import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type DocumentRequest, documentFetcher, type FetchDocument, globalLookup } from '../../lib/http/outbound.js';
import { OptionsError } from '../../lib/options.js';
import { type DocumentServer, documentServer, json } from '../support/document-server.js';
import { Resolver } from '../support/resolver.js';
import { revocationServer } from '../support/revocation-server.js';

const wanted: DocumentRequest = { accept: ['application/json'], maxBytes: 1000, timeout: 2000 };

describe('documentFetcher', () => {
  let server: DocumentServer;
  let fetchDocument: FetchDocument;

  beforeAll(async () => {
    server = await documentServer();
    fetchDocument = documentFetcher({ allow_private_hosts: [server.host], ca: server.ca });
  });
  afterAll(() => server.close());

  async function problemOf(url: string, request = wanted, fetcher = fetchDocument): Promise<string> {
    const result = await fetcher(url, request);
    return result.ok ? 'none' : result.problem;
  }

  it('fetches JSON from a host that an exception names, asking for no encoding', async () => {
    server.answer = json({ a: 1 }, { 'cache-control': 'max-age=5' });
    const result = await fetchDocument(server.url(), wanted);
    expect(result).toMatchObject({ ok: true, headers: { 'cache-control': 'max-age=5' } });
    expect(result.ok && result.body.toString()).toBe('{"a":1}');
    expect(server.requests.at(-1)?.headers).toMatchObject({
      accept: 'application/json',
      'accept-encoding': 'identity',
    });
  });

  it('PKJ-07 needs the exception, of the very port, and the trusted CA', async () => {
    const { host, ca } = server;
    const count = server.requests.length;
    expect(await problemOf(server.url(), wanted, documentFetcher({ ca }))).toMatch(
      /^127\.0\.0\.1 is not a global address/,
    );
    const otherPort = documentFetcher({ ca, allow_private_hosts: ['127.0.0.1:1'] });
    expect(await problemOf(server.url(), wanted, otherPort)).toMatch(/not a global address/);
    const untrusting = documentFetcher({ allow_private_hosts: [host] });
    expect(await problemOf(server.url(), wanted, untrusting)).toMatch(/certificate|issuer/);
    expect(server.requests).toHaveLength(count);
  });

  it('PKJ-07 a name that resolves to loopback is refused on the address of the connection', async () => {
    const port = server.host.split(':')[1];
    const url = `https://localhost:${port}/jwks`;
    const count = server.requests.length;
    expect(await problemOf(url, wanted, documentFetcher({ ca: server.ca }))).toMatch(
      /^(127\.0\.0\.1|::1) is not a global address/,
    );
    expect(server.requests).toHaveLength(count);
    server.answer = json({});
    const allowed = documentFetcher({ ca: server.ca, allow_private_hosts: [`localhost:${port}`] });
    expect(await allowed(url, wanted)).toMatchObject({ ok: true });
  });

  it.each([
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '0',
    '169.254.169.254',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[fd00::1]',
  ])('PKJ-07 the literal %s is refused without a connection', async (host) => {
    const plain = documentFetcher();
    expect(await problemOf(`https://${host}:9/jwks`, wanted, plain)).toMatch(/is not a global address/);
  });

  it.each([
    ['http://127.0.0.1/jwks', 'the URL is not https'],
    ['file:///etc/passwd', 'the URL is not https'],
    ['https://user:pass@example.com/', 'the URL has user information'],
    ['nonsense', 'the URL is malformed'],
  ])('PKJ-07 %s: %s', async (url, problem) => {
    expect(await problemOf(url)).toBe(problem);
  });

  it('http is for documents that are signed themselves', async () => {
    expect(await problemOf('http://127.0.0.1:9/', { ...wanted, plain: true })).toMatch(/not a global address/);
    expect(await problemOf('ftp://127.0.0.1:9/', { ...wanted, plain: true })).toBe('the URL is not https');
  });

  it('PKJ-07 a redirect is not followed', async () => {
    server.answer = (request, response) => {
      if (request.url === '/jwks') response.writeHead(302, { location: server.url('/other') }).end();
      else json({})(request, response);
    };
    const count = server.requests.length;
    expect(await problemOf(server.url())).toBe('the status is 302, not 200');
    expect(server.requests).toHaveLength(count + 1);
  });

  it.each([204, 304, 404, 500])('PKJ-07 status %d gives no document', async (status) => {
    server.answer = (_request, response) => response.writeHead(status).end();
    expect(await problemOf(server.url())).toBe(`the status is ${status}, not 200`);
  });

  it('PKJ-07 only the media types asked for', async () => {
    server.answer = (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('{}');
    expect(await problemOf(server.url())).toBe('the media type is "text/html"');
    server.answer = json({}, { 'content-type': 'Application/JSON; charset=utf-8' });
    expect(await problemOf(server.url())).toBe('none');
  });

  it('PKJ-07 an encoded body is refused', async () => {
    server.answer = (_request, response) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
      response.writeHead(200, headers).end(gzipSync('{}'));
    };
    expect(await problemOf(server.url())).toBe('the body is encoded');
  });

  it('PKJ-07 a giant body ends at the cap, whether announced or not', async () => {
    server.answer = json({ padding: 'x'.repeat(2000) });
    expect(await problemOf(server.url())).toBe('the document has more than 1000 octets');
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write('x'.repeat(400)), 5);
      response.on('close', () => clearInterval(timer));
    };
    expect(await problemOf(server.url())).toBe('the document has more than 1000 octets');
  });

  it('a body of exactly the cap is taken', async () => {
    server.answer = json('x'.repeat(998));
    expect(await problemOf(server.url())).toBe('none');
  });

  it('PKJ-07 the timeout counts from the beginning to the end of the body', async () => {
    server.answer = () => undefined;
    const quick = { ...wanted, timeout: 150 };
    const started = Date.now();
    expect(await problemOf(server.url(), quick)).toBe('no complete answer within 150 ms');
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    };
    expect(await problemOf(server.url(), quick)).toBe('no complete answer within 150 ms');
    expect(Date.now() - started).toBeLessThan(2000);
  });

  it('a body that breaks off is no document', async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{}');
      setTimeout(() => response.destroy(), 20);
    };
    expect(await problemOf(server.url())).toMatch(/aborted|hang up|ECONNRESET/);
  });

  it('an unreachable host is a value, not an exception', async () => {
    const closed = await documentServer();
    await closed.close();
    const fetcher = documentFetcher({ allow_private_hosts: [closed.host] });
    expect(await problemOf(closed.url(), wanted, fetcher)).toMatch(/ECONNREFUSED/);
  });

  it('sends a POST where there is something to send', async () => {
    const bodies: string[] = [];
    server.answer = async (request, response) => {
      for await (const chunk of request) bodies.push(String(chunk));
      json({})(request, response);
    };
    const post = { type: 'application/ocsp-request', content: Buffer.from('what?') };
    expect(await problemOf(server.url(), { ...wanted, post })).toBe('none');
    expect(bodies).toEqual(['what?']);
    expect(server.requests.at(-1)).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/ocsp-request', 'content-length': '5', accept: 'application/json' },
    });
    await problemOf(server.url());
    expect(server.requests.at(-1)?.method).toBe('GET');
  });

  it('takes any media type where none is asked for', async () => {
    const { accept: _, ...any } = wanted;
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-pkcs7-crl' }).end('{}');
    };
    expect(await problemOf(server.url(), any)).toBe('none');
    expect(await problemOf(server.url())).toMatch(/^the media type is/);
  });

  it('PKJ-07 http is for documents that carry their own signature, and as guarded as https', async () => {
    const plain = await revocationServer(() => Buffer.from('list'));
    const allowed = documentFetcher({ allow_private_hosts: [plain.host] });
    const { accept: _, ...any } = wanted;
    expect(await problemOf(plain.url(), any, allowed)).toBe('the URL is not https');
    expect(await problemOf(plain.url(), { ...any, plain: true }, documentFetcher())).toMatch(/not a global address/);
    expect(plain.requests).toEqual([]);
    expect(await problemOf(plain.url(), { ...any, plain: true }, allowed)).toBe('none');
    await plain.close();
  });

  it('wrong options are named', () => {
    expect(() => documentFetcher({ ca: 'ca.crt' })).toThrow('outbound.ca: must be CERTIFICATE blocks in PEM');
    expect(() => documentFetcher({ allow_private_hosts: ['https://a'] })).toThrow(OptionsError);
    expect(() => documentFetcher({ allow_private_hosts: ['ok:1', '127.0.0.1'] })).toThrow(
      'outbound.allow_private_hosts[1]: must be "host:port"',
    );
  });
});

describe('the address of a connection', () => {
  const [open, open6] = ['8.8.8.8', '2606:4700:4700::1111'];
  const found = (options: { all?: boolean } = { all: true }) =>
    new Promise((resolve) => {
      globalLookup('mixed.example', options, (error, address) => resolve(error ? error.message : address));
    });
  let resolver: Resolver | undefined;
  afterEach(() => resolver?.close());

  it.each(['127.0.0.1', '::1', '0.0.0.0', '::ffff:10.0.0.1', '169.254.169.254', 'fe80::1', '64:ff9b::7f00:1'])(
    'PKJ-07 of a name that has %s beside global ones is a global one',
    async (closed) => {
      for (const order of [
        [closed, open, open6],
        [open6, closed, open],
      ]) {
        resolver = new Resolver({ 'mixed.example': [order] });
        const expected = order.filter((address) => address !== closed);
        expect(((await found()) as { address: string }[]).map(({ address }) => address)).toEqual(expected);
        expect(await found({})).toBe(expected[0]);
        resolver.close();
      }
      resolver = new Resolver({ 'mixed.example': [[closed]] });
      expect(await found()).toBe(`${closed} is not a global address, and no exception names it`);
    },
  );

  it('PKJ-07 is the very one that was checked, and checked for each connection (DNS rebinding)', async () => {
    resolver = new Resolver({ 'mixed.example': [[open], ['127.0.0.1'], [open]] });
    expect(await found()).toEqual([{ address: open, family: 4 }]);
    expect(resolver.asked).toHaveLength(1);
    expect(await found()).toMatch(/^127\.0\.0\.1 is not a global address/);
    expect(await found({})).toBe(open);
    expect(resolver.asked).toHaveLength(3);
  });
});
