import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ClientMetadataInput } from '../../index.js';
import { foreignClients, rejection } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer } from '../support/live-server.js';
import { newSecret } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';

/** What breaks when one side encodes and the other does not. */
const awkward: readonly string[] = [
  ...':%+/ &é~=?#@;,"\'\\<>!()*$^`|[]{}',
  '%41',
  '%2B',
  '%zz',
  '+ +',
  '::',
  '€',
  '😀',
  '&client_id=other',
];

const methods = ['client_secret_basic', 'client_secret_post'] as const;
const secretOf = new Map(
  awkward.map((text) => [text, noteSecret(`${text}${newSecret()}${text}${newSecret()}${text}`)]),
);
const ids = ['urn:example:client', 'https://app.example.com/?a=1&b=2', 'a b+c%d', '~tilde', '%41'];
const idSecret = newSecret();

function idFor(method: string, text: string): string {
  return `${method}-${awkward.indexOf(text)}`;
}

function registered(client_id: string, client_secret: string, method: string): ClientMetadataInput {
  return {
    client_id,
    client_secret,
    token_endpoint_auth_method: method,
    grant_types: ['client_credentials'],
    scope: 'read',
  };
}

let server: LiveServer;
beforeAll(async () => {
  const clients = methods.flatMap((method) =>
    awkward.map((text) => registered(idFor(method, text), secretOf.get(text) ?? '', method)),
  );
  server = await liveServer({
    options: { clients: [...clients, ...ids.map((id) => registered(id, idSecret, 'client_secret_basic'))] },
  });
});
afterAll(() => server.close());

describe.each(foreignClients)('$name', (client) => {
  describe.each(methods)('by %s', (method) => {
    it.each(awkward)('CSB-04 CSP-01 proves a secret with %s in it', async (text) => {
      const credentials = { clientId: idFor(method, text), method, secret: secretOf.get(text) ?? '' };
      const tokens = await client.clientCredentials(server.issuer, credentials);
      expect(tokens).toHaveProperty('access_token');
      expect(server.last()).toMatchObject({ outcome: 'success', method, client_id: credentials.clientId });

      const wrong = { ...credentials, secret: `${credentials.secret}.` };
      const thrown = await rejection(client.clientCredentials(server.issuer, wrong));
      expect(client.refusal(thrown).error).toBe('invalid_client');
      expect(server.last().reason).toBe('secret_mismatch');
    });
  });

  it.each(ids)('CSB-04 proves a client_id like %s', async (clientId) => {
    const credentials = { clientId, method: 'client_secret_basic', secret: idSecret };
    expect(await client.clientCredentials(server.issuer, credentials)).toHaveProperty('access_token');
    expect(server.last()).toMatchObject({ outcome: 'success', client_id: clientId });

    const other = { ...credentials, clientId: `${clientId} ` };
    const thrown = await rejection(client.clientCredentials(server.issuer, other));
    expect(client.refusal(thrown).error).toBe('invalid_client');
    expect(server.last().reason).toBe('unknown_client');
  });
});
