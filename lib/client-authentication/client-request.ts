import type { IncomingMessage } from 'node:http';
import type { ClientCertificate } from '../certificates/client-certificate.js';
import { OAuthError } from '../errors.js';
import type { Form } from '../http/form.js';
import type { ClientRequest } from './strategy.js';

/** The client's view of a Node request. Uses nothing that Express adds but `originalUrl`. */
export function clientRequest(
  message: IncomingMessage,
  form: Form,
  certificate: ClientCertificate | undefined,
  source?: string,
): ClientRequest {
  refuseCredentialsInQuery(message);
  const header = (name: string) => headerValues(message, name);
  return { authorization: header('authorization'), header, form, certificate, source };
}

// `headers` hides a second Authorization and joins other duplicates, so the raw list is read.
function headerValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const candidate = rawHeaders[index] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name)
      values.push(rawHeaders[index + 1] as string);
  }
  return values;
}

/** RFC 6749 2.3.1: credentials must not be in the URI. What is there has leaked into logs already. */
function refuseCredentialsInQuery(message: IncomingMessage & { readonly originalUrl?: string }): void {
  const url = message.originalUrl ?? message.url ?? '';
  const question = url.indexOf('?');
  if (question === -1) return;
  const query = new URLSearchParams(url.slice(question));
  for (const parameter of ['client_secret', 'client_assertion']) {
    if (query.has(parameter)) throw new OAuthError('credentials_in_query', { detail: { parameter } });
  }
}
