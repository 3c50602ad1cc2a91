import { createHash, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientMetadataInput } from '../../index.js';
import { Browser } from '../support/browser.js';
import { openidClient6 } from '../support/foreign-clients/openid-client-6.js';
import { publicClient, redirectUri, rejection, ways } from '../support/foreign-clients/registered.js';
import { tokenClients } from '../support/foreign-clients/token-clients.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { newSecret } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';

const audience = 'https://api.example.com';
const publicOne = { clientId: 'public-client', method: 'none' };
const resourceServer = { clientId: audience, method: 'client_secret_basic', secret: newSecret() };
const signedByRsa = { clientId: 'signed', method: 'client_secret_basic', secret: newSecret() };
const machine = (client: { clientId: string; secret: string }, more: object): ClientMetadataInput => ({
  client_id: client.clientId,
  client_secret: client.secret,
  grant_types: ['client_credentials'],
  ...more,
});

let server: LiveServer;
beforeAll(async () => {
  server = await liveServer({
    path: '/acme/demo',
    options: {
      audience,
      clients: [
        publicClient,
        machine(resourceServer, {}),
        machine(signedByRsa, { scope: 'read', introspection_signed_response_alg: 'RS256' }),
        ...ways.map(({ metadata }) => metadata),
      ],
    },
  });
});
afterAll(() => server.close());

async function ownToken(credentials: (typeof ways)[number]['credentials']): Promise<string> {
  const { access_token } = await openidClient6.clientCredentials(server.issuer, credentials, 'read');
  return noteSecret(access_token);
}

async function personsToken(): Promise<string> {
  const browser = new Browser();
  const signIn = { browser, redirectUri, scope: 'openid read' };
  const { tokens } = await openidClient6.signIn(server.issuer, publicOne, signIn);
  return noteSecret(tokens.access_token);
}

/** What a client makes of 401 with `invalid_client`. */
const challenged = { kind: 'WWWAuthenticateChallengeError', error: 'invalid_client' };
const cases = tokenClients.flatMap((client) =>
  ways.map((way) => ({ name: client.name, label: way.label, client, way })),
);

describe.each(cases)('$name by $label', ({ client, way: { credentials, wrong, reason } }) => {
  it('CAU-09 INT-01 REV-01 asks about its token, ends it, and sees it ended', async () => {
    const token = await ownToken(credentials);
    const { certificate, clientId } = credentials;
    const digest = certificate && createHash('sha256').update(new X509Certificate(certificate.cert).raw);
    const told = await client.introspect(server.issuer, credentials, token);
    expect(told).toMatchObject({ active: true, client_id: clientId, sub: clientId, scope: 'read', aud: audience });
    expect(told.cnf).toEqual(digest && { 'x5t#S256': digest.digest('base64url') });
    expect(server.last()).toMatchObject({ event: 'introspection', client_id: clientId, method: credentials.method });
    await client.revoke(server.issuer, credentials, token, 'refresh_token');
    expect(server.last()).toMatchObject({ event: 'revocation', outcome: 'success', client_id: clientId });
    expect(await client.introspect(server.issuer, credentials, token)).toEqual({ active: false });
  });

  it('CAU-09 is refused with what is not its own, at both', async () => {
    const token = await ownToken(credentials);
    expect(client.refusal(await rejection(client.introspect(server.issuer, wrong, token)))).toEqual(challenged);
    expect(server.last()).toMatchObject({ event: 'introspection', outcome: 'failure', reason });
    expect(client.refusal(await rejection(client.revoke(server.issuer, wrong, token)))).toEqual(challenged);
    expect(server.last()).toMatchObject({ event: 'revocation', outcome: 'failure', reason });
    expect(await client.introspect(server.issuer, credentials, token)).toMatchObject({ active: true });
  });
});

describe.each(tokenClients)('$name', (client) => {
  const { credentials } = ways[0]!;

  it('INT-06 takes the signed reply, and checks its signature, type, issuer and audience', async () => {
    const token = await personsToken();
    const told = await client.introspect(server.issuer, resourceServer, token, { signedBy: 'ES256' });
    expect(told).toMatchObject({ active: true, sub: person.id, aud: audience, scope: 'openid read' });
    const unknown = await client.introspect(server.issuer, resourceServer, 'unknown', { signedBy: 'ES256' });
    expect(unknown).toEqual({ active: false });
    const byRsa = await client.introspect(server.issuer, signedByRsa, token, { signedBy: 'RS256' });
    expect(byRsa).toEqual({ active: false });
    // The server signs by what is registered with it: the client notices that this is not what it wanted.
    await expect(client.introspect(server.issuer, resourceServer, token, { signedBy: 'RS256' })).rejects.toThrow();
  });

  it('INT-02 a wrong secret and a wish for a signed reply is 400', async () => {
    const wrong = { ...resourceServer, secret: newSecret() };
    const thrown = await rejection(client.introspect(server.issuer, wrong, 'x', { signedBy: 'ES256' }));
    expect(client.refusal(thrown)).toEqual({ kind: 'ResponseBodyError', error: 'invalid_client' });
    expect(server.last()).toMatchObject({ event: 'introspection', reason: 'secret_mismatch' });
  });

  it('INT-01 REV-01 a public client ends its own token, and may not ask about it', async () => {
    const token = await personsToken();
    const thrown = await rejection(client.introspect(server.issuer, publicOne, token));
    expect(client.refusal(thrown)).toEqual(challenged);
    expect(await client.introspect(server.issuer, resourceServer, token)).toMatchObject({ active: true });
    await client.revoke(server.issuer, publicOne, token, 'access_token');
    expect(await client.introspect(server.issuer, resourceServer, token)).toEqual({ active: false });
    await client.revoke(server.issuer, publicOne, token);
  });

  it('REV-03 the token of another stays, and the client is told', async () => {
    const token = await personsToken();
    const thrown = await rejection(client.revoke(server.issuer, credentials, token));
    expect(client.refusal(thrown)).toEqual({ kind: 'ResponseBodyError', error: 'invalid_request' });
    expect(server.last().reason).toBe('token_client_mismatch');
    expect(await client.introspect(server.issuer, credentials, token)).toEqual({ active: false });
    expect(await client.introspect(server.issuer, resourceServer, token)).toMatchObject({ active: true });
  });
});
