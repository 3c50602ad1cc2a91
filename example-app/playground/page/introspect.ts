import { credentials } from './authentication.js';
import { hasCertificate } from './mistakes.js';
import { postForm } from './send.js';
import type { TokenRequest } from './token-request.js';

/** Whether the client of a request may ask what tokens say (RFC 7662 2.1), and can: the server sends no such request. */
export function mayIntrospect({ choices: { client, method } }: TokenRequest): boolean {
  return client.scope.split(' ').includes('introspect_tokens') && !hasCertificate(method);
}

/** What the server says of a token (RFC 7662 2.2). Rejects when it says nothing. */
export async function introspect({ choices }: TokenRequest, token: string): Promise<Readonly<Record<string, unknown>>> {
  const { headers, parameters } = await credentials({ ...choices, mistakes: new Set() });
  const form = Object.fromEntries([['token', token], ...parameters]);
  return postForm(`${choices.workspace.issuer}/oauth2/introspect`, form, headers);
}
