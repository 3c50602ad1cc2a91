import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { foreignClients, rejection, ways, waysOfClients } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer } from '../support/live-server.js';
import { noteSecret } from '../support/suite-log.js';

let server: LiveServer;
beforeAll(async () => {
  server = await liveServer({ path: '/acme/demo', options: { clients: ways.map(({ metadata }) => metadata) } });
});
afterAll(() => server.close());

/** What each client calls an answer of 401 with `invalid_client`. */
const kinds: Readonly<Record<string, string>> = {
  'openid-client 6': 'WWWAuthenticateChallengeError',
  'openid-client 5': 'OPError',
  oauth4webapi: 'WWWAuthenticateChallengeError',
};

describe.each(waysOfClients)('$name by $label', ({ name, client, way }) => {
  it('gets a token for itself', async () => {
    const tokens = await client.clientCredentials(server.issuer, way.credentials, 'read');
    noteSecret(tokens.access_token);
    expect(tokens).toMatchObject({ access_token: expect.any(String), scope: 'read', expires_in: 3600 });
    expect(tokens.token_type.toLowerCase()).toBe('bearer');
    expect(server.last()).toMatchObject({
      event: 'token',
      outcome: 'success',
      client_id: way.credentials.clientId,
      method: way.credentials.method,
    });
  });

  it('is refused with what is not its own, and says invalid_client', async () => {
    const thrown = await rejection(client.clientCredentials(server.issuer, way.wrong, 'read'));
    expect(client.refusal(thrown)).toEqual({ kind: kinds[name], error: 'invalid_client' });
    expect(server.last()).toMatchObject({ outcome: 'failure', reason: way.reason });
  });
});

describe.each(waysOfClients.filter(({ way }) => way.credentials.method.endsWith('_jwt')))(
  '$name by $label',
  ({ name, client, way }) => {
    const seconds = Math.floor(Date.now() / 1000);
    it.each([
      ['has expired', { iat: seconds - 120, nbf: seconds - 120, exp: seconds - 60 }, 'assertion_expired'],
      ['is for later', { nbf: seconds + 300, exp: seconds + 400 }, 'assertion_not_yet_valid'],
      ['is for another server', { aud: 'https://other.example.com' }, 'assertion_audience_mismatch'],
      ['is issued by another client', { iss: 'somebody-else' }, 'assertion_subject_mismatch'],
      ['is about another client', { sub: 'somebody-else' }, 'client_id_mismatch'],
    ])('is refused when its assertion %s', async (_what, claims, reason) => {
      const thrown = await rejection(client.clientCredentials(server.issuer, { ...way.credentials, claims }, 'read'));
      expect(client.refusal(thrown)).toEqual({ kind: kinds[name], error: 'invalid_client' });
      expect(server.last().reason).toBe(reason);
    });

    it('is refused when its assertion was used before', async () => {
      const claims = { jti: `once-${name}-${way.label}` };
      const once = { ...way.credentials, claims };
      await expect(client.clientCredentials(server.issuer, once)).resolves.toHaveProperty('access_token');
      const thrown = await rejection(client.clientCredentials(server.issuer, once));
      expect(client.refusal(thrown).error).toBe('invalid_client');
      expect(server.last().reason).toBe('assertion_replayed');
    });
  },
);

describe.each(foreignClients)('$name', (client) => {
  const { credentials } = ways[0]!;

  it('sees invalid_scope in a reply of 400', async () => {
    const thrown = await rejection(client.clientCredentials(server.issuer, credentials, 'admin'));
    expect(client.refusal(thrown).error).toBe('invalid_scope');
    expect(server.last().reason).toBe('scope_not_allowed');
  });

  it('may not use a method it was not registered for', async () => {
    const thrown = await rejection(
      client.clientCredentials(server.issuer, { ...credentials, method: 'client_secret_post' }),
    );
    expect(client.refusal(thrown).error).toBe('invalid_client');
    expect(server.last().reason).toBe('method_not_registered');
  });
});

// openid-client 5 itself refuses to send such a request without a certificate.
describe.each(foreignClients.filter(({ name }) => name !== 'openid-client 5'))('$name', (client) => {
  it.each(ways.filter(({ credentials }) => credentials.certificate))(
    'is refused when $label and none is presented',
    async ({ credentials: { certificate: _, ...bare } }) => {
      const thrown = await rejection(client.clientCredentials(server.issuer, bare));
      expect(client.refusal(thrown).error).toBe('invalid_client');
      expect(server.last().reason).toBe('certificate_missing');
    },
  );
});
