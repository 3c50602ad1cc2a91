import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { ca } from '../methods.js';
import { trustingFetch } from '../trusting-fetch.js';
import type { Credentials } from './foreign-client.js';
import * as byOauth4webapi from './oauth4webapi.js';
import * as byOpenidClient from './openid-client-6.js';

/** A third-party client that asks about tokens and ends them. What fails rejects with its own error. */
export interface TokenClient {
  readonly name: string;
  /** `signedBy`: asks for the signed reply and expects it by this algorithm, with a signature of the server. */
  introspect(
    issuer: string,
    credentials: Credentials,
    token: string,
    options?: { readonly signedBy?: string; readonly hint?: string },
  ): Promise<Readonly<Record<string, unknown>>>;
  revoke(issuer: string, credentials: Credentials, token: string, hint?: string): Promise<void>;
  refusal: typeof byOpenidClient.openidClient6.refusal;
}

async function configure(issuer: string, credentials: Credentials, signedBy?: string): Promise<client.Configuration> {
  return client.discovery(
    new URL(issuer),
    credentials.clientId,
    signedBy === undefined ? {} : { introspection_signed_response_alg: signedBy },
    await byOpenidClient.authentication(credentials),
    {
      algorithm: 'oauth2',
      [client.customFetch]: trustingFetch({ ca: ca.cert, certificate: credentials.certificate }) as client.CustomFetch,
      execute: [client.enableNonRepudiationChecks],
    },
  );
}

const openidClient6: TokenClient = {
  name: 'openid-client 6',
  async introspect(issuer, credentials, token, { signedBy, hint } = {}) {
    const configuration = await configure(issuer, credentials, signedBy);
    return client.tokenIntrospection(configuration, token, hinting(hint));
  },
  async revoke(issuer, credentials, token, hint) {
    await client.tokenRevocation(await configure(issuer, credentials), token, hinting(hint));
  },
  refusal: byOpenidClient.openidClient6.refusal,
};

const oauth4webapi: TokenClient = {
  name: 'oauth4webapi',
  async introspect(issuer, credentials, token, { signedBy, hint } = {}) {
    const server = await byOauth4webapi.readMetadata(issuer);
    const me = { client_id: credentials.clientId, ...(signedBy && { introspection_signed_response_alg: signedBy }) };
    const response = await oauth.introspectionRequest(
      server,
      me,
      await byOauth4webapi.authentication(credentials),
      token,
      { additionalParameters: hinting(hint), ...byOauth4webapi.fetching(credentials) },
    );
    const answer = await oauth.processIntrospectionResponse(server, me, response);
    if (signedBy) await oauth.validateApplicationLevelSignature(server, response, byOauth4webapi.fetching(credentials));
    return answer;
  },
  async revoke(issuer, credentials, token, hint) {
    const server = await byOauth4webapi.readMetadata(issuer);
    const response = await oauth.revocationRequest(
      server,
      { client_id: credentials.clientId },
      await byOauth4webapi.authentication(credentials),
      token,
      { additionalParameters: hinting(hint), ...byOauth4webapi.fetching(credentials) },
    );
    await oauth.processRevocationResponse(response);
  },
  refusal: byOauth4webapi.oauth4webapi.refusal,
};

function hinting(hint: string | undefined): Record<string, string> {
  return hint === undefined ? {} : { token_type_hint: hint };
}

export const tokenClients = [openidClient6, oauth4webapi];
