import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import { protectResource } from '../../index.js';
import { Browser } from '../support/browser.js';
import { type Curl, makeCurl } from '../support/curl.js';
import { foreignClients, publicClient, redirectUri, ways } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { noteSecret } from '../support/suite-log.js';

const formats = ['jwt', 'opaque'] as const;
const byName = (label: string) => ways.find((way) => way.label.startsWith(label))!.credentials;
const secretOne = byName('client_secret_basic');
const publicOne = { clientId: 'public-client', method: 'none' };

async function listen(access_token_format: 'jwt' | 'opaque'): Promise<LiveServer> {
  return liveServer({
    path: '/acme/demo',
    options: { access_token_format, clients: [publicClient, ...ways.map(({ metadata }) => metadata)] },
    mount: (authorizationServer) => {
      const app = express();
      app.use(authorizationServer);
      const answer: express.RequestHandler = ({ auth }, response) => {
        response.json({ sub: auth?.sub, client_id: auth?.client_id, scope: auth?.scope });
      };
      app.get('/api/hello', protectResource({ authorizationServer }), answer);
      app.get('/api/writing', protectResource({ authorizationServer, scope: 'write' }), answer);
      app.get('/api/foreign', protectResource({ authorizationServer, audience: 'https://api.example.com' }), answer);
      return app;
    },
  });
}

const servers = new Map<string, LiveServer>();
let curl: Curl;
beforeAll(async () => {
  for (const format of formats) servers.set(format, await listen(format));
  curl = await makeCurl();
});
afterAll(() => Promise.all([...[...servers.values()].map((server) => server.close()), curl.close()]));

describe.each(formats)('an Express route behind protectResource, with %s tokens,', (format) => {
  const live = () => servers.get(format)!;

  describe.each(foreignClients)('called by $name', (client) => {
    async function call(path: string, scope = 'read') {
      const { issuer, origin } = live();
      const { access_token } = await client.clientCredentials(issuer, secretOne, scope);
      return client.callApi(issuer, secretOne, noteSecret(access_token), `${origin}${path}`);
    }

    it('knows the client', async () => {
      expect(await call('/api/hello')).toEqual({
        status: 200,
        body: { sub: secretOne.clientId, client_id: secretOne.clientId, scope: 'read' },
      });
      expect(live().last()).toMatchObject({ event: 'resource', outcome: 'success' });
    });

    it('knows the person', async () => {
      const { issuer, origin } = live();
      const signIn = { browser: new Browser(), redirectUri, scope: 'openid read' };
      const { tokens } = await client.signIn(issuer, publicOne, signIn);
      const answer = await client.callApi(issuer, publicOne, noteSecret(tokens.access_token), `${origin}/api/hello`);
      expect(answer).toMatchObject({ status: 200, body: { sub: person.id, client_id: 'public-client' } });
    });

    it('asks for the scope that is missing', async () => {
      expect(await call('/api/writing', 'write')).toMatchObject({ status: 200, body: { scope: 'write' } });
      expect(await call('/api/writing')).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
      expect(live().last().reason).toBe('scope_insufficient');
    });

    it('refuses a token for another audience', async () => {
      expect(await call('/api/foreign')).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
      expect(live().last().reason).toBe('token_audience_mismatch');
    });

    it('refuses a token that nobody issued', async () => {
      const { issuer, origin } = live();
      const answer = await client.callApi(issuer, secretOne, 'A'.repeat(43), `${origin}/api/hello`);
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
      expect(live().last().reason).toBe('token_unknown');
    });

    it('refuses a token of another server', async () => {
      const [other, { issuer, origin }] = [servers.get(format === 'jwt' ? 'opaque' : 'jwt')!, live()];
      const { access_token } = await client.clientCredentials(other.issuer, secretOne, 'read');
      const answer = await client.callApi(issuer, secretOne, access_token, `${origin}/api/hello`);
      expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
      expect(live().last().reason).toBe(format === 'jwt' ? 'token_unknown' : 'token_issuer_mismatch');
    });

    describe.each(ways.filter(({ credentials }) => credentials.certificate))('$label', ({ credentials, wrong }) => {
      it('takes a bound token over its own certificate alone', async () => {
        const { issuer, origin } = live();
        const { access_token } = await client.clientCredentials(issuer, credentials, 'read');
        const url = `${origin}/api/hello`;
        const right = await client.callApi(issuer, credentials, noteSecret(access_token), url);
        expect(right).toMatchObject({ status: 200, body: { client_id: credentials.clientId } });
        for (const presented of [wrong, secretOne]) {
          const answer = await client.callApi(issuer, presented, access_token, url);
          expect(answer).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
          expect(live().last()).toMatchObject({ event: 'resource', reason: 'token_binding_mismatch' });
        }
      });
    });
  });

  it('is called by curl over the connection that fetched the token', async () => {
    const { issuer, origin } = live();
    const credentials = byName('tls_client_auth');
    const certificate = await curl.certificate(credentials.certificate!);
    const form = `grant_type=client_credentials&client_id=${credentials.clientId}`;
    const [token] = await curl.run('-d', form, ...certificate, `${issuer}/oauth2/token`);
    const bearer = ['-H', `Authorization: Bearer ${noteSecret(String(token?.body.access_token))}`];
    const again = [...certificate, ...bearer, `${origin}/api/hello`];
    const answers = await curl.run(
      ...['-d', form, ...certificate, `${issuer}/oauth2/token`],
      ...['--next', ...again, '--next', ...again],
      ...['--next', ...bearer, `${origin}/api/hello`],
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 401]);
    expect(answers.slice(0, 3).map(({ connects }) => connects)).toEqual([1, 0, 0]);
    expect(live().last().reason).toBe('token_binding_mismatch');
  });
});
