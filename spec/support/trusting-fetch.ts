import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { Certificate } from './pki.js';

export interface FetchOptions {
  /** The only anchor that is trusted, PEM. */
  readonly ca: string;
  /** Presented to a server that asks. */
  readonly certificate?: Certificate;
}

type Init = {
  readonly method?: string;
  readonly headers?: Headers | Record<string, string> | readonly (readonly [string, string])[];
  readonly body?: unknown;
};

/** `fetch` over node:https that trusts one CA and may have a client certificate; one connection per request. */
export function trustingFetch({ ca, certificate }: FetchOptions) {
  return (url: string | URL | Request, init: Init = {}): Promise<Response> =>
    new Promise((resolve, reject) => {
      const { method = 'GET', headers, body } = init;
      const sent = body === undefined || body === null ? undefined : String(body);
      const outgoing = request(
        url instanceof Request ? url.url : url,
        {
          method,
          headers: {
            ...Object.fromEntries(new Headers(headers as Headers)),
            ...(sent !== undefined && { 'content-length': Buffer.byteLength(sent) }),
          },
          ca,
          agent: false,
          ...(certificate && { cert: certificate.cert, key: certificate.key }),
        },
        (incoming) => resolve(readResponse(incoming)),
      );
      outgoing.on('error', reject);
      outgoing.end(sent);
    });
}

async function readResponse(incoming: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const { statusCode: status = 0, rawHeaders } = incoming;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  return new Response(chunks.length === 0 ? null : Buffer.concat(chunks), { status, headers });
}

export type TrustingFetch = ReturnType<typeof trustingFetch>;
