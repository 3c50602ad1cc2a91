import { createServer, type Server } from 'node:http';
import { Agent } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express, { type ErrorRequestHandler, type RequestHandler } from 'express';
import { revokeBySubject } from '../../index.js';
import { type ApiProcess, apiProcess } from '../support/api-process.js';
import { Browser } from '../support/browser.js';
import { clientKey } from '../support/client-keys.js';
import { openidClient6 } from '../support/foreign-clients/openid-client-6.js';
import { publicClient, redirectUri, ways } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { ca, newSecret } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';

const audience = 'https://api.example.com';
const formats = ['jwt', 'opaque'] as const;
const credentials = ways[0]!.credentials;
const secret = newSecret();
const auditorKey = clientKey('P-256', { kid: 'auditor' });
/** Those it knows. */
const algorithms = ['ES256', 'RS256', 'PS256'] as const;
const good = [200, undefined, undefined];

function serverThat(options: Parameters<typeof liveServer>[0] & object = {}): Promise<LiveServer> {
  return liveServer({
    path: '/acme/demo',
    ...options,
    options: {
      audience,
      tokenClaims: ({ kind }) => ({ accessToken: { 'https://example.com/kind': kind } }),
      clients: [
        publicClient,
        ...ways.map(({ metadata }) => metadata),
        { client_id: audience, client_secret: secret, grant_types: ['client_credentials'] },
        {
          client_id: 'auditor',
          token_endpoint_auth_method: 'private_key_jwt',
          jwks: { keys: [auditorKey.jwk as Record<string, string>] },
          grant_types: ['client_credentials'],
          scope: 'introspect_tokens',
        },
      ],
      ...options.options,
    },
  });
}

const tokenOf = async ({ issuer }: LiveServer, as = credentials) =>
  noteSecret((await openidClient6.clientCredentials(issuer, as, 'read')).access_token);

describe.each(formats)('protectResource in another process, with %s tokens of our own server,', (format) => {
  let live: LiveServer;
  let api: ApiProcess;
  beforeAll(async () => {
    live = await serverThat({ options: { access_token_format: format } });
    api = await apiProcess({
      issuer: live.issuer,
      audience,
      introspection: { client_id: audience, client_secret: secret, cache_ttl: 1 },
      outbound: { allow_private_hosts: [new URL(live.origin).host], ca: ca.cert },
    });
  });
  afterAll(async () => {
    await api?.stop();
    await live?.close();
  });

  it('RSV-01 knows the client, and the claims the host adds', async () => {
    const { seen, body } = await api.call(await tokenOf(live));
    expect(seen).toEqual(good);
    expect(body).toMatchObject({ iss: live.issuer, client_id: credentials.clientId, scope: 'read' });
    expect(body.claims).toMatchObject({ sub_type: 'client', 'https://example.com/kind': 'client' });
  });

  it('INT-07 may ask with private_key_jwt', async () => {
    const keyed = await apiProcess({
      issuer: live.issuer,
      audience,
      introspection: { client_id: 'auditor', private_key: { ...auditorKey.privateJwk, alg: 'ES256', kid: 'auditor' } },
      outbound: { allow_private_hosts: [new URL(live.origin).host], ca: ca.cert },
    });
    const { seen } = await keyed.call(await tokenOf(live));
    await keyed.stop();
    expect(seen).toEqual(good);
    if (format === 'opaque') {
      expect(live.last('introspection')).toMatchObject({ outcome: 'success', method: 'private_key_jwt' });
    }
  });

  it('RSV-01 knows the person, and takes no ID token for it', async () => {
    const signIn = { browser: new Browser(), redirectUri, scope: 'openid read' };
    const { tokens } = await openidClient6.signIn(live.issuer, { clientId: 'public-client', method: 'none' }, signIn);
    const { seen, body } = await api.call(noteSecret(tokens.access_token));
    expect([seen, body.sub]).toEqual([good, person.id]);
    expect((await api.call(noteSecret(tokens.id_token ?? ''))).seen).toEqual([401, 'invalid_token', 'token_malformed']);
  });

  it('BND-04 refuses a token that is bound to a certificate', async () => {
    const bound = ways.find(({ credentials: { certificate } }) => certificate)!.credentials;
    const { seen } = await api.call(await tokenOf(live, bound));
    expect(seen).toEqual([401, 'invalid_token', 'token_binding_mismatch']);
  });

  it('INT-07 sees a revocation within cache_ttl where tokens are opaque, and not in a JWT', async () => {
    const token = await tokenOf(live);
    expect((await api.call(token)).seen).toEqual(good);
    await revokeBySubject(live.router, credentials.clientId);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const dead = [401, 'invalid_token', 'token_inactive'];
    expect((await api.call(token)).seen).toEqual(format === 'opaque' ? dead : good);
  });
});

describe.each(algorithms)('express-oauth2-jwt-bearer, from metadata alone, a token signed with %s', (alg) => {
  let live: LiveServer;
  let server: Server;
  let origin: string;
  beforeAll(async () => {
    const signing_keys = [alg, ...algorithms.filter((other) => other !== alg)];
    live = await serverThat({ options: { access_token_format: 'jwt', signing_keys } });
    // Not by a literal name: its types declare another req.auth than ours.
    const name: string = 'express-oauth2-jwt-bearer';
    const { auth } = (await import(name)) as { auth: (options: object) => RequestHandler };
    const app = express();
    const agent = new Agent({ ca: ca.cert });
    app.use(auth({ issuerBaseURL: live.issuer, audience, tokenSigningAlg: alg, strict: true, agent }));
    app.get('/', (request, response) => {
      const { payload } = request.auth as unknown as { payload: Record<string, unknown> };
      response.json({ sub: payload.sub, client_id: payload.client_id });
    });
    app.use(((error, _request, response, _next) => {
      response.status(error.status ?? 500).json({ error: error.code });
    }) as ErrorRequestHandler);
    server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server?.closeAllConnections();
    server?.close();
    await live?.close();
  });

  const call = async (token: string) => {
    const response = await fetch(origin, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('RSV-01 takes it in strict mode', async () => {
    const { status, body } = await call(await tokenOf(live));
    expect([status, body]).toEqual([200, { sub: credentials.clientId, client_id: credentials.clientId }]);
  });

  it('RSV-02 refuses it cut off, and of another server', async () => {
    const token = await tokenOf(live);
    expect(await call(token.slice(0, -6))).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
    const other = await serverThat({ options: { access_token_format: 'jwt', signing_keys: [alg] } });
    const foreign = await tokenOf(other);
    await other.close();
    expect(await call(foreign)).toMatchObject({ status: 401, body: { error: 'invalid_token' } });
  });
});
