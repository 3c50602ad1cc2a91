import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly type: string | undefined;
  readonly body: Buffer;
}

/** What a responder or a place for lists answers. `undefined`: nothing at all, for ever. */
export type RevocationAnswer = (request: ReceivedRequest) => Buffer | undefined | ((response: ServerResponse) => void);

/** Plain HTTP on 127.0.0.1, as CAs serve lists and OCSP. */
export interface RevocationServer {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly requests: ReceivedRequest[];
  answer: RevocationAnswer;
  url(path?: string): string;
  close(): Promise<void>;
}

async function received(request: IncomingMessage): Promise<ReceivedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const { method, url: path, headers } = request;
  return { method, path, type: headers['content-type'], body: Buffer.concat(chunks) };
}

export async function revocationServer(answer: RevocationAnswer = () => undefined): Promise<RevocationServer> {
  const requests: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const item = await received(request);
    requests.push(item);
    const reply = authority.answer(item);
    if (typeof reply === 'function') reply(response);
    else if (reply !== undefined) {
      const type = item.method === 'POST' ? 'application/ocsp-response' : 'application/pkix-crl';
      response.writeHead(200, { 'content-type': type }).end(reply);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const authority: RevocationServer = {
    host,
    requests,
    answer,
    url: (path = '/') => `http://${host}${path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return authority;
}
