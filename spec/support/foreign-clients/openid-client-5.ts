import { Agent } from 'node:https';
import { type Client, type ClientAuthMethod, custom, errors, generators, Issuer } from 'openid-client-5';
import { ca } from '../methods.js';
import type { Credentials, ForeignClient, Tokens } from './foreign-client.js';

// An agent of its own, whose connections do not outlive a request: the global one would keep those of closed servers.
custom.setHttpOptionsDefaults({ ca: ca.cert, agent: new Agent({ keepAlive: false }) });

function wellKnown(issuer: string, document: 'oidc' | 'oauth2'): string {
  if (document === 'oidc') return `${issuer}/.well-known/openid-configuration`;
  const { origin, pathname } = new URL(issuer);
  return `${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`;
}

async function configure(
  issuer: string,
  { clientId, method, secret, key, certificate }: Credentials,
  idTokenAlg?: string,
): Promise<Client> {
  const server = await Issuer.discover(issuer);
  const client = new server.Client(
    {
      client_id: clientId,
      client_secret: secret,
      token_endpoint_auth_method: method as ClientAuthMethod,
      token_endpoint_auth_signing_alg: key?.alg,
      response_types: ['code'],
      ...(idTokenAlg !== undefined && { id_token_signed_response_alg: idTokenAlg }),
    },
    key && {
      keys: [
        { ...(key.privateKey.export({ format: 'jwk' }) as { kty: string }), kid: key.kid, alg: key.alg, use: 'sig' },
      ],
    },
  );
  if (certificate) client[custom.http_options] = () => ({ cert: certificate.cert, key: certificate.key });
  return client;
}

/** openid-client 5. It knows Ed25519 by the name EdDSA alone. */
export const openidClient5: ForeignClient = {
  name: 'openid-client 5',

  async discover(issuer, document) {
    const { metadata } = await Issuer.discover(wellKnown(issuer, document));
    if (metadata.issuer !== issuer) throw new TypeError(`the issuer is ${metadata.issuer}`);
    return metadata;
  },

  async clientCredentials(issuer, credentials, scope) {
    const client = await configure(issuer, credentials);
    const tokens = await client.grant(
      { grant_type: 'client_credentials', ...(scope !== undefined && { scope }) },
      { clientAssertionPayload: credentials.claims },
    );
    return tokens as unknown as Tokens;
  },

  async signIn(issuer, credentials, { browser, redirectUri, scope, onCallback = (url) => url, ...options }) {
    const client = await configure(issuer, credentials, options.idTokenAlg);
    const verifier = generators.codeVerifier();
    const [state, nonce] = [generators.state(), generators.nonce()];
    const url = client.authorizationUrl({
      redirect_uri: redirectUri,
      scope,
      state,
      nonce: options.wrongNonce ?? nonce,
      code_challenge: generators.codeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const callback = onCallback(await browser.authorize(url, options.decision));
    const tokens = await client.callback(redirectUri, client.callbackParams(callback.href), {
      state,
      nonce,
      code_verifier: options.wrongVerifier ?? verifier,
      response_type: 'code',
    });
    return { tokens: tokens as unknown as Tokens, claims: { ...tokens.claims() } };
  },

  async callApi(issuer, credentials, token, url) {
    const client = await configure(issuer, credentials);
    const { statusCode = 0, body } = await client.requestResource(url, token);
    return { status: statusCode, body: JSON.parse(String(body)) };
  },

  refusal(thrown) {
    if (thrown instanceof errors.OPError) return { kind: 'OPError', error: thrown.error };
    if (thrown instanceof errors.RPError) return { kind: 'RPError', error: undefined };
    return { kind: String(thrown), error: undefined };
  },
};
