import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { makeCa } from './pki.js';

/** An HTTPS server on 127.0.0.1 whose answers a spec chooses. */
export interface DocumentServer {
  /** `127.0.0.1:port` */
  readonly host: string;
  /** PEM of the CA to trust. */
  readonly ca: string;
  /** The requests so far. */
  readonly requests: IncomingMessage[];
  answer: RequestListener;
  url(path?: string): string;
  close(): Promise<void>;
}

/** Answers with JSON and the headers given. */
export function json(value: unknown, headers: Record<string, string> = {}): RequestListener {
  return (_request, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
  };
}

/** A name that its certificate has too, for specs with a `Resolver`. */
export const documentName = 'keys.example.com';

/** Starts one, with a certificate for 127.0.0.1, localhost and `documentName`. */
export async function documentServer(answer: RequestListener = json({ keys: [] })): Promise<DocumentServer> {
  const ca = makeCa();
  const { cert, key } = ca.issue({
    subject: 'CN=localhost',
    san: ['IP:127.0.0.1', 'DNS:localhost', `DNS:${documentName}`],
  });
  const requests: IncomingMessage[] = [];
  const server = createServer({ cert, key }, (request, response) => {
    requests.push(request);
    documents.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const documents: DocumentServer = {
    host,
    ca: ca.cert,
    requests,
    answer,
    url: (path = '/jwks') => `https://${host}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return documents;
}
