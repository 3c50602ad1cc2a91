import { importPKCS8 } from 'jose';
import * as client from 'openid-client';
import { ca } from '../methods.js';
import { trustingFetch } from '../trusting-fetch.js';
import type { Credentials, ForeignClient, Tokens } from './foreign-client.js';

export async function authentication({ method, secret, key, claims }: Credentials): Promise<client.ClientAuth> {
  const modify = {
    [client.modifyAssertion](header: Record<string, unknown>, payload: Record<string, unknown>) {
      if (key) header.alg = key.alg;
      Object.assign(payload, claims);
    },
  };
  if (method === 'client_secret_basic') return client.ClientSecretBasic(secret);
  if (method === 'client_secret_post') return client.ClientSecretPost(secret);
  if (method === 'client_secret_jwt') return client.ClientSecretJwt(secret, modify as client.ModifyAssertionOptions);
  if (method === 'none') return client.None();
  if (!key) return client.TlsClientAuth();
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const imported = await importPKCS8(pem, key.alg);
  return client.PrivateKeyJwt(
    { key: imported as client.CryptoKey, kid: key.kid },
    modify as client.ModifyAssertionOptions,
  );
}

export async function configure(
  issuer: string,
  credentials: Credentials,
  {
    algorithm = 'oidc',
    idTokenAlg,
    ...more
  }: { algorithm?: 'oidc' | 'oauth2'; idTokenAlg?: string; use_mtls_endpoint_aliases?: boolean } = {},
): Promise<client.Configuration> {
  const metadata = { ...more, ...(idTokenAlg !== undefined && { id_token_signed_response_alg: idTokenAlg }) };
  return client.discovery(new URL(issuer), credentials.clientId, metadata, await authentication(credentials), {
    algorithm,
    [client.customFetch]: trustingFetch({ ca: ca.cert, certificate: credentials.certificate }) as client.CustomFetch,
    execute: [client.enableNonRepudiationChecks],
  });
}

/** openid-client 6. */
export const openidClient6: ForeignClient = {
  name: 'openid-client 6',

  async discover(issuer, document) {
    const configuration = await configure(issuer, { clientId: 'any', method: 'none' }, { algorithm: document });
    return { ...configuration.serverMetadata() };
  },

  async clientCredentials(issuer, credentials, scope) {
    return client.clientCredentialsGrant(await configure(issuer, credentials), {
      ...(scope !== undefined && { scope }),
    }) as unknown as Promise<Tokens>;
  },

  async signIn(issuer, credentials, { browser, redirectUri, scope, onCallback = (url) => url, ...options }) {
    const configuration = await configure(issuer, credentials, { idTokenAlg: options.idTokenAlg });
    const verifier = client.randomPKCECodeVerifier();
    const [state, nonce] = [client.randomState(), client.randomNonce()];
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope,
      state,
      nonce: options.wrongNonce ?? nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const tokens = await client.authorizationCodeGrant(
      configuration,
      onCallback(await browser.authorize(url, options.decision)),
      {
        pkceCodeVerifier: options.wrongVerifier ?? verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      },
    );
    return { tokens: tokens as unknown as Tokens, claims: { ...tokens.claims() } };
  },

  async callApi(issuer, credentials, token, url) {
    const configuration = await configure(issuer, credentials);
    try {
      const response = await client.fetchProtectedResource(configuration, token, new URL(url), 'GET');
      return { status: response.status, body: await response.json() };
    } catch (thrown) {
      if (!(thrown instanceof client.WWWAuthenticateChallengeError)) throw thrown;
      return { status: thrown.status, body: thrown.cause[0]?.parameters };
    }
  },

  refusal(thrown) {
    if (thrown instanceof client.WWWAuthenticateChallengeError) {
      return { kind: 'WWWAuthenticateChallengeError', error: thrown.cause[0]?.parameters.error };
    }
    if (thrown instanceof client.ResponseBodyError) return { kind: 'ResponseBodyError', error: thrown.error };
    if (thrown instanceof client.AuthorizationResponseError) {
      return { kind: 'AuthorizationResponseError', error: thrown.error };
    }
    return { kind: String((thrown as client.ClientError).code ?? thrown), error: undefined };
  },
};
