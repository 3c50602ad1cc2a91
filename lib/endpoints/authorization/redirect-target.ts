import type { RegisteredClient } from '../../clients/client.js';
import { redirectUriProblem } from '../../clients/redirect-uris.js';
import { OAuthError } from '../../errors.js';
import type { Form } from '../../http/form.js';
import type { Workspace } from '../../workspaces/workspace.js';

/** Where the answer of an authorization request goes. */
export interface Recipient {
  readonly client: RegisteredClient;
  readonly redirectUri: string;
  readonly redirectUriWasSent: boolean;
  /** As sent. Absent when it was sent twice: neither of the two is the one to echo. */
  readonly state: string | undefined;
}

/**
 * The client and its redirect URI. What fails here must be told to the person and never be redirected (RFC 6749
 * 4.1.2.1): `parameter_repeated`, `authorize_client_unknown`, `redirect_uri_unregistered`.
 */
export async function findRecipient(form: Form, workspace: Workspace): Promise<Recipient> {
  form.refuseRepeated(['client_id']);
  return recipientOf(form, await findActiveClient(form.get('client_id'), workspace));
}

/** The redirect URI of a client that is known. Throws `parameter_repeated`, `redirect_uri_unregistered`. */
export function recipientOf(form: Form, client: RegisteredClient): Recipient {
  form.refuseRepeated(['redirect_uri']);
  const sent = form.get('redirect_uri');
  const redirectUri = sent ?? onlyRedirectUri(form, client);
  if (redirectUri === undefined || !isRegistered(redirectUri, client.metadata.redirect_uris)) {
    throw new OAuthError('redirect_uri_unregistered', { detail: { client_id: client.id, redirect_uri: sent } });
  }
  const [state, ...others] = form.getAll('state');
  return {
    client,
    redirectUri,
    redirectUriWasSent: sent !== undefined,
    state: others.length === 0 ? state : undefined,
  };
}

/** Throws `authorize_client_unknown`, also for a client that is inactive. */
export async function findActiveClient(
  clientId: string | undefined,
  { clients }: Workspace,
): Promise<RegisteredClient> {
  const client = clientId === undefined ? undefined : await clients.find(clientId);
  if (client?.active) return client;
  throw new OAuthError('authorize_client_unknown', { detail: { client_id: clientId, inactive: client !== undefined } });
}

/**
 * Whether the URI is one of those registered, compared as strings (RFC 9700 4.1.3). The one exception is the port of a
 * loopback IP literal, which a native app learns only when it starts (RFC 8252 7.3).
 */
export function isRegistered(uri: string, registered: readonly string[]): boolean {
  if (redirectUriProblem(uri) !== undefined) return false;
  if (registered.includes(uri)) return true;
  const portless = withoutLoopbackPort(uri);
  return portless !== undefined && registered.some((candidate) => withoutLoopbackPort(candidate) === portless);
}

function withoutLoopbackPort(uri: string): string | undefined {
  const match = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?((?:[/?].*)?)$/.exec(uri);
  return match ? `${match[1]} ${match[2]}` : undefined;
}

/** RFC 6749 3.1.2.3 lets a client with one redirect URI leave it out; OpenID Connect Core 3.1.2.1 does not. */
function onlyRedirectUri(form: Form, { metadata }: RegisteredClient): string | undefined {
  const [only, ...others] = metadata.redirect_uris;
  const isOpenId = form.getAll('scope').some((scope) => scope.split(' ').includes('openid'));
  return others.length > 0 || isOpenId ? undefined : only;
}
