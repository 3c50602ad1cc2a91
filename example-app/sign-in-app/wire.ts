import { request } from 'node:https';

/** What came back over HTTPS. */
export interface Reply {
  readonly status: number;
  /** The body, when it is a JSON object; else an empty one. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** The other side could not be reached, or did not keep to the protocol. The message holds no secret. */
export class WireError extends Error {
  override readonly name = 'WireError';
}

const answerMilliseconds = 10_000;
const replyBytes = 1_000_000;

/** HTTPS requests that trust certain authorities. */
export class Wire {
  readonly #authorities: string[] | undefined;

  /** `authorities`: PEM texts; undefined: those Node brings along. */
  constructor(authorities: readonly string[] | undefined) {
    this.#authorities = authorities && [...authorities];
  }

  /** Rejects with WireError. */
  get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.#send('GET', url, undefined, headers);
  }

  /** Rejects with WireError. */
  postForm(url: string, form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#send('POST', url, new URLSearchParams(form).toString(), { ...type, ...headers });
  }

  /** Rejects with WireError. */
  postJson(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    return this.#send('POST', url, JSON.stringify(body), { 'content-type': 'application/json', ...headers });
  }

  async #send(
    method: string,
    url: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Reply> {
    const options = {
      method,
      headers: { accept: 'application/json', ...headers },
      signal: AbortSignal.timeout(answerMilliseconds),
      ...(this.#authorities && { ca: this.#authorities, allowPartialTrustChain: true }),
    };
    try {
      return await new Promise<Reply>((resolve, reject) => {
        const sent = request(url, options, (response) => {
          readAll(response).then(
            (text) => resolve({ status: response.statusCode ?? 0, json: parseObject(text) }),
            reject,
          );
        });
        sent.on('error', reject);
        sent.end(body);
      });
    } catch (cause) {
      const { code } = cause as { code?: unknown };
      throw new WireError(`${new URL(url).pathname} did not answer: ${String(code ?? 'unknown')}`, { cause });
    }
  }
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > replyBytes) throw new WireError('The reply is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
