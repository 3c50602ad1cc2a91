import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TrustedProxies } from '../certificates/certificate-source.js';
import type { Authenticator } from '../client-authentication/authenticator.js';
import type { ClientRegistry, RegisteredClient } from '../clients/client.js';
import type { ClientDirectory } from '../clients/stored/directory.js';
import type { OAuthError } from '../errors.js';
import type { OutcomeEvent } from '../events.js';
import type { Grant } from '../grants/grant.js';
import type { DeliverCode } from '../identity/deliver-code.js';
import type { SignedInUser } from '../identity/users.js';
import type { ProofVerifiers } from '../tokens/dpop/proof-verifiers.js';
import type { WorkspaceServices } from './services.js';

/** The absolute https URLs of a workspace's endpoints. */
export interface WorkspaceUrls {
  readonly token: string;
  readonly authorize: string;
  /** Pushed authorization requests (RFC 9126). */
  readonly par: string;
  /** Where the consent page posts to. */
  readonly consent: string;
  /** Our own login. */
  readonly login: string;
  /** Where the link in a mail leads. */
  readonly loginLink: string;
  /** RP-Initiated Logout 1.0. */
  readonly logout: string;
  /** What a person has allowed. */
  readonly consents: string;
  readonly userinfo: string;
  readonly introspect: string;
  readonly revoke: string;
  /** Where clients register themselves (RFC 7591). */
  readonly register: string;
  readonly jwks: string;
}

/** Endpoints that clients call, at the name that asks for certificates (RFC 8705 5). */
export type MtlsUrls = Pick<WorkspaceUrls, 'token' | 'par' | 'introspect' | 'revoke' | 'userinfo'>;

/** What is known when the host is asked for the person: by the authorization endpoint, and by the page of consents. */
export interface Interaction {
  /** Our own URL of this very request: where the host's sign-in page sends the browser back to. */
  readonly returnTo: string;
  /** Undefined where no client asks: on the page where people see what they have allowed. */
  readonly clientId: string | undefined;
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
export type AuthenticateUser = {
  // A method, not a function type: then a host may write it with the request and response types of Express.
  hook(
    request: IncomingMessage,
    response: ServerResponse,
    interaction: Interaction,
  ): Promise<SignedInUser | undefined> | SignedInUser | undefined;
}['hook'];

/** What a person is asked. */
export interface ConsentQuestion {
  /** Our own URL of this authorization request: where the host's page sends the browser back to. */
  readonly returnTo: string;
  readonly user: SignedInUser;
  readonly client: RegisteredClient;
  readonly scopes: readonly string[];
  readonly resources: readonly string[];
  /** OpenID Connect Core 3.1.2.1. `none`: no page may be shown, so answer undefined without replying. */
  readonly prompt: string | undefined;
}

/** What a person answered: the scopes they allow, all or some of those asked, or no. */
export type ConsentAnswer = { readonly allow: readonly string[] } | { readonly deny: true };

/**
 * The host's way to ask for consent. Resolves with the answer, or with undefined after having answered the request
 * itself (a redirect to a consent page, on the issuer's origin: browsers hold redirects after our own login's form
 * against its Content-Security-Policy). What is allowed is remembered for the person's page of consents.
 */
export type AskConsent = (
  request: IncomingMessage,
  response: ServerResponse,
  question: ConsentQuestion,
) => Promise<ConsentAnswer | undefined> | ConsentAnswer | undefined;

type NamelessOutcome = Omit<OutcomeEvent, 'issuer' | 'tenant' | 'workspace'>;

/** One issuer with its own policy, keys, clients and users, ready to serve. Nothing in it is made per request. */
export interface Workspace extends WorkspaceServices {
  /** The path of the issuer's URL, without a trailing slash: `` or `/acme/demo`. */
  readonly path: string;
  /** What its keys in the router's store begin with. */
  readonly storePrefix: string;
  readonly urls: WorkspaceUrls;
  /** Absent without a second name for mutual TLS. */
  readonly mtlsUrls: MtlsUrls | undefined;
  /** The WWW-Authenticate value of a failed client authentication. */
  readonly challenge: string;
  /** Origins whose scripts may read what clients are answered. */
  readonly corsOrigins: ReadonlySet<string>;
  /** Those of the configuration, and after them those in the store. */
  readonly clients: ClientRegistry;
  /** Adds, changes and removes the clients in the store. */
  readonly directory: ClientDirectory;
  readonly authenticator: Authenticator;
  readonly dpop: ProofVerifiers;
  readonly grants: ReadonlyMap<string, Grant>;
  /** The peers whose certificate headers count. */
  readonly proxies: TrustedProxies;
  /** Takes the place of our own login. */
  readonly authenticateUser: AuthenticateUser | undefined;
  /** Takes the place of our own consent page. */
  readonly askConsent: AskConsent | undefined;
  /** How our own login sends codes. */
  readonly deliverCode: DeliverCode | undefined;
  /** Tells what a request came to. `event` is asked only where somebody hears it. */
  emit(event: () => NamelessOutcome): void;
  /** Makes a failure one whose reply says why. Absent: none does. */
  readonly explain: ((failure: OAuthError, event: NamelessOutcome) => OAuthError) | undefined;
}
