import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { RegisteredClient } from '../clients/client.js';
import type { Form } from '../http/form.js';
import type { IssuedTokens } from '../tokens/token-issuer.js';
import type { WorkspaceServices } from '../workspaces/services.js';

/** A token request after client authentication. A grant never sees HTTP. */
export interface TokenRequest {
  readonly client: RegisteredClient;
  /** The method the client authenticated with: `none` for a public client. */
  readonly method: string;
  /** Only the parameters the grant named, plus `scope` and `resource`. */
  readonly parameters: Form;
  /** The one `resource` it names, which the workspace serves: hand it to `mint`, or refuse it (RFC 8707 2.2). */
  readonly resource?: string | undefined;
  /** When it came, in milliseconds since 1970: hand it to `mint` as `asOf`. */
  readonly receivedAt: number;
  /** The certificate of the connection, for bound tokens (RFC 8705 3). */
  readonly certificate: ClientCertificate | undefined;
  /** The key of its DPoP proof, for bound tokens: base64url thumbprint (RFC 9449 5). */
  readonly jkt: string | undefined;
}

/** What one grant_type needs. `V` is what `validate` hands to `issue`. */
export interface Grant<V = unknown> {
  readonly grantType: string;
  /** The body parameters it reads beside `scope` and `resource`. */
  readonly parameters: readonly string[];
  /** Checks that cost the caller nothing to retry. Has no side effect; rejects with OAuthError. */
  validate(request: TokenRequest, workspace: WorkspaceServices): Promise<V> | V;
  /** Uses up what is single-use, then answers what `workspace.tokens.mint` gave; rejects with OAuthError. */
  issue(request: TokenRequest, validated: V, workspace: WorkspaceServices): Promise<IssuedTokens>;
}
