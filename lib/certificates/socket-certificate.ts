import type { Socket } from 'node:net';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { LRUCache } from 'lru-cache';
import { type ClientCertificate, certificateDigest, parseClientCertificate } from './client-certificate.js';

/** `null`: looked at, and there is none. */
const bySocket = new WeakMap<Socket, ClientCertificate | null>();

/** The most that is remembered of chains, in bytes of DER. */
const MAX_REMEMBERED_BYTES = 8 * 1024 * 1024;
const MAX_CHAIN_LENGTH = 10;

/** The chains of full handshakes by the digest of their leaf. */
const chainByLeaf = new LRUCache<string, readonly Buffer[]>({
  maxSize: MAX_REMEMBERED_BYTES,
  sizeCalculation: (chain) => chain.reduce((sum, der) => sum + der.length, 1),
});

function isTls(socket: Socket | TLSSocket): socket is TLSSocket {
  return 'getPeerCertificate' in socket && typeof socket.getPeerCertificate === 'function';
}

function presentedChain(peer: DetailedPeerCertificate): Buffer[] {
  const chain: Buffer[] = [];
  // A self-signed certificate is its own issuer here, and ends the walk.
  for (let at = peer; at.issuerCertificate && at.issuerCertificate !== at; at = at.issuerCertificate) {
    if (chain.length === MAX_CHAIN_LENGTH) break;
    chain.push(at.issuerCertificate.raw);
  }
  return chain;
}

function readCertificate(socket: TLSSocket): ClientCertificate | undefined {
  // getPeerX509Certificate() gives the intermediates the first time only.
  const peer = socket.getPeerCertificate(true);
  if (!peer?.raw) return undefined;
  const chain = presentedChain(peer);
  const digest = certificateDigest(peer.raw);
  if (chain.length > 0) chainByLeaf.set(digest, chain);
  // A resumed session has the leaf only. The chain is nothing but a hint, so an older one of the same leaf does.
  const known = chain.length === 0 && socket.isSessionReused() ? chainByLeaf.get(digest) : undefined;
  return parseClientCertificate(peer.raw, known ?? chain);
}

/**
 * The certificate of a TLS connection, verified by nobody yet; `undefined` on plain connections, where the client sent
 * none, and where it cannot be read. Read once per connection. A resumed session gets the chain that the same leaf
 * had in its last full handshake in this process.
 */
export function certificateFromSocket(socket: Socket | TLSSocket): ClientCertificate | undefined {
  const known = bySocket.get(socket);
  if (known !== undefined) return known ?? undefined;
  const certificate = isTls(socket) ? readCertificate(socket) : undefined;
  bySocket.set(socket, certificate ?? null);
  return certificate;
}
