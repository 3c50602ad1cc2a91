import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express, { type Response as ExpressResponse, type Request } from 'express';
import passport from 'passport';
import {
  type AuthenticationOptions,
  authenticateClient,
  ClientSecretBasicStrategy,
  ClientSecretJwtStrategy,
  ClientSecretPostStrategy,
  NoneStrategy,
  OAuthError,
  type OutcomeEvent,
  type PassportClientStrategy,
  PrivateKeyJwtStrategy,
  SelfSignedTlsClientAuthStrategy,
  standardStrategies,
  TlsClientAuthStrategy,
} from '../../index.js';
import { freshCode, redeeming, signedIn } from '../support/code-flow.js';
import {
  assertion,
  assertionType,
  basicHeader,
  ca,
  clientCertificate,
  clientPerMethod,
  issuer,
  macAssertion,
  newSecret,
  ownCertificate,
  secrets,
} from '../support/methods.js';
import { type Certificate, makeCa, selfSigned } from '../support/pki.js';
import { specServer, tlsServer } from '../support/spec-server.js';
import { noteLogged } from '../support/suite-log.js';
import { trustingFetch } from '../support/trusting-fetch.js';

interface Credentials {
  readonly headers?: Record<string, string>;
  readonly body?: Record<string, string>;
  readonly certificate?: Certificate;
}

interface Way {
  readonly right: () => Promise<Credentials> | Credentials;
  readonly wrong: () => Promise<Credentials> | Credentials;
  /** Of `wrong`. */
  readonly reason: string;
}

const asserted = (client_assertion: string): Credentials => ({
  body: { client_assertion, client_assertion_type: assertionType },
});
const strangeCa = makeCa({ subject: 'CN=Stranger' });

const methods = {
  client_secret_basic: {
    right: () => ({ headers: { authorization: basicHeader('basic-client', secrets.basic) } }),
    wrong: () => ({ headers: { authorization: basicHeader('basic-client', newSecret()) } }),
    reason: 'secret_mismatch',
  },
  client_secret_post: {
    right: () => ({ body: { client_id: 'post-client', client_secret: secrets.post } }),
    wrong: () => ({ body: { client_id: 'post-client', client_secret: newSecret() } }),
    reason: 'secret_mismatch',
  },
  client_secret_jwt: {
    right: async () => asserted(await macAssertion()),
    wrong: async () => asserted(await macAssertion({ key: new TextEncoder().encode(newSecret(64)) })),
    reason: 'assertion_signature_invalid',
  },
  private_key_jwt: {
    right: async () => asserted(await assertion('private-key-client')),
    wrong: async () =>
      asserted(await assertion('private-key-client', { claims: { aud: 'https://other.example.com' } })),
    reason: 'assertion_audience_mismatch',
  },
  tls_client_auth: {
    right: () => ({ body: { client_id: 'tls-client' }, certificate: clientCertificate }),
    wrong: () => ({
      body: { client_id: 'tls-client' },
      certificate: strangeCa.issue({ subject: 'CN=tls.example.com,O=Example', eku: ['clientAuth'] }),
    }),
    reason: 'certificate_untrusted',
  },
  self_signed_tls_client_auth: {
    right: () => ({ body: { client_id: 'self-signed-client' }, certificate: ownCertificate }),
    wrong: () => ({
      body: { client_id: 'self-signed-client' },
      certificate: selfSigned({ subject: 'CN=self-signed.example.com' }),
    }),
    reason: 'certificate_not_registered',
  },
  none: {
    right: () => ({ body: { client_id: 'public-client' } }),
    wrong: () => ({ body: { client_id: 'unheard-of' } }),
    reason: 'unknown_client',
  },
} satisfies Record<keyof typeof clientPerMethod, Way>;

const faces: Record<
  keyof typeof methods,
  new (
    options: AuthenticationOptions,
  ) => PassportClientStrategy | ClientSecretBasicStrategy
> = {
  client_secret_basic: ClientSecretBasicStrategy,
  client_secret_post: ClientSecretPostStrategy,
  client_secret_jwt: ClientSecretJwtStrategy,
  private_key_jwt: PrivateKeyJwtStrategy,
  tls_client_auth: TlsClientAuthStrategy,
  self_signed_tls_client_auth: SelfSignedTlsClientAuthStrategy,
  none: NoneStrategy,
};

const challenge = `Basic realm="${issuer}", error="invalid_client"`;
const events: OutcomeEvent[] = [];
const options: AuthenticationOptions = {
  issuer,
  clients: signedIn.clients,
  root_cas: [ca.cert],
  onEvent: (event) => {
    noteLogged(event);
    if (event.event !== 'warning') events.push(event);
  },
};
const tokens = specServer(signedIn);

function hostApplication(): RequestListener {
  const app = express();
  const instance = new passport.Passport();
  const answer = (request: Request, response: ExpressResponse) => {
    response.json({
      user: request.user,
      clientAuth: { ...request.clientAuth, certificate: request.clientAuth?.certificate?.digest },
      body: request.body,
    });
  };
  for (const [name, Strategy] of Object.entries(faces)) {
    const strategy = new Strategy(options);
    instance.use(strategy);
    app.post(`/passport/${name}`, instance.authenticate(strategy.name, { session: false }), answer);
    app.post(`/callback/${name}`, (request, response, next) => {
      const callback = (error: unknown, user: unknown, info: unknown, status: unknown) => {
        const { reason } = info instanceof OAuthError ? info : { reason: 'no OAuthError' };
        response.json({ error, user, reason: user ? undefined : reason, status });
      };
      instance.authenticate(name, { session: false }, callback)(request, response, next);
    });
  }
  const several = ['client_secret_basic', 'client_secret_post'];
  app.post('/passport-several', instance.authenticate(several, { session: false }), answer);
  app.post('/route', authenticateClient({ ...options, strategies: standardStrategies() }), answer);
  return app;
}

let router: Awaited<ReturnType<typeof tlsServer>>;
let host: Awaited<ReturnType<typeof tlsServer>>;

beforeAll(async () => {
  router = await tlsServer(tokens.router);
  host = await tlsServer(hostApplication());
});

afterAll(async () => {
  for (const server of [router, host]) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
  await tokens.router.close();
});

async function send(url: string, { headers, body, certificate }: Credentials, more: Record<string, string> = {}) {
  const type = 'application/x-www-form-urlencoded;charset=UTF-8';
  const response = await trustingFetch({ ca: ca.cert, certificate })(url, {
    method: 'POST',
    headers: { 'content-type': type, ...headers },
    body: new URLSearchParams({ ...more, ...body }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text),
    event: url.startsWith(router.origin) ? tokens.last() : events.at(-1),
  };
}

/** A grant that the client of a method may use. */
async function grantFor(method: string): Promise<Record<string, string>> {
  if (method !== 'none') return { grant_type: 'client_credentials' };
  return redeeming(await freshCode(tokens.router));
}

describe.each(Object.keys(methods) as (keyof typeof methods)[])('%s', (name) => {
  const { right, wrong, reason }: Way = methods[name];
  const { client_id } = clientPerMethod[name];

  it('CAU-03 works with bare Passport', async () => {
    const credentials = await right();
    const { status, json, event } = await send(`${host.origin}/passport/${name}`, credentials, { report: 'daily' });
    expect(status).toBe(200);
    const { user, clientAuth, body } = json();
    expect(user).toMatchObject({ client_id, token_endpoint_auth_method: name });
    expect(clientAuth).toEqual({ client: user, method: name, certificate: clientAuth.certificate });
    expect(typeof clientAuth.certificate).toBe(credentials.certificate ? 'string' : 'undefined');
    expect(body).toMatchObject({ report: 'daily' });
    expect(Object.keys(user).filter((member) => member.includes('secret') && member !== 'secret_methods')).toEqual([]);
    expect(JSON.stringify(user)).not.toMatch(new RegExp(Object.values(secrets).join('|')));
    expect(event).toMatchObject({ event: 'client_authentication', outcome: 'success', method: name, client_id });
  });

  it('CAU-06 is refused by bare Passport as Passport refuses', async () => {
    const { status, headers, text, event } = await send(`${host.origin}/passport/${name}`, await wrong());
    expect([status, text, headers.get('www-authenticate')]).toEqual([401, 'Unauthorized', challenge]);
    expect(event).toMatchObject({
      event: 'client_authentication',
      outcome: 'failure',
      error: 'invalid_client',
      reason,
    });
  });

  it('GEN-08 gives a custom callback of Passport our error', async () => {
    const refused = await send(`${host.origin}/callback/${name}`, await wrong());
    expect(refused.json()).toEqual({ error: null, user: false, reason, status: 401 });
    const accepted = await send(`${host.origin}/callback/${name}`, await right());
    expect(accepted.json()).toMatchObject({ error: null, user: { client_id } });
  });

  it('CAU-03 works with authenticateClient on a route', async () => {
    const { status, json } = await send(`${host.origin}/route`, await right());
    expect([status, json().clientAuth.method, json().clientAuth.client.client_id]).toEqual([200, name, client_id]);
    expect(json().user).toBeUndefined();
  });

  it('CAU-06 is refused by authenticateClient with our JSON', async () => {
    const { status, headers, json, event } = await send(`${host.origin}/route`, await wrong());
    expect([status, json().error, headers.get('www-authenticate')]).toEqual([401, 'invalid_client', challenge]);
    expect([event?.reason, event?.correlation_id]).toEqual([reason, headers.get('x-correlation-id')]);
  });

  it('CAU-03 works with grantRouter', async () => {
    const { status, json, event } = await send(`${router.origin}/oauth2/token`, await right(), await grantFor(name));
    expect([status, json().token_type]).toEqual([200, 'Bearer']);
    expect(event).toMatchObject({ event: 'token', outcome: 'success', method: name, client_id });
  });

  it('CAU-06 is refused by grantRouter with our JSON', async () => {
    const { status, headers, json, event } = await send(
      `${router.origin}/oauth2/token`,
      await wrong(),
      await grantFor(name),
    );
    expect([status, json().error, headers.get('www-authenticate')]).toEqual([401, 'invalid_client', challenge]);
    expect(event).toMatchObject({ event: 'token', outcome: 'failure', reason });
  });

  it('CAU-03 is not what another method of bare Passport accepts', async () => {
    const other = name === 'client_secret_post' ? 'client_secret_basic' : 'client_secret_post';
    const { status, text } = await send(`${host.origin}/passport/${other}`, await right());
    expect([status, text]).toEqual([401, 'Unauthorized']);
  });
});

it('CAU-01 bare Passport answers two methods with 400, no challenge and no stack', async () => {
  const both = { ...methods.client_secret_basic.right(), ...methods.client_secret_post.right() };
  const { status, text, headers, event } = await send(`${host.origin}/passport/client_secret_basic`, both);
  expect([status, text, headers.get('www-authenticate')]).toEqual([400, 'Bad Request', null]);
  expect(event?.reason).toBe('several_methods');
});

it('CAU-03 several strategies of ours work in the list Passport tries in order', async () => {
  const post = await send(`${host.origin}/passport-several`, methods.client_secret_post.right());
  expect([post.status, post.json().clientAuth.method, post.headers.get('www-authenticate')]).toEqual([
    200,
    'client_secret_post',
    null,
  ]);
  expect((await send(`${host.origin}/passport-several`, methods.client_secret_basic.right())).status).toBe(200);
  const wrong = await send(`${host.origin}/passport-several`, methods.client_secret_post.wrong());
  expect([wrong.status, wrong.text, wrong.headers.get('www-authenticate')]).toEqual([401, 'Unauthorized', challenge]);
});

it('GEN-02 a route of the host may take any body, as long as the credentials are not in it', async () => {
  const header = { ...methods.client_secret_basic.right().headers, 'content-type': 'application/json' };
  const fetch = trustingFetch({ ca: ca.cert });
  const post = (headers: Record<string, string>, body: string) =>
    fetch(`${host.origin}/route`, { method: 'POST', headers, body });
  expect((await post(header, '{"a":[1]}')).status).toBe(200);
  const inside = await post(
    { 'content-type': 'application/json' },
    JSON.stringify(methods.client_secret_post.right().body),
  );
  expect([inside.status, events.at(-1)?.reason]).toEqual([401, 'no_credentials']);
});
