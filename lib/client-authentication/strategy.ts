import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { Intermediates } from '../certificates/intermediates.js';
import type { TrustAnchors } from '../certificates/path-validation.js';
import type { RevocationCheck } from '../certificates/revocation/revocation-check.js';
import type { NamedSecret, RegisteredClient } from '../clients/client.js';
import type { OAuthError } from '../errors.js';
import type { WarningName } from '../events.js';
import type { Form } from '../http/form.js';
import type { Store } from '../stores/store.js';
import type { KnownChains } from './known-chains.js';

/** The parts of a request that client authentication may read. Made once per request, whatever mounted us. */
export interface ClientRequest {
  /** Every Authorization header, as sent. More than one is malformed. */
  readonly authorization: readonly string[];
  /** A header's values, by lower-case name. */
  header(name: string): readonly string[];
  /** The body's parameters: flat, empty values gone, none of the known ones repeated. */
  readonly form: Form;
  /** The certificate of this connection, or undefined (RFC 8705). */
  readonly certificate: ClientCertificate | undefined;
  /** Whose failures are counted together; undefined: nobody's. */
  readonly source?: string | undefined;
}

/**
 * What carries the proof. The first three exclude each other (RFC 6749 2.3): two in one request are refused.
 * `certificate` and `client_id` are what is left when none of those was sent. A method of your own names its own.
 */
export type Mechanism =
  | 'authorization'
  | 'client_secret'
  | 'client_assertion'
  | 'certificate'
  | 'client_id'
  | (string & Record<never, never>);

/** What `extract` found. Each strategy adds what its `verify` needs. */
export interface Evidence {
  /** The client the request claims to come from. Not proven yet. */
  readonly clientId: string;
}

/** What verification may use beside the evidence and the client. One per issuer, not per request. */
export interface AuthenticationContext {
  readonly issuer: string;
  /** Our own endpoint URLs that a client with `legacy_assertion_audience` may name as audience (RFC 10070 5). */
  readonly legacyAudiences: ReadonlySet<string>;
  /** The issuer's own part of the store. */
  readonly store: Store;
  /** JWS algorithms accepted in client assertions. `Ed25519` stands for `EdDSA` too (RFC 9864). */
  readonly signingAlgorithms: ReadonlySet<string>;
  /** Seconds, 0 to 60. */
  readonly clockTolerance: number;
  /** Whether the audience of an assertion may be a list of one (RFC 10070 4), beside a string. */
  readonly audienceLists: boolean;
  /** The only anchors tls_client_auth trusts, for clients without `trusted_cas` of their own. */
  readonly trustAnchors: TrustAnchors;
  /** What paths may lead through beside what clients send; those of a client come on top. */
  readonly intermediates: Intermediates;
  /** What certificates came with before, for those that a proxy passes on without it. */
  readonly knownChains: KnownChains;
  /** Whether certificates have been revoked; `undefined` where the issuer does not ask. */
  readonly revocation: RevocationCheck | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** Tells the operator about something accepted that should not last. */
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
}

/** What was proven, and with what. A certificate or secret that ends soon is told to the operator. */
export interface Verification {
  readonly certificate?: ClientCertificate;
  readonly secret?: NamedSecret;
}

/**
 * One client authentication method. `extract` reads the request and touches nothing else; `verify` judges what was
 * extracted and never sees the request.
 */
export interface ClientAuthenticationStrategy<E extends Evidence = Evidence> {
  /** The method's name: a value of `token_endpoint_auth_method`. */
  readonly name: string;
  readonly mechanism: Mechanism;
  /** Whether its credentials are remembered so that none works twice. Then production needs a real store. */
  readonly singleUse?: boolean;
  /** Body parameters it reads; sending one of them twice is refused. */
  readonly parameters?: readonly string[];
  /** Nothing (undefined), evidence, or an OAuthError when what is there is malformed. Must not throw. */
  extract(request: ClientRequest): E | OAuthError | undefined;
  /** Answers when the evidence proves the client; throws or rejects with OAuthError otherwise. */
  verify(
    evidence: E,
    client: RegisteredClient,
    context: AuthenticationContext,
  ): Promise<Verification | undefined> | Verification | undefined;
  /** Spends what `verify` would spend, for a client that does not exist, so that time does not tell (RFC 6749 10.10). */
  rehearse?(evidence: E, context: AuthenticationContext): Promise<void> | void;
}
