import { type Answer, issuer, type LoginServer } from './login-flow.js';

export const requestUriPrefix = 'urn:ietf:params:oauth:request_uri:';

/** The URL of a pushed request, with more parameters that ought not to count. */
export function urlOfPushed(request_uri: string, more: Record<string, string> = {}, client_id = 'web'): string {
  return `${issuer}/oauth2/authorize?${new URLSearchParams({ client_id, request_uri, ...more })}`;
}

/** Status, the error of a redirect or that it is a page, and the private reason. */
export function outcomeOf(server: LoginServer, { status, parameters, location }: Answer): unknown[] {
  return [status, location === undefined ? 'page' : (parameters.error ?? 'redirect'), server.lastReason];
}

/** The outcome of a request that is refused on a page. */
export const onPage = (reason: string) => [400, 'page', reason];
