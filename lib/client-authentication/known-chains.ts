import { LRUCache } from 'lru-cache';
import { type ClientCertificate, parseClientCertificate } from '../certificates/client-certificate.js';
import { decodeBase64 } from '../certificates/pem.js';
import type { Store } from '../stores/store.js';

/** Seconds: no TLS session is resumed for longer (RFC 8446 4.6.1). */
const lifetime = 604_800;
/** Milliseconds after which a chain that is still in use is stored again. */
const renewal = 86_400_000;
const rememberedCertificates = 5000;
/** Octets of a chain that is worth remembering. */
const longestChain = 32_768;

interface Known {
  readonly chain: readonly Buffer[];
  readonly chainDigest: string;
  /** Milliseconds since 1970. */
  readonly notedAt: number;
}

/**
 * The intermediates with which certificates have been trusted. A proxy in front passes them on after a full handshake
 * alone: of a resumed session it has the leaf, and we cannot see that the session was resumed. They are hints, from
 * which a path has to be validated anew. Shared by processes through the store.
 */
export class KnownChains {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #chains = new LRUCache<string, Known>({ max: rememberedCertificates });

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Remembers the chain that a proxy passed on with a certificate which is trusted. */
  async note({ digest, chain, chainDigest, forwarded }: ClientCertificate): Promise<void> {
    if (!forwarded || chain.length === 0 || chain.reduce((sum, der) => sum + der.length, 0) > longestChain) return;
    const known = this.#chains.get(digest);
    const now = this.#now();
    if (known?.chainDigest === chainDigest && now - known.notedAt < renewal) return;
    this.#chains.set(digest, { chain, chainDigest, notedAt: now });
    const value = chain.map((der) => der.toString('base64')).join('.');
    // A store that is down keeps nobody out who has brought the whole chain.
    await this.#store.set(keyOf(digest), value, lifetime).catch(() => undefined);
  }

  /** The certificate with the chain it came with before, where a proxy passed it on without any. */
  async completed({ der, digest, chain, forwarded }: ClientCertificate): Promise<ClientCertificate | undefined> {
    if (!forwarded || chain.length > 0) return undefined;
    const known = this.#chains.get(digest)?.chain ?? (await this.#stored(digest));
    return known && parseClientCertificate(der, known, forwarded);
  }

  async #stored(digest: string): Promise<readonly Buffer[] | undefined> {
    const value = await this.#store.get(keyOf(digest)).catch(() => undefined);
    const chain = value?.split('.').map((der) => decodeBase64(der));
    return chain?.every((der) => der !== undefined) ? chain : undefined;
  }
}

function keyOf(digest: string): string {
  return `chain/${digest}`;
}
