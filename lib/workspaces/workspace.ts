import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TrustedProxies } from '../certificates/certificate-source.js';
import type { Authenticator } from '../client-authentication/authenticator.js';
import type { ClientRegistry } from '../clients/client.js';
import type { OutcomeEvent } from '../events.js';
import type { Grant } from '../grants/grant.js';
import type { SignedInUser } from '../identity/users.js';
import type { WorkspaceServices } from './services.js';

/** The absolute https URLs of a workspace's endpoints. */
export interface WorkspaceUrls {
  readonly token: string;
  readonly authorize: string;
  /** Where the consent page posts to. */
  readonly consent: string;
  readonly jwks: string;
}

/** What the authorization endpoint knows when it asks the host for the person. */
export interface Interaction {
  /** Our own URL of this authorization request: where the host's sign-in page sends the browser back to. */
  readonly returnTo: string;
  readonly clientId: string;
  readonly issuer: string;
  /** OpenID Connect Core 3.1.2.1, as sent. `none`: no page may be shown, so answer undefined without replying. */
  readonly prompt: string | undefined;
  readonly loginHint: string | undefined;
  /** Seconds. */
  readonly maxAge: number | undefined;
}

/**
 * The host's way to know the person at the browser. Resolves with the person, or with undefined after having answered
 * the request itself (a redirect to a sign-in page). Undefined without an answer means that nobody is signed in.
 */
export type AuthenticateUser = (
  request: IncomingMessage,
  response: ServerResponse,
  interaction: Interaction,
) => Promise<SignedInUser | undefined> | SignedInUser | undefined;

/** One issuer with its own policy, keys, clients and users, ready to serve. Nothing in it is made per request. */
export interface Workspace extends WorkspaceServices {
  /** The path of the issuer's URL, without a trailing slash: `` or `/acme/demo`. */
  readonly path: string;
  readonly urls: WorkspaceUrls;
  /** The WWW-Authenticate value of a failed client authentication. */
  readonly challenge: string;
  readonly clients: ClientRegistry;
  readonly authenticator: Authenticator;
  readonly grants: ReadonlyMap<string, Grant>;
  /** The peers whose certificate headers count. */
  readonly proxies: TrustedProxies;
  readonly authenticateUser: AuthenticateUser | undefined;
  emit(event: Omit<OutcomeEvent, 'issuer' | 'tenant' | 'workspace'>): void;
}
