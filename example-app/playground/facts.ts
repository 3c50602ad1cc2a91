// The page reads this, too: it must import nothing.

/** The client authentication methods the page can build. */
export const methods = [
  'client_secret_basic',
  'client_secret_post',
  'client_secret_jwt',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'none',
] as const;
export type Method = (typeof methods)[number];

/** The grants the page can ask by. */
export const grants = [
  'client_credentials',
  'authorization_code',
  'refresh_token',
  'password',
  'tls_client_auth',
] as const;
export type GrantType = (typeof grants)[number];

/** What the page knows of the server. All secrets in it are those of the demo. */
export interface PlaygroundFacts {
  /** Where codes come back to. */
  readonly redirectUri: string;
  /** Absolute path of the authority's certificate. */
  readonly authorityPath: string;
  readonly workspaces: readonly WorkspaceFacts[];
  readonly certificates: readonly CertificateFacts[];
  readonly person: PersonFacts;
}

export interface WorkspaceFacts {
  readonly name: string;
  readonly issuer: string;
  readonly clients: readonly ClientFacts[];
}

export interface ClientFacts {
  readonly clientId: string;
  readonly method: Method;
  readonly grants: readonly string[];
  readonly redirectUris: readonly string[];
  /** As registered. */
  readonly scope: string;
  readonly secret?: string;
  /** PKCS#8 PEM, P-256, with where it lies (absolute) and its `kid`. */
  readonly key?: { readonly pem: string; readonly path: string; readonly kid: string };
  /** The name of its certificate. */
  readonly certificate?: string;
}

/** A certificate that the server can show for the page. */
export interface CertificateFacts {
  readonly name: string;
  readonly label: string;
  /** Absolute paths. */
  readonly certificate: string;
  readonly key: string;
}

/** The person of the demo, and who may generate one-time codes for them. */
export interface PersonFacts {
  readonly address: string;
  readonly generateCodeUrl: string;
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** A request that the server sends for the page, over a connection with a client certificate. */
export interface SendOrder {
  readonly url: string;
  /** The name of a certificate; empty: none. */
  readonly certificate: string;
  readonly authorization?: string;
  readonly dpop?: string;
  /** A form. */
  readonly body: string;
}

/** What was answered. */
export interface Reply {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** What the server says of a request of the page. */
export interface Outcome {
  readonly event: Readonly<Record<string, unknown>>;
  /** Present when it failed. */
  readonly explanation?: {
    readonly reason?: string;
    readonly error?: string;
    readonly happened?: string;
    readonly remedy?: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  };
}
