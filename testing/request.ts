import { authority } from './certificates.js';

/** What is used of a request of supertest or superagent. */
export interface TestRequest {
  readonly method: string;
  readonly url: string;
  set(field: string, value: string): unknown;
  type(name: string): unknown;
  send(data: string | object): unknown;
  ca(pem: string): unknown;
  cert(pem: string): unknown;
  key(pem: string): unknown;
}

/** What superagent has been told so far; it offers no other way to ask. */
type Told = TestRequest & { readonly _data?: unknown; readonly _ca?: unknown };

/** Adds form parameters to what was sent so far. */
export function addParameters(request: TestRequest, parameters: Readonly<Record<string, string>>): void {
  request.type('form');
  const { _data: sent } = request as Told;
  // superagent joins text with text and objects with objects; of two kinds it would drop one.
  request.send(typeof sent === 'string' ? new URLSearchParams(parameters).toString() : parameters);
}

/** Whether the request goes over TLS; then the authority of these helpers is trusted, unless another one was named. */
export function trustsOverTls(request: TestRequest): boolean {
  if (!request.url.startsWith('https:')) return false;
  if ((request as Told)._ca === undefined) request.ca(authority.cert);
  return true;
}
