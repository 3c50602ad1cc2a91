import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import type { Browser } from '../browser.js';
import { ca } from '../methods.js';
import { trustingFetch } from '../trusting-fetch.js';
import type { Credentials, Tokens } from './foreign-client.js';
import * as foreign from './oauth4webapi.js';
import { authentication } from './openid-client-6.js';

export interface DpopTokens extends Tokens {
  readonly refresh_token?: string;
}

export interface DpopSignIn {
  readonly browser: Browser;
  readonly redirectUri: string;
  readonly scope: string;
  /** Whether the request is pushed first, with a proof (RFC 9449 10.1). */
  readonly pushed: boolean;
}

/** A third-party client with a DPoP key of its own, which follows demands for nonces by itself. */
export interface DpopClient {
  signIn(signIn: DpopSignIn): Promise<DpopTokens>;
  refresh(token: string): Promise<DpopTokens>;
  clientCredentials(scope: string): Promise<DpopTokens>;
  userInfo(token: string, subject: string): Promise<Readonly<Record<string, unknown>>>;
  callApi(token: string, url: string): Promise<{ status: number; body: unknown }>;
  thumbprint(): Promise<string>;
}

export type DpopClientMaker = (issuer: string, credentials: Credentials, alg: string) => Promise<DpopClient>;

export const openidClientWithDpop: DpopClientMaker = async (issuer, credentials, alg) => {
  const configuration = await client.discovery(
    new URL(issuer),
    credentials.clientId,
    {},
    await authentication(credentials),
    { [client.customFetch]: trustingFetch({ ca: ca.cert }) as client.CustomFetch },
  );
  const DPoP = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair(alg));
  return {
    async signIn({ browser, redirectUri, scope, pushed }) {
      const verifier = client.randomPKCECodeVerifier();
      const state = client.randomState();
      const parameters = {
        redirect_uri: redirectUri,
        scope,
        state,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      };
      const url = pushed
        ? await client.buildAuthorizationUrlWithPAR(configuration, parameters, { DPoP })
        : client.buildAuthorizationUrl(configuration, {
            ...parameters,
            dpop_jkt: await DPoP.calculateThumbprint(),
          });
      const checks = { pkceCodeVerifier: verifier, expectedState: state };
      const callback = await browser.authorize(url);
      return (await client.authorizationCodeGrant(configuration, callback, checks, undefined, { DPoP })) as DpopTokens;
    },
    refresh: async (token) =>
      (await client.refreshTokenGrant(configuration, token, undefined, { DPoP })) as unknown as DpopTokens,
    clientCredentials: async (scope) =>
      (await client.clientCredentialsGrant(configuration, { scope }, { DPoP })) as unknown as DpopTokens,
    userInfo: async (token, subject) => ({ ...(await client.fetchUserInfo(configuration, token, subject, { DPoP })) }),
    async callApi(token, url) {
      const options = [undefined, undefined, { DPoP }] as const;
      const response = await client.fetchProtectedResource(configuration, token, new URL(url), 'GET', ...options);
      return { status: response.status, body: await response.json() };
    },
    thumbprint: () => DPoP.calculateThumbprint(),
  };
};

export const oauth4webapiWithDpop: DpopClientMaker = async (issuer, credentials, alg) => {
  const server = await foreign.readMetadata(issuer);
  const self: oauth.Client = { client_id: credentials.clientId };
  const auth = await foreign.authentication(credentials);
  const DPoP = oauth.DPoP(self, await oauth.generateKeyPair(alg));
  const options = { ...foreign.fetching({}), DPoP };
  /** Sends once more when a nonce is asked for, as its manual says. */
  async function persisting<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (thrown) {
      if (!oauth.isDPoPNonceError(thrown)) throw thrown;
      return send();
    }
  }
  async function authorizationUrl(parameters: Record<string, string>, pushed: boolean): Promise<URL> {
    const url = new URL(server.authorization_endpoint ?? '');
    if (!pushed) {
      const bound = { ...parameters, client_id: self.client_id, dpop_jkt: await DPoP.calculateThumbprint() };
      url.search = new URLSearchParams(bound).toString();
      return url;
    }
    const { request_uri } = await persisting(async () => {
      const response = await oauth.pushedAuthorizationRequest(server, self, auth, parameters, options);
      return oauth.processPushedAuthorizationResponse(server, self, response);
    });
    url.search = new URLSearchParams({ client_id: self.client_id, request_uri }).toString();
    return url;
  }
  return {
    async signIn({ browser, redirectUri, scope, pushed }) {
      const verifier = oauth.generateRandomCodeVerifier();
      const state = oauth.generateRandomState();
      const parameters = {
        response_type: 'code',
        redirect_uri: redirectUri,
        scope,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      };
      const callback = await browser.authorize(await authorizationUrl(parameters, pushed));
      const answer = oauth.validateAuthResponse(server, self, callback, state);
      return persisting(async () => {
        const response = await oauth.authorizationCodeGrantRequest(
          server,
          self,
          auth,
          answer,
          redirectUri,
          verifier,
          options,
        );
        return (await oauth.processAuthorizationCodeResponse(server, self, response)) as DpopTokens;
      });
    },
    refresh: (token) =>
      persisting(async () => {
        const response = await oauth.refreshTokenGrantRequest(server, self, auth, token, options);
        return (await oauth.processRefreshTokenResponse(server, self, response)) as DpopTokens;
      }),
    clientCredentials: (scope) =>
      persisting(async () => {
        const response = await oauth.clientCredentialsGrantRequest(server, self, auth, { scope }, options);
        return (await oauth.processClientCredentialsResponse(server, self, response)) as DpopTokens;
      }),
    userInfo: (token, subject) =>
      persisting(async () => {
        const response = await oauth.userInfoRequest(server, self, token, options);
        return { ...(await oauth.processUserInfoResponse(server, self, subject, response)) };
      }),
    callApi: (token, url) =>
      persisting(async () => {
        const asked = [token, 'GET', new URL(url), undefined, undefined, options] as const;
        const response = await oauth.protectedResourceRequest(...asked);
        return { status: response.status, body: await response.json() };
      }),
    thumbprint: () => DPoP.calculateThumbprint(),
  };
};
