import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { authorizationCode, clientCredentials, type Grant, refreshToken } from '../../index.js';
import { Browser } from '../support/browser.js';
import type { Credentials } from '../support/foreign-clients/foreign-client.js';
import { type RefreshClient, refreshClients } from '../support/foreign-clients/refresh-clients.js';
import { publicClient, redirectUri, rejection, ways } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { noteSecret } from '../support/suite-log.js';

const scope = 'openid offline_access profile read';
const labels = ['client_secret_basic', 'private_key_jwt ES256', 'tls_client_auth with a certificate of type ec'];
const chosen = ways.filter(({ label }) => labels.includes(label));
const known: [string, Credentials][] = [
  ['none', { clientId: 'public-client', method: 'none' }],
  ...chosen.map(({ label, credentials }): [string, Credentials] => [label, credentials]),
];

let server: LiveServer;
beforeAll(async () => {
  const clients = [publicClient, ...chosen.map(({ metadata }) => metadata)];
  server = await liveServer({
    path: '/acme/demo',
    options: {
      clients: clients.map((client) => ({ ...client, scope, grant_types: ['authorization_code', 'refresh_token'] })),
      grants: [authorizationCode(), clientCredentials(), refreshToken()] as Grant[],
      scopes: { openid: {}, profile: {}, offline_access: {}, read: {} },
      access_token_format: 'jwt',
      users: { find: () => person },
    },
  });
});
afterAll(() => server.close());

async function signedIn({ foreign }: RefreshClient, credentials: Credentials) {
  const { tokens, claims } = await foreign.signIn(server.issuer, credentials, {
    browser: new Browser(),
    redirectUri,
    scope,
  });
  return { claims, refreshToken: noteSecret(String((tokens as { refresh_token?: string }).refresh_token)) };
}

describe.each(refreshClients.map((each): [string, RefreshClient] => [each.foreign.name, each]))(
  '%s',
  (_name, client) => {
    it.each(known)('RTG-01 IDT-06 USR-01 refreshes and asks who it is, by %s', async (_label, credentials) => {
      const first = await signedIn(client, credentials);
      const { tokens, claims } = await client.refresh(server.issuer, credentials, first.refreshToken);
      noteSecret(tokens.access_token);
      expect(tokens.token_type.toLowerCase()).toBe('bearer');
      expect(tokens.scope).toBe(scope);
      const { iss, sub, aud, auth_time } = first.claims;
      expect(claims).toMatchObject({ iss, sub, aud, auth_time });
      expect(claims).not.toHaveProperty('nonce');
      const told = await client.userInfo(server.issuer, credentials, tokens.access_token, person.id);
      expect(told).toEqual({ sub: person.id, name: person.name, preferred_username: person.username });
      const narrow = await client.refresh(
        server.issuer,
        credentials,
        noteSecret(String(tokens.refresh_token)),
        'openid',
      );
      expect(narrow.tokens.scope).toBe('openid');
    });

    it('RTG-04 RTG-06 is answered alike when it repeats itself, and hears when it is too late', async () => {
      const [, credentials] = known[0] as (typeof known)[number];
      const { refreshToken: old } = await signedIn(client, credentials);
      const [one, again] = [
        await client.refresh(server.issuer, credentials, old),
        await client.refresh(server.issuer, credentials, old),
      ];
      expect(again.tokens.refresh_token).toBe(one.tokens.refresh_token);
      const next = noteSecret(String(one.tokens.refresh_token));
      const last = noteSecret(String((await client.refresh(server.issuer, credentials, next)).tokens.refresh_token));
      for (const [token, reason] of [
        [old, 'refresh_token_reused'],
        [last, 'grant_revoked'],
      ] as const) {
        const thrown = await rejection(client.refresh(server.issuer, credentials, token));
        expect(client.foreign.refusal(thrown).error).toBe('invalid_grant');
        expect(server.last('token').reason).toBe(reason);
      }
    });
  },
);
