import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import {
  authorizationCode,
  type ClientMetadataInput,
  clientCredentials,
  type Grant,
  protectResource,
  refreshToken,
} from '../../index.js';
import { Browser } from '../support/browser.js';
import { ProofMaker } from '../support/dpop.js';
import {
  type DpopTokens,
  oauth4webapiWithDpop,
  openidClientWithDpop,
} from '../support/foreign-clients/dpop-clients.js';
import type { Credentials } from '../support/foreign-clients/foreign-client.js';
import { fetching, readMetadata } from '../support/foreign-clients/oauth4webapi.js';
import { redirectUri, rejection } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { basicHeader, ca, newSecret } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';
import { trustingFetch } from '../support/trusting-fetch.js';

const secret = newSecret();
const registered = {
  grant_types: ['authorization_code', 'client_credentials', 'refresh_token'],
  redirect_uris: [redirectUri],
  scope: 'openid profile offline_access read',
  dpop_bound_access_tokens: true,
};
const clients: ClientMetadataInput[] = [
  { ...registered, client_id: 'confidential', client_secret: secret },
  {
    ...registered,
    client_id: 'public',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
  },
];
const confidential: Credentials = { clientId: 'confidential', method: 'client_secret_basic', secret };
const publicOne: Credentials = { clientId: 'public', method: 'none' };

let server: LiveServer;
beforeAll(async () => {
  server = await liveServer({
    path: '/acme/demo',
    options: {
      clients,
      grants: [authorizationCode(), clientCredentials(), refreshToken()] as Grant[],
      access_token_format: 'jwt',
      dpop_nonce: 'required',
    },
    mount: (authorizationServer) => {
      const app = express();
      app.use(authorizationServer);
      app.get('/api/hello', protectResource({ authorizationServer }), ({ auth }, response) => {
        response.json({ sub: auth?.sub, cnf: auth?.cnf });
      });
      return app;
    },
  });
});
afterAll(() => server.close());

function noted(tokens: DpopTokens): DpopTokens {
  noteSecret(tokens.access_token);
  if (tokens.refresh_token !== undefined) noteSecret(tokens.refresh_token);
  return tokens;
}

/** The private reasons told since then. */
function reasonsSince(start: number): unknown[] {
  return server.events.slice(start).flatMap((event) => ('reason' in event && event.reason ? [event.reason] : []));
}

describe.each([
  ['openid-client 6', openidClientWithDpop],
  ['oauth4webapi', oauth4webapiWithDpop],
] as const)('%s, where nonces are demanded,', (_name, makeClient) => {
  describe.each([
    ['confidential', confidential],
    ['public', publicOne],
  ] as const)('as a %s client', (kind, credentials) => {
    it.each([false, true])(
      'DPO-04 DPO-05 PAR-08 signs in, refreshes, asks userinfo and an API; pushed: %s',
      async (pushed) => {
        const start = server.events.length;
        const client = await makeClient(server.issuer, credentials, 'ES256');
        const cnf = { jkt: await client.thumbprint() };
        const scope = 'openid profile offline_access read';
        const first = noted(await client.signIn({ browser: new Browser(), redirectUri, scope, pushed }));
        const second = noted(await client.refresh(first.refresh_token ?? ''));
        for (const { access_token, token_type } of [first, second]) {
          expect(token_type.toLowerCase()).toBe('dpop');
          expect(decodeJwt(access_token).cnf).toEqual(cnf);
          expect(await client.userInfo(access_token, person.id)).toEqual({ sub: person.id });
          const answer = await client.callApi(access_token, `${server.origin}/api/hello`);
          expect(answer).toEqual({ status: 200, body: { sub: person.id, cnf } });
        }
        const reasons = reasonsSince(start);
        expect(reasons[0]).toBe('dpop_nonce_missing');
        // One key knows the nonces of an origin, where authorization server and API have one each.
        expect(new Set(reasons)).toEqual(new Set(['dpop_nonce_missing', 'dpop_nonce_invalid']));
      },
    );

    it('BND-05 DPO-07 another key refreshes for a confidential client, and not for a public one', async () => {
      const client = await makeClient(server.issuer, credentials, 'ES256');
      const scope = 'openid offline_access read';
      const { refresh_token = '' } = noted(
        await client.signIn({ browser: new Browser(), redirectUri, scope, pushed: false }),
      );
      const other = await makeClient(server.issuer, credentials, 'ES256');
      if (kind === 'confidential') {
        const { access_token } = noted(await other.refresh(refresh_token));
        expect(decodeJwt(access_token).cnf).toEqual({ jkt: await other.thumbprint() });
      } else {
        expect(await rejection(other.refresh(refresh_token))).toMatchObject({ error: 'invalid_grant' });
        expect(server.last().reason).toBe('refresh_token_binding_mismatch');
      }
    });
  });

  it.each(['ES256', 'RS256', 'PS256', 'Ed25519'])(
    'DPO-05 DPO-08 gets a token for itself with a key for %s',
    async (alg) => {
      const client = await makeClient(server.issuer, confidential, alg);
      const { access_token } = noted(await client.clientCredentials('read'));
      const cnf = { jkt: await client.thumbprint() };
      const url = `${server.origin}/api/hello`;
      expect(await client.callApi(access_token, url)).toEqual({ status: 200, body: { sub: 'confidential', cnf } });
      const thief = await makeClient(server.issuer, confidential, alg);
      expect(await rejection(thief.callApi(access_token, url))).toMatchObject({ status: 401 });
      expect(server.last()).toMatchObject({ event: 'resource', reason: 'token_binding_mismatch' });
    },
  );
});

/** A token bound to this key, by hand. */
async function tokenOf(key: ProofMaker): Promise<string> {
  const url = `${server.issuer}/oauth2/token`;
  const send = async (nonce?: string) =>
    trustingFetch({ ca: ca.cert })(url, {
      method: 'POST',
      headers: {
        authorization: basicHeader('confidential', secret),
        'content-type': 'application/x-www-form-urlencoded',
        dpop: await key.proof('POST', url, { claims: { nonce } }),
      },
      body: 'grant_type=client_credentials&scope=read',
    });
  const refused = await send();
  const { access_token } = (await (await send(refused.headers.get('dpop-nonce') ?? '')).json()) as DpopTokens;
  return noteSecret(access_token);
}

it('DPO-05 oauth4webapi as a foreign API takes our bound token with its key alone', async () => {
  const [key, stranger] = [new ProofMaker(), new ProofMaker()];
  const token = await tokenOf(key);
  const metadata = await readMetadata(server.issuer);
  const url = 'https://elsewhere.example/things';
  const validate = (headers: Record<string, string>) =>
    oauth.validateJwtAccessToken(metadata, new Request(url, { headers }), server.issuer, fetching({}));
  const authorization = `DPoP ${token}`;
  const claims = await validate({ authorization, dpop: await key.forToken(token, 'GET', url) });
  expect(claims).toMatchObject({ client_id: 'confidential', cnf: { jkt: await key.jkt } });
  const proof = await stranger.forToken(token, 'GET', url);
  expect(await rejection(validate({ authorization, dpop: proof }))).toBeInstanceOf(Error);
  expect(await rejection(validate({ authorization: `Bearer ${token}` }))).toBeInstanceOf(Error);
});
