/** What `createServer` is told. docs/hardening.md has the same values for a server of your own, and why. */
export const listenerOptions = {
  /** Milliseconds after which Node looks again for those that are late. */
  connectionsCheckingInterval: 2_000,
  /** Octets: a chain of certificates from a proxy fits. */
  maxHeaderSize: 32_768,
} as const;

/** What is set on the server. Times are in milliseconds. */
export const listenerLimits = {
  /** A slow sender holds memory, and nobody legitimate needs longer. */
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  /** Longer than proxies keep idle connections, so that it is they who let go. */
  keepAliveTimeout: 65_000,
  /** One connection must not hold a process for ever; the next request comes on a new one. */
  maxRequestsPerSocket: 10_000,
  maxConnections: 10_000,
} as const;
