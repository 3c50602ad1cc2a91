import { constants, randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext, Server as TlsServer } from 'node:tls';
import { listenerLimits, listenerOptions } from './listener-limits.js';
import { reasonOf, StartUpError } from './start-up-error.js';

/** Where and how to listen. */
export interface ListenOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** PEM texts; `false`: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | false;
  /** Whether to ask for client certificates. */
  readonly clientCertificates: boolean;
  /** How messages call it. */
  readonly name: 'listen' | 'mtls.listen';
}

/** Name, HMAC key and AES key, 16 bytes each. */
const ticketKeyBytes = 48;
const drainMilliseconds = 10_000;
const idleCheckMilliseconds = 50;

/** A server that holds its port from the start, and answers 503 until it is told how to answer. */
export class Listener {
  readonly #server: Server;
  #handle: RequestListener = (_request, response) => {
    response.writeHead(503, { 'Retry-After': '1', 'Content-Length': 0 }).end();
  };

  private constructor({ tls, clientCertificates }: ListenOptions) {
    const handle: RequestListener = (request, response) => this.#handle(request, response);
    this.#server =
      tls === false
        ? createHttpServer(listenerOptions, handle)
        : createHttpsServer({ ...tlsOptions(tls, clientCertificates), ...listenerOptions }, handle);
    Object.assign(this.#server, listenerLimits);
  }

  /** Rejects with StartUpError when the port cannot be had or the certificate cannot be used. */
  static async open(options: ListenOptions): Promise<Listener> {
    const { host, port, tls } = options;
    if (tls !== false) checkTls(tls);
    const listener = new Listener(options);
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', (cause) => reject(cannotListen(cause, options)));
      listener.#server.listen({ host, port }, resolve);
    });
    listener.#keepSessions();
    return listener;
  }

  /** The port in use. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /**
   * A resumed TLS session has no intermediates, and only the process that saw its handshake remembers them. node:cluster
   * gives all workers the same ticket keys; with keys of its own, one makes a full handshake of another one's session.
   */
  #keepSessions(): void {
    if (this.#server instanceof TlsServer) this.#server.setTicketKeys(randomBytes(ticketKeyBytes));
  }

  serve(handle: RequestListener): void {
    this.#handle = handle;
  }

  /** Takes no more connections, and resolves when the requests in hand are answered, or after ten seconds. */
  async drain(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    const idle = setInterval(() => this.#server.closeIdleConnections(), idleCheckMilliseconds);
    const limit = setTimeout(() => this.#server.closeAllConnections(), drainMilliseconds);
    await closed;
    clearInterval(idle);
    clearTimeout(limit);
  }
}

function tlsOptions({ cert, key }: { readonly cert: string; readonly key: string }, requestCert: boolean) {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2' as const,
    // A certificate is read once per connection, and must not change in the midst of it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    // Every client may show a certificate. Which ones count is for client authentication to say, and naming
    // authorities here (`ca`) would make clients withhold self-signed ones.
    requestCert,
    rejectUnauthorized: false,
  };
}

function checkTls(tls: { readonly cert: string; readonly key: string }): void {
  try {
    createSecureContext(tls);
  } catch (cause) {
    throw new StartUpError(`tls: the certificate and key cannot be used together: ${reasonOf(cause)}`, { cause });
  }
}

function cannotListen(cause: NodeJS.ErrnoException, { host, port, name }: ListenOptions): StartUpError {
  const another = name === 'listen' ? 'choose another one with --port' : 'choose another one in the file';
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `the port is in use; ${another}`,
    EACCES: `this user may not use the port; ${another}`,
    EADDRNOTAVAIL: 'this machine has no such address; choose another one with --host',
    ENOTFOUND: 'this name is unknown; choose another one with --host',
  };
  const reason = reasons[cause.code ?? ''] ?? cause.message;
  return new StartUpError(`${name}: ${host}:${port}: ${reason}`, { cause });
}
