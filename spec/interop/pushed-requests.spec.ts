import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';
import { Browser } from '../support/browser.js';
import type { Credentials } from '../support/foreign-clients/foreign-client.js';
import { authentication, fetching, readMetadata } from '../support/foreign-clients/oauth4webapi.js';
import { configure } from '../support/foreign-clients/openid-client-6.js';
import { publicClient, redirectUri, rejection, ways } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { tlsServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const publicOne: Credentials = { clientId: 'public-client', method: 'none' };
const pay = 'https://pay.example.com';

let server: LiveServer;
let mtls: Awaited<ReturnType<typeof tlsServer>>;
/** Requests that came by the second name. */
const byMtlsName: string[] = [];
beforeAll(async () => {
  mtls = await tlsServer((request, response) => {
    byMtlsName.push(request.url ?? '');
    server.router(request, response);
  });
  server = await liveServer({
    path: '/acme/demo',
    options: {
      access_token_format: 'jwt',
      require_pushed_authorization_requests: true,
      resources: { [pay]: {} },
      mtls: { public_url: mtls.origin },
      clients: [publicClient, ...ways.map(({ metadata }) => metadata)],
    },
  });
});
afterAll(async () => {
  await server.close();
  mtls.closeAllConnections();
  await new Promise((resolve) => mtls.close(resolve));
});

interface Result {
  readonly url: URL;
  readonly accessToken: string;
  readonly subject: unknown;
}

type Push = (credentials: Credentials, more?: Record<string, string>, aliases?: boolean) => Promise<Result>;

const withOpenidClient: Push = async (credentials, more = {}, aliases = false) => {
  const configuration = await configure(server.issuer, credentials, { use_mtls_endpoint_aliases: aliases });
  const pkceCodeVerifier = openid.randomPKCECodeVerifier();
  const [expectedState, expectedNonce] = [openid.randomState(), openid.randomNonce()];
  const url = await openid.buildAuthorizationUrlWithPAR(configuration, {
    redirect_uri: redirectUri,
    scope: 'openid read',
    state: expectedState,
    nonce: expectedNonce,
    code_challenge: await openid.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    ...more,
  });
  const callback = await new Browser().authorize(url);
  const checks = { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true };
  const tokens = await openid.authorizationCodeGrant(configuration, callback, checks);
  return { url, accessToken: noteSecret(tokens.access_token), subject: tokens.claims()?.sub };
};

const withOauth4webapi: Push = async (credentials, more = {}, aliases = false) => {
  const as = await readMetadata(server.issuer);
  const client = { client_id: credentials.clientId, use_mtls_endpoint_aliases: aliases };
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = {
    client_id: client.client_id,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: 'openid read',
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...more,
  };
  const options = fetching(credentials);
  const proof = () => authentication(credentials);
  const pushed = await oauth.pushedAuthorizationRequest(as, client, await proof(), parameters, options);
  const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, pushed);
  const url = new URL(as.authorization_endpoint ?? '');
  url.search = new URLSearchParams({ client_id: client.client_id, request_uri }).toString();
  const callback = oauth.validateAuthResponse(as, client, await new Browser().authorize(url), state);
  const response = await oauth.authorizationCodeGrantRequest(
    as,
    client,
    await proof(),
    callback,
    redirectUri,
    verifier,
    options,
  );
  const checks = { expectedNonce: nonce, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(as, client, response, checks);
  const subject = oauth.getValidatedIdTokenClaims(tokens)?.sub;
  return { url, accessToken: noteSecret(tokens.access_token), subject };
};

const errorOf = async (pending: Promise<unknown>) => {
  const thrown = await rejection(pending);
  if (thrown instanceof oauth.ResponseBodyError || thrown instanceof openid.ResponseBodyError) return thrown.error;
  if (thrown instanceof oauth.WWWAuthenticateChallengeError || thrown instanceof openid.WWWAuthenticateChallengeError) {
    return thrown.cause[0]?.parameters.error;
  }
  throw thrown;
};

describe.each([
  ['openid-client 6', withOpenidClient],
  ['oauth4webapi', withOauth4webapi],
])('%s', (_name, push) => {
  it.each([['none', publicOne], ...ways.map(({ label, credentials }): [string, Credentials] => [label, credentials])])(
    'PAR-01 PAR-02 AUT-09 pushes and signs a person in by %s',
    async (_label, credentials) => {
      const { url, subject } = await push(credentials);
      expect([...url.searchParams.keys()].sort()).toEqual(['client_id', 'request_uri']);
      expect(subject).toBe(person.id);
      expect(server.last('par')).toMatchObject({ outcome: 'success', client_id: credentials.clientId });
    },
  );

  it.each(ways.map(({ label, wrong, reason }): [string, Credentials, string] => [label, wrong, reason]))(
    'PAR-01 is refused with the wrong %s',
    async (_label, wrong, reason) => {
      expect(await errorOf(push(wrong))).toBe('invalid_client');
      expect(server.last('par').reason).toBe(reason);
    },
  );

  it('PAR-03 understands why a push is refused', async () => {
    expect(await errorOf(push(publicOne, { scope: 'nonsense' }))).toBe('invalid_scope');
    expect(await errorOf(push(publicOne, { redirect_uri: 'https://evil.example' }))).toBe('invalid_request');
    expect(server.last('par').reason).toBe('redirect_uri_unregistered');
  });

  it('TOK-03 gets a token for the resource it pushed, and hears of one that is not there', async () => {
    const { accessToken } = await push(publicOne, { resource: pay });
    expect(decodeJwt(accessToken).aud).toBe(pay);
    expect(await errorOf(push(publicOne, { resource: 'https://nobody.example' }))).toBe('invalid_target');
  });

  it('MTL-07 MET-07 uses the second name when told to', async () => {
    const certificates = ways.filter(({ credentials }) => credentials.certificate);
    for (const { credentials } of certificates) {
      byMtlsName.length = 0;
      expect((await push(credentials, {}, true)).subject).toBe(person.id);
      expect(byMtlsName).toEqual(['/acme/demo/oauth2/par', '/acme/demo/oauth2/token']);
    }
  });
});
