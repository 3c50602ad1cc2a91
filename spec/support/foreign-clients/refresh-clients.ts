import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import type { Credentials, ForeignClient, Tokens } from './foreign-client.js';
import * as byOauth4webapi from './oauth4webapi.js';
import * as byOpenidClient from './openid-client-6.js';

/** A refresh as a client understood it: with the claims of the new ID token, which it has checked. */
export interface Refreshed {
  readonly tokens: Tokens & { readonly refresh_token?: string };
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A third-party client that refreshes bearer tokens and asks who the person is. */
export interface RefreshClient {
  readonly foreign: ForeignClient;
  refresh(issuer: string, credentials: Credentials, token: string, scope?: string): Promise<Refreshed>;
  userInfo(
    issuer: string,
    credentials: Credentials,
    token: string,
    subject: string,
  ): Promise<Readonly<Record<string, unknown>>>;
}

const openidClient6: RefreshClient = {
  foreign: byOpenidClient.openidClient6,
  async refresh(issuer, credentials, token, scope) {
    const configuration = await byOpenidClient.configure(issuer, credentials);
    const tokens = await client.refreshTokenGrant(configuration, token, scope === undefined ? {} : { scope });
    return { tokens: tokens as unknown as Refreshed['tokens'], claims: { ...tokens.claims() } };
  },
  async userInfo(issuer, credentials, token, subject) {
    return { ...(await client.fetchUserInfo(await byOpenidClient.configure(issuer, credentials), token, subject)) };
  },
};

const oauth4webapi: RefreshClient = {
  foreign: byOauth4webapi.oauth4webapi,
  async refresh(issuer, credentials, token, scope) {
    const server = await byOauth4webapi.readMetadata(issuer);
    const self = { client_id: credentials.clientId };
    const fetching = byOauth4webapi.fetching(credentials);
    const response = await oauth.refreshTokenGrantRequest(
      server,
      self,
      await byOauth4webapi.authentication(credentials),
      token,
      { ...fetching, ...(scope !== undefined && { additionalParameters: { scope } }) },
    );
    const tokens = await oauth.processRefreshTokenResponse(server, self, response);
    await oauth.validateApplicationLevelSignature(server, response, fetching);
    return { tokens: tokens as Refreshed['tokens'], claims: { ...oauth.getValidatedIdTokenClaims(tokens) } };
  },
  async userInfo(issuer, credentials, token, subject) {
    const server = await byOauth4webapi.readMetadata(issuer);
    const self = { client_id: credentials.clientId };
    const response = await oauth.userInfoRequest(server, self, token, byOauth4webapi.fetching(credentials));
    return { ...(await oauth.processUserInfoResponse(server, self, subject, response)) };
  },
};

export const refreshClients = [openidClient6, oauth4webapi];
