import { Agent } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AuthorizationCode, ClientCredentials, type ModuleOptions } from 'simple-oauth2';
import type { ClientMetadataInput } from '../../index.js';
import { Browser } from '../support/browser.js';
import { redirectUri, rejection } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { ca, newSecret } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';

type Encoding = 'strict' | 'loose';

/** It takes visible ASCII alone. */
const awkward = [...':%+/ &~=?#@;,"\'\\<>!()*', '%41', '%zz'];
const secretOf = new Map(awkward.map((text) => [text, noteSecret(`${newSecret()}${text}${newSecret()}`)]));
const [plainSecret, codeSecret] = [newSecret(), newSecret()];

function registered(client_id: string, client_secret: string, more: Partial<ClientMetadataInput>): ClientMetadataInput {
  return { client_id, client_secret, grant_types: ['client_credentials'], scope: 'read write', ...more };
}

let server: LiveServer;
const agent = new Agent({ ca: ca.cert });
beforeAll(async () => {
  const clients = awkward.flatMap((text, index) => [
    registered(`strict-${index}`, secretOf.get(text)!, {}),
    registered(`loose-${index}`, secretOf.get(text)!, { raw_basic_fallback: true }),
    registered(`body-${index}`, secretOf.get(text)!, { token_endpoint_auth_method: 'client_secret_post' }),
  ]);
  const code = {
    grant_types: ['authorization_code'],
    redirect_uris: [redirectUri],
    scope: 'read write',
  };
  server = await liveServer({
    path: '/acme/demo',
    options: {
      pkce: 'public-clients',
      clients: [...clients, registered('plain', plainSecret, {}), registered('code', codeSecret, code)],
    },
  });
});
afterAll(async () => {
  agent.destroy();
  await server.close();
});

function configuration(id: string, secret: string, options: ModuleOptions['options'] = {}): ModuleOptions {
  const path = new URL(server.issuer).pathname;
  return {
    client: { id, secret },
    auth: { tokenHost: server.origin, tokenPath: `${path}/oauth2/token` },
    options,
  };
}

async function getToken(id: string, secret: string, options: ModuleOptions['options'] = {}) {
  const client = new ClientCredentials(configuration(id, secret, options));
  return (await client.getToken({ scope: ['read', 'write'] }, { agent })).token;
}

/** Its own error: a Boom, with the parsed reply. */
async function refusal(promise: Promise<unknown>) {
  const { output, data } = (await rejection(promise)) as {
    output: { statusCode: number };
    data: { payload: Record<string, unknown> };
  };
  return [output.statusCode, data.payload.error];
}

describe('simple-oauth2 client credentials', () => {
  describe.each(['strict', 'loose'] as const)('in the header, encoding %s', (credentialsEncodingMode: Encoding) => {
    it.each(awkward)('CSB-04 CSB-06 proves a secret with %s in it', async (text) => {
      const [id, secret] = [`${credentialsEncodingMode}-${awkward.indexOf(text)}`, secretOf.get(text)!];
      expect(await getToken(id, secret, { credentialsEncodingMode })).toMatchObject({
        access_token: expect.any(String),
        scope: 'read write',
        expires_at: expect.any(Date),
      });
      expect(server.last()).toMatchObject({ outcome: 'success', method: 'client_secret_basic', client_id: id });
      expect(await refusal(getToken(id, `${secret}.`, { credentialsEncodingMode }))).toEqual([401, 'invalid_client']);
      expect(server.last().reason).toBe('secret_mismatch');
    });
  });

  it.each([
    ['+', 'secret_mismatch'],
    ['%41', 'secret_mismatch'],
    ['%zz', 'authorization_header_malformed'],
  ])('CSB-06 fails loosely encoded with %s where there is no fallback', async (text, reason) => {
    const [id, secret] = [`strict-${awkward.indexOf(text)}`, secretOf.get(text)!];
    expect(await refusal(getToken(id, secret, { credentialsEncodingMode: 'loose' }))).toEqual([401, 'invalid_client']);
    expect(server.last().reason).toBe(reason);
    expect(await getToken(id, secret)).toHaveProperty('access_token');
  });

  it.each(awkward)('CSP-01 proves a secret with %s in the body', async (text) => {
    const [id, secret] = [`body-${awkward.indexOf(text)}`, secretOf.get(text)!];
    const options = { authorizationMethod: 'body' } as const;
    expect(await getToken(id, secret, options)).toHaveProperty('access_token');
    expect(server.last()).toMatchObject({ outcome: 'success', method: 'client_secret_post' });
    expect(await refusal(getToken(id, `${secret}.`, options))).toEqual([401, 'invalid_client']);
    expect(server.last().reason).toBe('secret_mismatch');
  });

  it('fails in the body where the header is registered', async () => {
    const options = { authorizationMethod: 'body' } as const;
    expect(await refusal(getToken('plain', plainSecret, options))).toEqual([401, 'invalid_client']);
    expect(server.last().reason).toBe('method_not_registered');
    expect(await getToken('plain', plainSecret)).toHaveProperty('access_token');
  });

  it('fails with a JSON body where the workspace reads none', async () => {
    const options = { bodyFormat: 'json' } as const;
    expect(await refusal(getToken('plain', plainSecret, options))).toEqual([400, 'invalid_request']);
    expect(server.last().reason).toBe('media_type_unsupported');
  });
});

describe('simple-oauth2 authorization code', () => {
  function codeClient() {
    const { auth, ...rest } = configuration('code', codeSecret);
    return new AuthorizationCode({
      ...rest,
      auth: { ...auth, authorizePath: `${new URL(server.issuer).pathname}/oauth2/authorize` },
    });
  }

  async function callback(client: AuthorizationCode) {
    const url = client.authorizeURL({ redirect_uri: redirectUri, scope: ['read', 'write'], state: 'a state/?&' });
    const answer = await new Browser().authorize(url);
    expect(answer.searchParams.get('state')).toBe('a state/?&');
    return answer.searchParams.get('code') ?? '';
  }

  it('ACG-01 redeems a code once', async () => {
    const client = codeClient();
    const code = await callback(client);
    const { token } = await client.getToken({ code, redirect_uri: redirectUri }, { agent });
    noteSecret(String(token.access_token));
    expect(token).toMatchObject({ access_token: expect.any(String), scope: 'read write' });
    expect(server.last('consent').subject).toBe(person.id);

    expect(await refusal(client.getToken({ code, redirect_uri: redirectUri }, { agent }))).toEqual([
      400,
      'invalid_grant',
    ]);
    expect(server.last().reason).toBe('code_used');
  });

  it('ACG-02 does not redeem it for another redirect URI', async () => {
    const client = codeClient();
    const code = await callback(client);
    const elsewhere = { code, redirect_uri: 'https://app.example.com/other' };
    expect(await refusal(client.getToken(elsewhere, { agent }))).toEqual([400, 'invalid_grant']);
    expect(server.last().reason).toBe('redirect_uri_mismatch');
  });
});
