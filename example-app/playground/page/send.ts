import type { Outcome, PlaygroundFacts, Reply, SendOrder } from '../facts.js';
import type { Pair } from './authentication.js';
import { formOf, type TokenRequest } from './token-request.js';

/** Where the page's own paths begin, from where this module lies. */
const own = new URL('../../../', import.meta.url);

/** Of a Basic challenge the browser would make a password box. */
const quiet = { credentials: 'omit', cache: 'no-store', redirect: 'error' } as const satisfies RequestInit;

/** What the page knows of the server. */
export async function loadFacts(): Promise<PlaygroundFacts> {
  const response = await fetch(new URL('facts', own), quiet);
  if (!response.ok) throw new Error(`The page cannot be filled: ${response.status}`);
  return response.json();
}

/** Sends a request by itself or through the server. Resolves with the reply, of two the second. */
export async function send(request: TokenRequest): Promise<Reply> {
  if (request.twice) await sendOnce(request);
  return sendOnce(request);
}

function sendOnce(request: TokenRequest): Promise<Reply> {
  return request.sender === 'server' ? sendByServer(request) : sendByBrowser(request);
}

async function sendByBrowser(request: TokenRequest): Promise<Reply> {
  const headers = request.headers.map(([name, value]): [string, string] => [name, value]);
  return read(await fetch(request.url, { ...quiet, method: 'POST', headers, body: formOf(request) }));
}

async function sendByServer(request: TokenRequest): Promise<Reply> {
  const header = (wanted: string) => request.headers.find(([name]) => name === wanted)?.[1];
  const [authorization, dpop] = [header('Authorization'), header('DPoP')];
  const order: SendOrder = {
    url: request.url,
    certificate: request.certificate,
    ...(authorization !== undefined && { authorization }),
    ...(dpop !== undefined && { dpop }),
    body: formOf(request),
  };
  const response = await fetch(new URL('send', own), {
    ...quiet,
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(order),
  });
  if (!response.ok) throw new Error(`The server did not send it: ${response.status}`);
  return response.json();
}

/** Posts a form. Rejects when the answer is no success. */
export async function postForm(
  url: string,
  form: Readonly<Record<string, string>>,
  headers: readonly Pair[] = [],
): Promise<Record<string, unknown>> {
  const pairs = headers.map(([name, value]): [string, string] => [name, value]);
  return success(await fetch(url, { ...quiet, method: 'POST', headers: pairs, body: new URLSearchParams(form) }));
}

/** Posts JSON with a bearer token. Rejects when the answer is no success. */
export async function postJson(url: string, token: string, body: unknown): Promise<Record<string, unknown>> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  return success(await fetch(url, { ...quiet, method: 'POST', headers, body: JSON.stringify(body) }));
}

/** What the server says of a request; undefined when it knows nothing. */
export async function outcomeOf({ headers }: Reply): Promise<Outcome | undefined> {
  const id = headers.find(([name]) => name.toLowerCase() === 'x-correlation-id')?.[1];
  if (id === undefined) return undefined;
  const response = await fetch(new URL(`outcomes/${encodeURIComponent(id)}`, own), quiet);
  return response.ok ? response.json() : undefined;
}

async function success(response: Response): Promise<Record<string, unknown>> {
  if (!response.ok) throw new Error(`${new URL(response.url).pathname} answered ${response.status}`);
  return response.json();
}

async function read(response: Response): Promise<Reply> {
  return { status: response.status, headers: [...response.headers], body: await response.text() };
}
