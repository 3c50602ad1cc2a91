import { importPKCS8 } from 'jose';
import * as oauth from 'oauth4webapi';
import { ca } from '../methods.js';
import { trustingFetch } from '../trusting-fetch.js';
import type { Credentials, ForeignClient, Tokens } from './foreign-client.js';

export async function authentication({ method, secret = '', key, claims }: Credentials): Promise<oauth.ClientAuth> {
  const modify = {
    [oauth.modifyAssertion](header: Record<string, unknown>, payload: Record<string, unknown>) {
      if (key) header.alg = key.alg;
      Object.assign(payload, claims);
    },
  } as oauth.ModifyAssertionOptions;
  if (method === 'client_secret_basic') return oauth.ClientSecretBasic(secret);
  if (method === 'client_secret_post') return oauth.ClientSecretPost(secret);
  if (method === 'client_secret_jwt') return oauth.ClientSecretJwt(secret, modify);
  if (method === 'none') return oauth.None();
  if (!key) return oauth.TlsClientAuth();
  const pem = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return oauth.PrivateKeyJwt({ key: (await importPKCS8(pem, key.alg)) as oauth.CryptoKey, kid: key.kid }, modify);
}

export function fetching({ certificate }: Pick<Credentials, 'certificate'>) {
  return { [oauth.customFetch]: trustingFetch({ ca: ca.cert, certificate }) };
}

export async function readMetadata(issuer: string, algorithm: 'oidc' | 'oauth2' = 'oauth2') {
  const url = new URL(issuer);
  return oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, { algorithm, ...fetching({}) }));
}

/** oauth4webapi 3. */
export const oauth4webapi: ForeignClient = {
  name: 'oauth4webapi',

  async discover(issuer, document) {
    return { ...(await readMetadata(issuer, document)) };
  },

  async clientCredentials(issuer, credentials, scope) {
    const server = await readMetadata(issuer);
    const client = { client_id: credentials.clientId };
    const response = await oauth.clientCredentialsGrantRequest(
      server,
      client,
      await authentication(credentials),
      { ...(scope !== undefined && { scope }) },
      fetching(credentials),
    );
    return (await oauth.processClientCredentialsResponse(server, client, response)) as Tokens;
  },

  async signIn(issuer, credentials, { browser, redirectUri, scope, onCallback = (url) => url, ...options }) {
    const server = await readMetadata(issuer);
    const client = { client_id: credentials.clientId, id_token_signed_response_alg: options.idTokenAlg };
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const url = new URL(server.authorization_endpoint ?? '');
    url.search = new URLSearchParams({
      client_id: client.client_id,
      response_type: 'code',
      redirect_uri: redirectUri,
      scope,
      state,
      nonce: options.wrongNonce ?? nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    }).toString();
    const callback = onCallback(await browser.authorize(url, options.decision));
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      await authentication(credentials),
      oauth.validateAuthResponse(server, client, callback, state),
      redirectUri,
      options.wrongVerifier ?? verifier,
      fetching(credentials),
    );
    const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, fetching(credentials));
    return { tokens: tokens as Tokens, claims: { ...oauth.getValidatedIdTokenClaims(tokens) } };
  },

  async callApi(_issuer, credentials, token, url) {
    try {
      const response = await oauth.protectedResourceRequest(
        token,
        'GET',
        new URL(url),
        new Headers(),
        null,
        fetching(credentials),
      );
      return { status: response.status, body: await response.json() };
    } catch (thrown) {
      if (!(thrown instanceof oauth.WWWAuthenticateChallengeError)) throw thrown;
      return { status: thrown.status, body: thrown.cause[0]?.parameters };
    }
  },

  refusal(thrown) {
    if (thrown instanceof oauth.WWWAuthenticateChallengeError) {
      return { kind: 'WWWAuthenticateChallengeError', error: thrown.cause[0]?.parameters.error };
    }
    if (thrown instanceof oauth.ResponseBodyError) return { kind: 'ResponseBodyError', error: thrown.error };
    if (thrown instanceof oauth.AuthorizationResponseError) {
      return { kind: 'AuthorizationResponseError', error: thrown.error };
    }
    return { kind: String((thrown as { code?: string }).code ?? thrown), error: undefined };
  },
};
