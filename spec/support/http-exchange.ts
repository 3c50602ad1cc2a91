import { createServer, type IncomingHttpHeaders, type RequestListener, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export const formType = 'application/x-www-form-urlencoded';

/** A request, written down to what superagent would tidy up. */
export interface SentRequest {
  readonly method?: string;
  readonly path?: string;
  /** An array sends the header several times. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: string | Buffer;
  /** Without Content-Length. */
  readonly chunked?: boolean;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; throws when it is not JSON. */
  json(): Record<string, unknown>;
}

/** Listens on 127.0.0.1 for as long as `use` takes. */
export async function whileListening<T>(handler: RequestListener, use: (port: number) => Promise<T>): Promise<T> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** Sends one request to a handler over a real connection. POST of a form to /oauth2/token unless told otherwise. */
export function exchange(handler: RequestListener, sent: SentRequest): Promise<Received> {
  return whileListening(handler, (port) => exchangeAt(port, sent));
}

/** The same, to a server that listens already. */
export function exchangeAt(
  port: number,
  { method = 'POST', path = '/oauth2/token', headers, body, chunked }: SentRequest,
): Promise<Received> {
  const present = Object.entries({ 'content-type': formType, ...headers }).filter(([, value]) => value !== undefined);
  const length = chunked || body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
  const all = { ...length, ...(Object.fromEntries(present) as Record<string, string | string[]>) };
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, agent: false, headers: all }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { statusCode: status = 0, headers: received } = incoming;
        resolve({ status, headers: received, text, json: () => JSON.parse(text) });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Writes octets to a connection, ends or resets it, and answers what came back before it closed. */
export function exchangeOctets(
  port: number,
  octets: string | Buffer,
  then: 'end' | 'reset' | 'wait' = 'wait',
): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(octets, () => {
        if (then === 'end') socket.end();
        if (then === 'reset') setTimeout(() => socket.resetAndDestroy(), 20);
      });
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}
