import dns, { type LookupAddress, type LookupOptions } from 'node:dns';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { z } from 'zod';
import { parsePemCertificates } from '../certificates/pem.js';
import { parseOptions } from '../options.js';
import { isGlobalAddress } from './global-addresses.js';

const hostAndPort = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;

/** What requests of our own may reach: for `jwks_uri`, CRL and OCSP. */
export const outboundSchema = z.strictObject({
  allow_private_hosts: z
    .array(z.string().regex(hostAndPort, 'must be "host:port"'))
    .default([])
    .describe('`host:port` as they stand in a URL, exactly: these alone may lie outside the global address space.'),
  ca: z
    .string()
    .refine((text) => parsePemCertificates(text).ok, 'must be CERTIFICATE blocks in PEM')
    .optional()
    .describe('PEM text of certification authorities, trusted beside the ones Node comes with.'),
});

export type OutboundOptions = z.input<typeof outboundSchema>;

export interface DocumentRequest {
  /** The media types that will do; sent as Accept. Absent: any, for documents that carry their own signature. */
  readonly accept?: readonly string[];
  /** The most octets the document may have. */
  readonly maxBytes: number;
  /** Milliseconds for everything together: name, connection and body. */
  readonly timeout: number;
  /** Lets the URL be http. Only for documents that carry their own signature. */
  readonly plain?: boolean;
  /** Makes it a POST, with the Authorization header that goes with it. */
  readonly post?: { readonly type: string; readonly content: Buffer; readonly authorization?: string };
}

/**
 * A document, or why there is none: `problem` is for the operator alone. `answered`: somebody was there, and gave
 * something else.
 */
export type FetchedDocument =
  | { readonly ok: true; readonly body: Buffer; readonly headers: IncomingHttpHeaders }
  | { readonly ok: false; readonly problem: string; readonly answered?: boolean };

export type FetchDocument = (url: string, request: DocumentRequest) => Promise<FetchedDocument>;

/**
 * A GET, or a POST, for documents at URLs that others chose. It connects to global addresses only, checked on the very
 * address of the connection, follows no redirect, and takes 200, the media types asked for and an unencoded body,
 * within size and time. Never rejects. Throws OptionsError for wrong options.
 */
export function documentFetcher(options: OutboundOptions = {}): FetchDocument {
  const { allow_private_hosts, ca } = parseOptions(outboundSchema, options, 'outbound');
  const exceptions = new Set(allow_private_hosts.map((host) => host.toLowerCase()));
  const secureContext = ca === undefined ? undefined : createSecureContext({ ca: [...rootCertificates, ca] });
  return async (url, wanted) => {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    const problem = target ? urlProblem(target, wanted, exceptions) : 'the URL is malformed';
    if (target === undefined || problem !== undefined) return { ok: false, problem: problem ?? '' };
    return await load(target, wanted, isException(target, exceptions), secureContext);
  };
}

function isException(url: URL, exceptions: ReadonlySet<string>): boolean {
  return exceptions.has(`${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`);
}

function urlProblem(url: URL, wanted: DocumentRequest, exceptions: ReadonlySet<string>): string | undefined {
  if (url.protocol !== 'https:' && !(wanted.plain && url.protocol === 'http:')) return 'the URL is not https';
  if (url.username !== '' || url.password !== '') return 'the URL has user information';
  // A literal needs no look-up, so `lookup` never sees it. The URL parser has made decimal, hex and octal forms plain.
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && !isException(url, exceptions) && !isGlobalAddress(literal)) return closedAddress(literal);
  return undefined;
}

function closedAddress(address: string): string {
  return `${address} is not a global address, and no exception names it`;
}

/**
 * The global addresses of a name; an error where it has none. Node connects to what this answers, so the address that was
 * checked is the address that is used: a name that means something else a moment later (DNS rebinding) gains nothing.
 */
export const globalLookup: LookupFunction = (hostname, options: LookupOptions, callback) => {
  dns.lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[] = []) => {
    if (error) return callback(error, []);
    const open = addresses.filter(({ address }) => isGlobalAddress(address));
    const [first] = open;
    if (first === undefined) return callback(new Error(closedAddress(addresses[0]?.address ?? hostname)), []);
    return options.all ? callback(null, open) : callback(null, first.address, first.family);
  });
};

function postHeaders({ type, content, authorization }: NonNullable<DocumentRequest['post']>) {
  return {
    'content-type': type,
    'content-length': content.length,
    ...(authorization !== undefined && { authorization }),
  };
}

function load(url: URL, wanted: DocumentRequest, exception: boolean, secureContext?: SecureContext) {
  return new Promise<FetchedDocument>((resolve) => {
    const { accept = ['*/*'], post } = wanted;
    const headers = { accept: accept.join(', '), 'accept-encoding': 'identity' };
    const options: RequestOptions & { secureContext?: SecureContext } = {
      agent: false,
      method: post ? 'POST' : 'GET',
      headers: post ? { ...headers, ...postHeaders(post) } : headers,
      ...(!exception && { lookup: globalLookup }),
      ...(secureContext && { secureContext }),
    };
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options);
    const finish = (result: FetchedDocument) => {
      clearTimeout(timer);
      resolve(result);
      request.destroy();
    };
    const fail = (problem: string) => finish({ ok: false, problem });
    const timer = setTimeout(() => fail(`no complete answer within ${wanted.timeout} ms`), wanted.timeout);
    request.on('error', (error) => fail(describe(error)));
    request.on('response', (response) => {
      const problem = headProblem(response, wanted);
      if (problem !== undefined) return finish({ ok: false, problem, answered: true });
      readBody(response, wanted.maxBytes, finish);
    });
    request.end(post?.content);
  });
}

function describe(error: Error): string {
  const [first]: unknown[] = error instanceof AggregateError ? error.errors : [error];
  return first instanceof Error ? first.message : error.message;
}

function headProblem({ statusCode, headers }: IncomingMessage, wanted: DocumentRequest): string | undefined {
  if (statusCode !== 200) return `the status is ${statusCode}, not 200`;
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') return 'the body is encoded';
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (wanted.accept && !wanted.accept.includes(type)) return `the media type is "${type.slice(0, 80)}"`;
  if (Number(headers['content-length'] ?? 0) > wanted.maxBytes) return tooLarge(wanted.maxBytes);
  return undefined;
}

function tooLarge(maxBytes: number): string {
  return `the document has more than ${maxBytes} octets`;
}

function readBody(response: IncomingMessage, maxBytes: number, finish: (result: FetchedDocument) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxBytes) finish({ ok: false, problem: tooLarge(maxBytes) });
    else chunks.push(chunk);
  });
  response.on('end', () => finish({ ok: true, body: Buffer.concat(chunks), headers: response.headers }));
  response.on('error', (error) => finish({ ok: false, problem: error.message }));
}
