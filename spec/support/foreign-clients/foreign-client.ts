import type { KeyObject } from 'node:crypto';
import type { Browser } from '../browser.js';
import type { Certificate } from '../pki.js';

/** What a client holds to prove itself. */
export interface Credentials {
  readonly clientId: string;
  readonly method: string;
  readonly secret?: string;
  readonly key?: { readonly alg: string; readonly kid: string; readonly privateKey: KeyObject };
  readonly certificate?: Certificate;
  /** Claims that stand in the assertion instead of the right ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** One sign-in through the authorization code flow with PKCE, state and nonce. */
export interface SignIn {
  readonly browser: Browser;
  readonly redirectUri: string;
  readonly scope: string;
  readonly decision?: 'allow' | 'deny';
  /** The algorithm the client expects of its ID token. Default: RS256. */
  readonly idTokenAlg?: string;
  /** What happens to the callback URL before the client sees it. */
  readonly onCallback?: (url: URL) => URL;
  /** Sends this nonce and expects another one. */
  readonly wrongNonce?: string;
  /** Redeems the code with this verifier instead of the right one. */
  readonly wrongVerifier?: string;
}

export interface Tokens {
  readonly access_token: string;
  readonly token_type: string;
  readonly scope?: string;
  readonly id_token?: string;
}

/** What a client's own error object says: its class or code, and what it knows of the server's answer. */
export interface Refusal {
  readonly kind: string;
  readonly error: string | undefined;
}

/** A third-party client, driven by its own public interface. Every step that fails rejects with its own error. */
export interface ForeignClient {
  readonly name: string;
  /** The metadata as it read them, by either document. */
  discover(issuer: string, document: 'oidc' | 'oauth2'): Promise<Readonly<Record<string, unknown>>>;
  clientCredentials(issuer: string, credentials: Credentials, scope?: string): Promise<Tokens>;
  /** Resolves with the tokens and with the claims of the ID token, whose signature it has checked. */
  signIn(
    issuer: string,
    credentials: Credentials,
    signIn: SignIn,
  ): Promise<{ readonly tokens: Tokens; readonly claims: Readonly<Record<string, unknown>> }>;
  /** A GET with an access token. */
  callApi(
    issuer: string,
    credentials: Credentials,
    token: string,
    url: string,
  ): Promise<{ status: number; body: unknown }>;
  refusal(thrown: unknown): Refusal;
}
