import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Browser } from '../support/browser.js';
import type { Credentials, SignIn } from '../support/foreign-clients/foreign-client.js';
import {
  foreignClients,
  publicClient,
  redirectUri,
  rejection,
  ways,
  waysOfClients,
} from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { noteSecret } from '../support/suite-log.js';

const signingKeys = ['ES256', 'RS256', 'PS256', 'Ed25519'] as const;
const publicOne: Credentials = { clientId: 'public-client', method: 'none' };
const idTokenAlgorithms = ['ES256', 'RS256', 'PS256', 'Ed25519'] as const;

let server: LiveServer;
beforeAll(async () => {
  const perAlgorithm = idTokenAlgorithms.map((alg) => ({
    ...publicClient,
    client_id: `public-${alg}`,
    id_token_signed_response_alg: alg,
  }));
  server = await liveServer({
    path: '/acme/demo',
    options: {
      signing_keys: [...signingKeys],
      access_token_format: 'jwt',
      clients: [publicClient, ...perAlgorithm, ...ways.map(({ metadata }) => metadata)],
    },
  });
});
afterAll(() => server.close());

function signIn(more: Partial<SignIn> = {}): SignIn {
  return { browser: new Browser(), redirectUri, scope: 'openid profile email read', ...more };
}

function altered(name: string, value: string) {
  return (url: URL) => {
    url.searchParams.set(name, value);
    return url;
  };
}

describe.each(foreignClients)('$name without a secret', (client) => {
  it('IDT-02 AUT-09 signs a person in, having checked state, iss, nonce and the ID token', async () => {
    const { tokens, claims } = await client.signIn(server.issuer, publicOne, signIn());
    noteSecret(tokens.access_token);
    expect(tokens.scope).toBe('openid profile email read');
    expect(claims).toMatchObject({
      iss: server.issuer,
      aud: 'public-client',
      sub: person.id,
      name: person.name,
      preferred_username: person.username,
      email: person.email,
      auth_time: person.authTime,
      nonce: expect.any(String),
      at_hash: expect.any(String),
    });
    expect(server.last('token')).toMatchObject({ outcome: 'success', method: 'none' });
    expect(server.last('consent')).toMatchObject({ outcome: 'success', subject: person.id });
  });

  it('CON-03 hears that the person did not consent', async () => {
    const thrown = await rejection(client.signIn(server.issuer, publicOne, signIn({ decision: 'deny' })));
    expect(client.refusal(thrown).error).toBe('access_denied');
    expect(server.last('consent')).toMatchObject({ reason: 'consent_denied' });
  });

  it('PKC-04 does not redeem a code with another verifier', async () => {
    const wrongVerifier = 'v'.repeat(43);
    const thrown = await rejection(client.signIn(server.issuer, publicOne, signIn({ wrongVerifier })));
    expect(client.refusal(thrown).error).toBe('invalid_grant');
    expect(server.last().reason).toBe('verifier_mismatch');
  });

  it('does not redeem a code twice', async () => {
    let code = '';
    const keep = (url: URL) => {
      code = url.searchParams.get('code') ?? '';
      return url;
    };
    await client.signIn(server.issuer, publicOne, signIn({ onCallback: keep }));
    const thrown = await rejection(
      client.signIn(server.issuer, publicOne, signIn({ onCallback: altered('code', code) })),
    );
    expect(client.refusal(thrown).error).toBe('invalid_grant');
    expect(server.last().reason).toBe('code_used');
  });

  it('ACG-01 does not redeem a code that was given to another client', async () => {
    const other = { clientId: 'public-ES256', method: 'none' };
    let theirs = '';
    const take = (url: URL) => {
      theirs = url.searchParams.get('code') ?? '';
      return altered('code', 'spent')(url);
    };
    await rejection(client.signIn(server.issuer, other, signIn({ onCallback: take, idTokenAlg: 'ES256' })));
    const thrown = await rejection(
      client.signIn(server.issuer, publicOne, signIn({ onCallback: altered('code', theirs) })),
    );
    expect(client.refusal(thrown).error).toBe('invalid_grant');
    expect(server.last().reason).toBe('code_client_mismatch');
  });

  it.each([
    ['state', altered('state', 'another')],
    ['iss', altered('iss', 'https://other.example.com')],
  ])('AUT-09 itself refuses a callback with another %s', async (_name, onCallback) => {
    const before = server.events.length;
    const thrown = await rejection(client.signIn(server.issuer, publicOne, signIn({ onCallback })));
    expect(client.refusal(thrown).kind).toMatch(/RPError|OAUTH_INVALID_RESPONSE/);
    const asked = server.events.slice(before).map(({ event }) => event);
    expect(asked).toContain('consent');
    expect(asked).not.toContain('token');
  });

  it('IDT-02 itself refuses an ID token with another nonce', async () => {
    const thrown = await rejection(client.signIn(server.issuer, publicOne, signIn({ wrongNonce: 'another' })));
    expect(client.refusal(thrown).kind).toMatch(/RPError|OAUTH_JWT_CLAIM_COMPARISON_FAILED/);
    expect(server.last('token')).toMatchObject({ outcome: 'success' });
  });

  // openid-client 5 was made before the name Ed25519.
  const known = idTokenAlgorithms.filter((alg) => client.name !== 'openid-client 5' || alg !== 'Ed25519');
  it.each(known)('IDT-01 IDT-03 verifies an ID token signed with %s, as registered', async (alg) => {
    const credentials = { clientId: `public-${alg}`, method: 'none' };
    const { tokens, claims } = await client.signIn(server.issuer, credentials, signIn({ idTokenAlg: alg }));
    expect(claims).toMatchObject({ sub: person.id, aud: `public-${alg}` });
    const [header = ''] = (tokens.id_token ?? '').split('.');
    expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toMatchObject({ alg });
  });

  it('IDT-01 itself refuses an ID token signed with another algorithm than it expects', async () => {
    const thrown = await rejection(client.signIn(server.issuer, publicOne, signIn({ idTokenAlg: 'ES256' })));
    expect(client.refusal(thrown).kind).toMatch(/RPError|OAUTH_INVALID_RESPONSE/);
  });
});

describe.each(waysOfClients)('$name by $label', ({ client, way }) => {
  it('ACG-01 redeems a code with its credentials', async () => {
    const { tokens, claims } = await client.signIn(server.issuer, way.credentials, signIn());
    noteSecret(tokens.access_token);
    expect(claims).toMatchObject({ sub: person.id, aud: way.credentials.clientId });
    expect(server.last('token')).toMatchObject({ outcome: 'success', method: way.credentials.method });
  });

  it('cannot redeem it with credentials that are not its own', async () => {
    const thrown = await rejection(client.signIn(server.issuer, way.wrong, signIn()));
    expect(client.refusal(thrown).error).toBe('invalid_client');
    expect(server.last().reason).toBe(way.reason);
  });
});
