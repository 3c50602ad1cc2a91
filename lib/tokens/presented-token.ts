import type { IncomingMessage } from 'node:http';
import { OAuthError } from '../errors.js';

/** RFC 6750 2.1, RFC 9449 7.1: the scheme and a b64token or token68. */
const credentials = /^(Bearer|DPoP) +([A-Za-z0-9\-._~+/]+=*)$/i;

/** An access token as it came. */
export interface PresentedToken {
  readonly value: string;
  /** `DPoP`: beside a proof, in the Authorization header alone (RFC 9449 7.1). */
  readonly scheme: 'Bearer' | 'DPoP';
}

/**
 * The access token of a request: from the Authorization header, or from a body that a form parser has read already
 * (RFC 6750 2.1, 2.2): `body`, which is the request's own unless an endpoint has read it. Never from the query (RFC
 * 9700 4.3.2), never from the stream. Throws `token_missing`, `token_malformed` or `token_in_several_places`.
 */
export function presentedToken(
  request: IncomingMessage & { readonly body?: unknown },
  body: unknown = request.body,
): PresentedToken {
  const headers = request.headersDistinct.authorization ?? [];
  const inBody = bodyToken(request, body);
  if (headers.length > 1 || (headers.length === 1 && inBody !== undefined))
    throw new OAuthError('token_in_several_places');
  const [header] = headers;
  if (header === undefined) {
    if (inBody !== undefined) return { value: inBody, scheme: 'Bearer' };
    throw new OAuthError('token_missing');
  }
  const [, , value] = credentials.exec(header) ?? [];
  if (value !== undefined) return { value, scheme: /^DPoP/i.test(header) ? 'DPoP' : 'Bearer' };
  throw new OAuthError(/^(Bearer|DPoP)\b/i.test(header) ? 'token_malformed' : 'token_missing');
}

function bodyToken({ method, headers }: IncomingMessage, body: unknown): string | undefined {
  // RFC 6750 2.2: only where the method gives the body a meaning.
  if (method === 'GET' || method === 'HEAD') return undefined;
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers['content-type'] ?? '');
  if (!isForm || typeof body !== 'object' || body === null || !Object.hasOwn(body, 'access_token')) return undefined;
  const { access_token: token } = body as { access_token: unknown };
  if (typeof token !== 'string') throw new OAuthError('token_in_several_places');
  return token === '' ? undefined : token;
}
