import { type AuthenticatedOptions, authenticated, showCertificate } from './authenticated.js';
import type { TestClient } from './client.js';
import type { DpopKey } from './dpop-key.js';
import { addParameters, type TestRequest, trustsOverTls } from './request.js';

/** A request of supertest that can be awaited. */
export type AwaitedRequest = TestRequest &
  PromiseLike<{ readonly status: number; readonly body: unknown; readonly headers: unknown }>;

/** What kind of token to ask for. */
export interface AccessTokenOptions extends AuthenticatedOptions {
  /** Binds the token to this key (RFC 9449). */
  readonly dpop?: DpopKey;
  /** The `DPoP-Nonce` of an earlier reply. */
  readonly nonce?: string;
  readonly scope?: string;
  /** The API it is for (RFC 8707). */
  readonly resource?: string;
  /** Default: `client_credentials`. */
  readonly grant_type?: string;
  /** Further form parameters, such as `code`. */
  readonly parameters?: Readonly<Record<string, string>>;
}

/** An access token, and who may use it. */
export interface TestAccessToken {
  readonly access_token: string;
  /** `Bearer` or `DPoP`. */
  readonly token_type: string;
  readonly client: TestClient;
  readonly dpop?: DpopKey;
}

/** How a token is shown to an API. */
export interface AuthorizedOptions extends AuthenticatedOptions {
  /** The public origin of the API, `url` of `protectResource`, for DPoP proofs. Default: the origin of the issuer. */
  readonly url?: string;
  /** The `DPoP-Nonce` of an earlier reply. */
  readonly nonce?: string;
}

/**
 * Asks the token endpoint for an access token: `accessToken(request(app).post('/oauth2/token'), client)`. A client
 * with a certificate shows it, so that its token is bound where it registered that. Rejects with an Error that has
 * status, `error` and correlation id when the answer is no token.
 */
export async function accessToken(
  request: AwaitedRequest,
  client: TestClient,
  options: AccessTokenOptions = {},
): Promise<TestAccessToken> {
  const { dpop, nonce, scope, resource, grant_type = 'client_credentials', parameters } = options;
  addParameters(request, { grant_type, ...(scope && { scope }), ...(resource && { resource }), ...parameters });
  if (dpop) request.set('DPoP', proofFor(request, dpop, { url: client.issuer, ...(nonce && { nonce }) }));
  const { status, body, headers } = await authenticated(request, client, options);
  const { access_token, token_type, error } = body as Readonly<Record<string, string | undefined>>;
  if (access_token === undefined || token_type === undefined) {
    const id = (headers as Readonly<Record<string, string>>)['x-correlation-id'];
    throw new Error(
      `No access token for ${client.client_id}: ${status} ${error}, correlation id ${id}. The event says why: give the app onEvent: (event) => console.error(eventLine(event))`,
    );
  }
  return { access_token, token_type, client, ...(dpop && { dpop }) };
}

/**
 * The same request with an access token: `Authorization`, a DPoP proof for a token bound to a key, and the client's
 * certificate over TLS or through `proxy`.
 */
export function authorized<R extends TestRequest>(
  request: R,
  token: TestAccessToken,
  options: AuthorizedOptions = {},
): R {
  const { access_token: accessToken, token_type, client, dpop } = token;
  const { url = client.issuer, nonce } = options;
  trustsOverTls(request);
  showCertificate(request, client, options);
  request.set('Authorization', `${token_type} ${accessToken}`);
  if (dpop) request.set('DPoP', proofFor(request, dpop, { url, accessToken, ...(nonce && { nonce }) }));
  return request;
}

interface ProofDetails {
  readonly url: string;
  readonly accessToken?: string;
  readonly nonce?: string;
}

/** The path is that of the request; where the server is reached by the public is only in its configuration. */
function proofFor({ method, url: sent }: TestRequest, key: DpopKey, { url, ...details }: ProofDetails): string {
  return key.proof({ method, url: new URL(url).origin + new URL(sent).pathname, ...details });
}
