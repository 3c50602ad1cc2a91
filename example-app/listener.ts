import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { reasonOf, StartUpError } from './start-up-error.js';

/** Where and how to listen. */
export interface ListenOptions {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  /** PEM texts; `false`: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | false;
}

/** Milliseconds for a whole request, and for its headers: a slow sender holds memory, and nobody legitimate needs longer. */
const requestMilliseconds = 15_000;
const headerMilliseconds = 10_000;
/** How often Node looks for those that are late. */
const checking = { connectionsCheckingInterval: 2_000 };
const mostConnections = 10_000;
const drainMilliseconds = 10_000;
const idleCheckMilliseconds = 50;

/** A server that holds its port from the start, and answers 503 until it is told how to answer. */
export class Listener {
  readonly #server: Server;
  #handle: RequestListener = (_request, response) => {
    response.writeHead(503, { 'Retry-After': '1', 'Content-Length': 0 }).end();
  };

  private constructor(tls: ListenOptions['tls']) {
    const handle: RequestListener = (request, response) => this.#handle(request, response);
    this.#server =
      tls === false
        ? createHttpServer(checking, handle)
        : createHttpsServer({ ...tlsOptions(tls), ...checking }, handle);
    this.#server.requestTimeout = requestMilliseconds;
    this.#server.headersTimeout = headerMilliseconds;
    this.#server.maxConnections = mostConnections;
  }

  /** Rejects with StartUpError when the port cannot be had or the certificate cannot be used. */
  static async open({ host, port, tls }: ListenOptions): Promise<Listener> {
    if (tls !== false) checkTls(tls);
    const listener = new Listener(tls);
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', (cause) => reject(cannotListen(cause, host, port)));
      listener.#server.listen({ host, port }, resolve);
    });
    return listener;
  }

  /** The port in use. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
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

function tlsOptions({ cert, key }: { readonly cert: string; readonly key: string }) {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2' as const,
    // Every client may show a certificate. Which ones count is for client authentication to say, and naming
    // authorities here (`ca`) would make clients withhold self-signed ones.
    requestCert: true,
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

function cannotListen(cause: NodeJS.ErrnoException, host: string, port: number): StartUpError {
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: 'the port is in use; choose another one with --port',
    EACCES: 'this user may not use the port; choose another one with --port',
    EADDRNOTAVAIL: 'this machine has no such address; choose another one with --host',
    ENOTFOUND: 'this name is unknown; choose another one with --host',
  };
  const reason = reasons[cause.code ?? ''] ?? cause.message;
  return new StartUpError(`listen: ${host}:${port}: ${reason}`, { cause });
}
