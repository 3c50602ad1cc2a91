import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { CertificateFacts, Reply, SendOrder } from './facts.js';

/** Where the sender's requests go: this very server, whatever its public name may lead to. */
export interface OwnListener {
  readonly host: string;
  readonly port: number;
  /** PEM: the one authority that is trusted. */
  readonly authority: string;
}

const timeoutMilliseconds = 10_000;
const mostReplyOctets = 65_536;

/**
 * Posts forms to token endpoints of this server with a certificate of the demo, for people whose browser has none.
 * Endpoints and certificates are lists: an order can only choose from them.
 */
export class CertificateSender {
  readonly #endpoints: ReadonlySet<string>;
  readonly #certificates: ReadonlyMap<string, CertificateFacts>;
  readonly #listener: OwnListener;

  /** `endpoints`: the URLs that may be posted to. */
  constructor(endpoints: Iterable<string>, certificates: readonly CertificateFacts[], listener: OwnListener) {
    this.#endpoints = new Set(endpoints);
    this.#certificates = new Map(certificates.map((each) => [each.name, each]));
    this.#listener = listener;
  }

  /** Whether the order names an endpoint and a certificate that there are. */
  knows({ url, certificate }: SendOrder): boolean {
    return this.#endpoints.has(url) && (certificate === '' || this.#certificates.has(certificate));
  }

  /** Sends an order it knows. Rejects when the server does not answer in ten seconds. */
  async send({ url, certificate, authorization, dpop, body }: SendOrder): Promise<Reply> {
    const { host: connectTo, port, authority: ca } = this.#listener;
    const { host, hostname, pathname } = new URL(url);
    const files = this.#certificates.get(certificate);
    return post(body, {
      ...(files && { cert: await readFile(files.certificate), key: await readFile(files.key) }),
      host: connectTo,
      port,
      ca,
      servername: hostname,
      path: pathname,
      agent: false,
      timeout: timeoutMilliseconds,
      headers: {
        host,
        'content-type': 'application/x-www-form-urlencoded',
        ...(authorization !== undefined && { authorization }),
        ...(dpop !== undefined && { dpop }),
      },
    });
  }
}

function post(body: string, options: RequestOptions): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...options, method: 'POST' }, (response) => {
      read(response).then(resolve, reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('The server did not answer in time')));
    sent.on('error', reject);
    sent.end(Buffer.from(body));
  });
}

async function read(response: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let octets = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    octets += chunk.length;
    if (octets > mostReplyOctets) throw new Error('The reply is too long');
    chunks.push(chunk);
  }
  const headers = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
    values.map((value) => [name, value] as const),
  );
  return { status: response.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString() };
}
