import { request } from 'node:https';

/** What a page answered. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Requests of one browser to the example app: it keeps cookies, and follows nothing. */
export class SiteVisitor {
  readonly #url: string;
  readonly #ca: string;
  readonly #cookies = new Map<string, string>();

  constructor(url: string, ca: string) {
    this.#url = url;
    this.#ca = ca;
  }

  /** A browser with the cookies that this one has now. */
  copy(): SiteVisitor {
    const copy = new SiteVisitor(this.#url, this.#ca);
    for (const [name, value] of this.#cookies) copy.#cookies.set(name, value);
    return copy;
  }

  /** The value of a cookie that this one has now. */
  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  /** Posts a form as a page of ours does. */
  post(path: string, form: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
    return this.send('POST', path, new URLSearchParams(form).toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      'sec-fetch-site': 'same-origin',
      ...headers,
    });
  }

  send(method: string, path: string, body: string | undefined, headers: Readonly<Record<string, string>>) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const all = { accept: 'text/html', ...headers, ...(cookie !== '' && { cookie }) };
    return new Promise<Answer>((resolve, reject) => {
      const options = { method, ca: this.#ca, headers: all, agent: false };
      const sent = request(new URL(path, this.#url), options, async (response) => {
        for (const header of response.headers['set-cookie'] ?? []) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
          this.#cookies.set(name, value);
        }
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
      });
      sent.on('error', reject);
      // Octets: of a text Node would write the headers in UTF-8, too.
      sent.end(body === undefined ? undefined : Buffer.from(body));
    });
  }

  /** The token every form of the sign-in application carries. */
  async formToken(): Promise<string> {
    const { text } = await this.get('/sign-in');
    return /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? '';
  }
}
