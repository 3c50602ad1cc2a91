import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';

/** Name and value. */
export type Field = [name: string, value: string];

/** A form of a page. */
export interface PageForm {
  /** Absolute URL. */
  readonly action: string;
  readonly fields: readonly Field[];
  /** Its named buttons, of which a browser sends the one that was pressed. */
  readonly buttons: readonly Field[];
  /** The form's markup, to tell forms apart. */
  readonly text: string;
}

/** What a request brought. */
export interface Page {
  readonly url: string;
  readonly status: number;
  /** Absolute URL of a redirect, which is not followed. */
  readonly location: string | undefined;
  readonly forms: readonly PageForm[];
}

/** The little of a browser that signing in takes: cookies and forms. It trusts one authority. */
export class Browser {
  readonly #authority: string;
  readonly #cookies = new Map<string, string>();

  /** `authority`: PEM. */
  constructor(authority: string) {
    this.#authority = authority;
  }

  get(url: string): Promise<Page> {
    return this.#send(url, 'GET', undefined, {});
  }

  submit(page: Page, form: PageForm, button: Field | undefined): Promise<Page> {
    const sent = button ? [...form.fields, button] : form.fields;
    const body = new URLSearchParams(sent);
    return this.#send(form.action, 'POST', body.toString(), {
      'content-type': 'application/x-www-form-urlencoded',
      origin: new URL(page.url).origin,
      'sec-fetch-site': 'same-origin',
    });
  }

  #send(url: string, method: string, body: string | undefined, headers: Record<string, string>): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const all = { accept: 'text/html', ...headers, ...(cookie !== '' && { cookie }) };
    return new Promise((resolve, reject) => {
      const sent = request(url, { method, ca: this.#authority, headers: all, agent: false }, (response) => {
        this.#remember(response);
        readPage(url, response).then(resolve, reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  #remember(response: IncomingMessage): void {
    for (const header of response.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
      this.#cookies.set(name, value);
    }
  }
}

async function readPage(url: string, response: IncomingMessage): Promise<Page> {
  let html = '';
  response.setEncoding('utf8');
  for await (const chunk of response) html += chunk;
  const { location } = response.headers;
  return {
    url,
    status: response.statusCode ?? 0,
    location: location === undefined ? undefined : new URL(location, url).href,
    forms: [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)].map(([text, head = '', inner = '']) => ({
      action: new URL(attributes(head).get('action') ?? '', url).href,
      fields: controls(inner, 'input'),
      buttons: controls(inner, 'button'),
      text,
    })),
  };
}

function controls(inner: string, tag: 'input' | 'button'): Field[] {
  return [...inner.matchAll(new RegExp(`<${tag}\\b([^>]*)>`, 'gi'))].flatMap(([, markup = '']) => {
    const found = attributes(markup);
    const name = found.get('name');
    return name === undefined ? [] : [[name, found.get('value') ?? ''] satisfies Field];
  });
}

function attributes(markup: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', value = ''] of markup.matchAll(/([\w-]+)\s*=\s*"([^"]*)"/g)) {
    found.set(name.toLowerCase(), unescapeHtml(value));
  }
  return found;
}

function unescapeHtml(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex?: string, decimal?: string, name = '') => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return named[name] ?? whole;
  });
}
