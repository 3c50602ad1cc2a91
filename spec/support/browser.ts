import { ca } from './methods.js';
import { noteSecret } from './suite-log.js';
import { trustingFetch } from './trusting-fetch.js';

/** A person's browser, as far as an authorization needs one: it keeps cookies and submits the form of a page. */
export class Browser {
  readonly #fetch = trustingFetch({ ca: ca.cert });
  readonly #cookies = new Map<string, string>();

  /** Opens an authorization URL, answers the consent page and resolves with the client's callback URL. */
  async authorize(url: string | URL, decision: 'allow' | 'deny' = 'allow'): Promise<URL> {
    const first = await this.#open(url);
    if (first.status === 303) return callback(first);
    if (first.status !== 200) throw new Error(`The authorization endpoint answered ${first.status}.`);
    const page = await first.text();
    const action = /<form method="post" action="([^"]+)"/.exec(page)?.[1];
    const transaction = /name="transaction" value="([^"]+)"/.exec(page)?.[1];
    if (action === undefined || transaction === undefined) throw new Error('The page has no consent form.');
    const answer = new URLSearchParams({ transaction, decision });
    for (const [, scope = ''] of page.matchAll(/type="checkbox" name="scope" value="([^"]+)" checked/g)) {
      answer.append('scope', scope);
    }
    return callback(await this.#open(new URL(action, url), answer));
  }

  async #open(url: string | URL, form?: URLSearchParams): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await this.#fetch(url, {
      method: form ? 'POST' : 'GET',
      headers: {
        ...(cookie && { cookie }),
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      body: form,
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    return response;
  }
}

function callback(response: Response): URL {
  if (response.status !== 303) throw new Error(`There is no redirect but ${response.status}.`);
  const url = new URL(response.headers.get('location') ?? '');
  const code = url.searchParams.get('code');
  if (code !== null) noteSecret(code);
  return url;
}
