import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4, type Socket } from 'node:net';
import { LRUCache } from 'lru-cache';
import {
  CERTIFICATE_HEADER_PRESETS,
  type CertificateHeaderFormat,
  type CertificateHeaderPreset,
  deniesCertificate,
  isNoCertificate,
} from './certificate-headers.js';
import { type ClientCertificate, parseClientCertificate } from './client-certificate.js';
import { certificateFromSocket } from './socket-certificate.js';

export { certificateFromSocket } from './socket-certificate.js';

/** A proxy that ends TLS for us and passes the client's certificate on in a header. */
export interface TrustedProxy {
  /** Its address or network, `10.0.0.0/8`; compared with the peer of the connection itself. */
  readonly cidr: string;
  readonly client_certificate: CertificateHeaderFormat;
  /** The header with the certificate, if it is not the preset's usual one. */
  readonly header?: string;
  /** The header with the proxy's own verdict, if it is not the preset's usual one. */
  readonly verify_header?: string;
}

/**
 * What was wrong with a certificate header: sent by a stranger, unreadable, there more than once, or at odds with what
 * else the proxy says, so that the proxy cannot have written it.
 */
export type CertificateHeaderProblem =
  | 'untrusted_header'
  | 'malformed_header'
  | 'repeated_header'
  | 'contradicted_header';

/** The certificate of a request, if there is one, and what the operator should hear of. */
export interface PresentedCertificate {
  readonly certificate?: ClientCertificate;
  readonly problem?: CertificateHeaderProblem;
  /** In lower case. */
  readonly headerName?: string;
}

/** The proxies whose certificate headers count, compiled once. */
export interface TrustedProxies {
  /** Whether the other end of a connection is one of them. Worked out once per connection. */
  trusts(socket: Socket): boolean;
  /**
   * The client's certificate. From a trusted proxy it comes from its header alone, since the proxy's own certificate
   * is never the client's; from everybody else from the socket alone, and a certificate header is ignored and
   * reported (RFC 9440 2.4, 4). A repeated or malformed header is no certificate.
   */
  certificateOf(request: IncomingMessage): PresentedCertificate;
}

type CompiledProxy = CertificateHeaderPreset & { readonly format: string; readonly networks: BlockList };

const NOTHING: PresentedCertificate = Object.freeze({});
const MAX_CACHED_BYTES = 16 * 1024 * 1024;

/** The plain address of a peer: no zone, and IPv4 where it was mapped into IPv6. */
function plainAddress(address: string): string {
  const [bare = ''] = address.split('%');
  const mapped = /^::ffff:([\d.]+)$/i.exec(bare)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : bare;
}

function compileNetwork(cidr: string, name: string): BlockList {
  const [address = '', prefix, ...more] = cidr.split('/');
  const version = isIP(address);
  const longest = version === 4 ? 32 : 128;
  const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
  if (version === 0 || more.length > 0 || length > longest || address !== plainAddress(address)) {
    throw new TypeError(`${name}.cidr is not an address or network: ${cidr}`);
  }
  const shortest = version === 4 ? 8 : 16;
  if (length < shortest) {
    throw new TypeError(
      `${name}.cidr must have a prefix length of ${shortest} to ${longest}, or it trusts everybody: ${cidr}`,
    );
  }
  const networks = new BlockList();
  networks.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  return networks;
}

function compileProxy(proxy: TrustedProxy, index: number): CompiledProxy {
  const name = `trusted_proxies[${index}]`;
  const presets: Readonly<Record<string, CertificateHeaderPreset>> = CERTIFICATE_HEADER_PRESETS;
  const preset = Object.hasOwn(presets, proxy.client_certificate) ? presets[proxy.client_certificate] : undefined;
  if (preset === undefined) {
    const known = Object.keys(presets).join(', ');
    throw new TypeError(`${name}.client_certificate "${proxy.client_certificate}" is not one of ${known}`);
  }
  const verifyHeader = proxy.verify_header?.toLowerCase() ?? preset.verifyHeader;
  return {
    ...preset,
    format: proxy.client_certificate,
    networks: compileNetwork(proxy.cidr, name),
    header: proxy.header?.toLowerCase() ?? preset.header,
    ...(verifyHeader !== undefined && { verifyHeader }),
  };
}

/** Node joins repeated headers into one value; only the raw ones tell. */
function isRepeated(request: IncomingMessage, name: string): boolean {
  let seen = 0;
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const header = request.rawHeaders[at] ?? '';
    if (header.length === name.length && header.toLowerCase() === name) seen++;
  }
  return seen > 1;
}

function headerValue(request: IncomingMessage, name: string | undefined): string | undefined {
  return name === undefined ? undefined : request.headers[name]?.toString();
}

class CompiledProxies implements TrustedProxies {
  readonly #proxies: readonly CompiledProxy[];
  readonly #certificateHeaders: ReadonlySet<string>;
  readonly #bySocket = new WeakMap<Socket, CompiledProxy | null>();
  readonly #byHeader = new LRUCache<string, ClientCertificate>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ der, chain }) => chain.reduce((sum, link) => sum + link.length, der.length),
  });

  constructor(proxies: readonly CompiledProxy[]) {
    this.#proxies = proxies;
    const presets: readonly CertificateHeaderPreset[] = Object.values(CERTIFICATE_HEADER_PRESETS);
    const headers = [...proxies, ...presets].flatMap(({ header, chainHeader, rivals = [] }) => [
      header,
      ...(chainHeader ? [chainHeader] : []),
      ...rivals,
    ]);
    this.#certificateHeaders = new Set(headers);
  }

  trusts(socket: Socket): boolean {
    return this.#proxyAt(socket) !== null;
  }

  certificateOf(request: IncomingMessage): PresentedCertificate {
    const proxy = this.#proxyAt(request.socket);
    return proxy === null ? this.#fromSocket(request) : this.#fromHeader(request, proxy);
  }

  #proxyAt(socket: Socket): CompiledProxy | null {
    const known = this.#bySocket.get(socket);
    if (known !== undefined) return known;
    const address = plainAddress(socket.remoteAddress ?? '');
    const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
    // Where networks overlap, the first one listed counts.
    const proxy = isIP(address) ? this.#proxies.find(({ networks }) => networks.check(address, family)) : undefined;
    this.#bySocket.set(socket, proxy ?? null);
    return proxy ?? null;
  }

  #fromSocket(request: IncomingMessage): PresentedCertificate {
    const certificate = certificateFromSocket(request.socket);
    const headerName = this.#certificateHeaderOf(request);
    if (headerName === undefined) return certificate ? { certificate } : NOTHING;
    return { ...(certificate && { certificate }), problem: 'untrusted_header', headerName };
  }

  /** The name of a header that only a proxy should send. Requests have fewer headers than there are such names. */
  #certificateHeaderOf({ headers }: IncomingMessage): string | undefined {
    for (const name in headers) {
      if (!this.#certificateHeaders.has(name)) continue;
      const value = headers[name]?.toString();
      if (value !== undefined && !isNoCertificate(value)) return name;
    }
    return undefined;
  }

  #fromHeader(request: IncomingMessage, proxy: CompiledProxy): PresentedCertificate {
    const value = headerValue(request, proxy.header);
    if (value === undefined) return NOTHING;
    for (const name of [proxy.header, proxy.chainHeader, proxy.verifyHeader]) {
      if (name && isRepeated(request, name)) return { problem: 'repeated_header', headerName: name };
    }
    if (isNoCertificate(value)) return NOTHING;
    const verdict = headerValue(request, proxy.verifyHeader);
    const rival = proxy.rivals?.some((name) => name !== proxy.header && headerValue(request, name) !== undefined);
    if (rival || (verdict !== undefined && deniesCertificate(verdict))) {
      return { problem: 'contradicted_header', headerName: proxy.header };
    }
    const certificate = this.#parse(proxy, value, headerValue(request, proxy.chainHeader), verdict);
    return certificate ? { certificate } : { problem: 'malformed_header', headerName: proxy.header };
  }

  #parse(proxy: CompiledProxy, value: string, chain?: string, verdict?: string): ClientCertificate | undefined {
    // No header value holds a line end, so the parts cannot run into each other.
    const key = createHash('sha256')
      .update(`${proxy.format}\n${value}\n${chain ?? ''}\n${verdict ?? '\n'}`)
      .digest('base64');
    const known = this.#byHeader.get(key);
    if (known !== undefined) return known;
    const decoded = proxy.decode(value, chain);
    const certificate = decoded && parseClientCertificate(decoded.leaf, decoded.chain, { verdict });
    if (certificate !== undefined) this.#byHeader.set(key, certificate);
    return certificate;
  }
}

/**
 * Compiles the list of trusted proxies. Throws when an entry cannot be used, naming it: a network that is none, one
 * that would trust everybody, a preset that there is not.
 */
export function trustedProxies(list: readonly TrustedProxy[]): TrustedProxies {
  return new CompiledProxies(list.map(compileProxy));
}
