import { describe, expect, it } from '@jest/globals';
import express from 'express';
import passport from 'passport';
import request from 'supertest';
import {
  type AuthenticateClientOptions,
  authenticateClient,
  clientMetadataSchema,
  describeCertificate,
  type OutcomeEvent,
  PrivateKeyJwtStrategy,
  standardStrategies,
} from '../../index.js';
import { CERTIFICATE_HEADER_PRESETS } from '../../lib/certificates/certificate-headers.js';
import * as testing from '../../testing/index.js';
import { noteLogged, noteSecret } from '../support/suite-log.js';

const { issuer } = testing;
const clients = testing.methods.map((method) => testing.client(method));
const reports = testing.client('private_key_jwt');
const tls = testing.client('tls_client_auth');

const wrong: Readonly<Record<string, string>> = {
  client_secret_basic: 'secret_mismatch',
  client_secret_post: 'secret_mismatch',
  client_secret_jwt: 'assertion_signature_invalid',
  private_key_jwt: 'assertion_signature_invalid',
  tls_client_auth: 'certificate_untrusted',
  self_signed_tls_client_auth: 'certificate_not_registered',
};

const plain = clients.filter(({ certificate, method }) => certificate === undefined && method !== 'none');
const withCertificate = clients.filter(({ certificate }) => certificate !== undefined);

/** An adopter's app with one guarded route that answers method and form, and the private reason of the last refusal. */
function adopter(options: Partial<AuthenticateClientOptions> = {}) {
  const events: OutcomeEvent[] = [];
  const app = express();
  const guard = authenticateClient({
    issuer,
    clients: clients.map(({ metadata }) => metadata),
    root_cas: [testing.authority.cert],
    strategies: standardStrategies(),
    rate_limits: { enabled: false },
    ...options,
    onEvent: (event) => {
      noteLogged(event);
      if (event.event !== 'warning') events.push(event);
    },
  });
  app.post('/reports', guard, (req, res) => {
    res.json({ method: req.clientAuth?.method, sent: req.body });
  });
  return { app, reason: () => events.at(-1)?.reason };
}

for (const { client_secret } of clients) if (client_secret !== undefined) noteSecret(client_secret);

describe('authenticated(request, client)', () => {
  const { app, reason } = adopter();

  it.each(plain)('$method: lets the client through, and not who only calls himself so', async (client) => {
    const reply = await testing.authenticated(request(app).post('/reports'), client).expect(200);
    expect(reply.body.method).toBe(client.method);
    const refused = await testing.authenticated(request(app).post('/reports'), testing.impostor(client)).expect(401);
    expect([refused.body.error, reason()]).toEqual(['invalid_client', wrong[client.method]]);
  });

  it('none: names the client; one that is not registered is refused', async () => {
    const reply = await testing.authenticated(request(app).post('/reports'), testing.client('none')).expect(200);
    expect(reply.body.method).toBe('none');
    const other = testing.client('none', { client_id: 'somebody' });
    await testing.authenticated(request(app).post('/reports'), other).expect(401);
    expect(reason()).toBe('unknown_client');
  });

  it.each(withCertificate)('$method: over real TLS, where another certificate is refused', async (client) => {
    const server = testing.httpsServer(app);
    const reply = await testing.authenticated(request(server).post('/reports'), client).expect(200);
    expect(reply.body.method).toBe(client.method);
    await testing.authenticated(request(server).post('/reports'), testing.impostor(client)).expect(401);
    expect(reason()).toBe(wrong[client.method]);
    // The name alone proves nothing.
    await request(server)
      .post('/reports')
      .ca(testing.authority.cert)
      .type('form')
      .send({ client_id: client.client_id })
      .expect(401);
    expect(reason()).toBe('certificate_missing');
  });

  it.each(plain)('$method: also over TLS, trusting the certificate of httpsServer and no other', async (client) => {
    await testing.authenticated(request(testing.httpsServer(app)).post('/reports'), client).expect(200);
    const elsewhere = request(testing.httpsServer(app))
      .post('/reports')
      .ca(tls.certificate?.cert ?? '');
    await expect(testing.authenticated(elsewhere, client)).rejects.toThrow(/certificate/);
  });

  it.each(withCertificate)('$method: says what to do where there is no TLS', (client) => {
    expect(() => testing.authenticated(request(app).post('/reports'), client)).toThrow(
      new TypeError(
        `${client.method} needs TLS: request(testing.httpsServer(app)); or a proxy: authenticated(request, client, { proxy: 'nginx' })`,
      ),
    );
  });

  it('makes a new assertion for each request; the same one twice is a replay', async () => {
    await testing.authenticated(request(app).post('/reports'), reports).expect(200);
    const sent: string[] = [];
    const first = testing.authenticated(request(app).post('/reports'), reports).use((each) => {
      sent.push(JSON.stringify((each as unknown as { _data: unknown })._data));
    });
    await first.expect(200);
    await request(app)
      .post('/reports')
      .type('form')
      .send(JSON.parse(sent[0] ?? ''))
      .expect(401);
    expect(reason()).toBe('assertion_replayed');
  });

  it('joins what is sent before and after, and text that is sent before', async () => {
    const post = testing.client('client_secret_post');
    const both = testing.authenticated(request(app).post('/reports').send({ a: '1' }), post).send({ b: '2' });
    expect((await both.expect(200)).body.sent).toMatchObject({ a: '1', b: '2', client_id: post.client_id });
    const text = testing.authenticated(request(app).post('/reports').send('a=1&b=%20'), post);
    expect((await text.expect(200)).body.sent).toMatchObject({ a: '1', b: ' ', client_id: post.client_id });
  });

  it('leaves a body that is no form alone where the method needs none', async () => {
    const json = request(app)
      .post('/reports')
      .send({ a: [1] });
    await testing.authenticated(json, testing.client('client_secret_basic')).expect(200);
    expect(json.get('Content-Type')).toBe('application/json');
  });

  it('works with one strategy in bare Passport, for the issuer of the app', async () => {
    const own = 'https://other.example.com/tenant';
    const client = testing.client('private_key_jwt', { issuer: own });
    const one = express();
    passport.use(new PrivateKeyJwtStrategy({ issuer: own, clients: [client.metadata] }));
    one.post('/reports', passport.authenticate('private_key_jwt', { session: false }), (_req, res) => {
      res.end();
    });
    await testing.authenticated(request(one).post('/reports'), client).expect(200);
    // This one speaks to another issuer, and is another client.
    await testing.authenticated(request(one).post('/reports'), reports).expect(401);
  });
});

describe('the certificate in the headers of a proxy', () => {
  const presets = Object.keys(CERTIFICATE_HEADER_PRESETS) as testing.TestProxy[];
  const cases = presets.flatMap((proxy) => withCertificate.map((client) => ({ proxy, client, method: client.method })));

  it.each(cases)(
    '$proxy, $method: counts where the app trusts the proxy, another certificate does not',
    async (each) => {
      const { proxy, client } = each;
      const { app, reason } = adopter({ trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: proxy }] });
      await testing.authenticated(request(app).post('/reports'), client, { proxy }).expect(200);
      await testing.authenticated(request(app).post('/reports'), testing.impostor(client), { proxy }).expect(401);
      const told = client.method === 'tls_client_auth' && (proxy === 'nginx' || proxy === 'haproxy');
      expect(reason()).toBe(told ? 'certificate_refused_by_proxy' : wrong[client.method]);
    },
  );

  it.each(withCertificate)('$method: counts nothing where the app trusts no proxy', async (client) => {
    const { app, reason } = adopter();
    await testing.authenticated(request(app).post('/reports'), client, { proxy: 'nginx' }).expect(401);
    expect(reason()).toBe('certificate_missing');
  });
});

describe('clients', () => {
  it.each(clients)('$method: metadata are valid, and what is registered is public but for secrets', (client) => {
    expect(() => clientMetadataSchema.parse(client.metadata)).not.toThrow();
    expect(client.metadata).toMatchObject({ client_id: client.client_id, token_endpoint_auth_method: client.method });
    const text = JSON.stringify(client.metadata);
    expect(text).not.toContain('PRIVATE');
    expect(text).not.toContain('"d"');
  });

  it('are the same for the same words, and others for others', () => {
    expect(testing.client('client_secret_post')).toBe(testing.client('client_secret_post'));
    const one = testing.client('client_secret_post', { client_id: 'a', scope: 'read' });
    expect(testing.client('client_secret_post', { scope: 'read', client_id: 'a' })).toBe(one);
    expect(one.metadata).toMatchObject({ client_id: 'a', scope: 'read' });
    const other = testing.client('client_secret_post', { client_id: 'b', scope: 'read' });
    expect(other.client_secret).not.toBe(one.client_secret);
  });

  it('that nobody registered are refused: the helpers open nothing', async () => {
    const { app, reason } = adopter({ clients: [] });
    for (const client of plain) {
      await testing.authenticated(request(app).post('/reports'), client).expect(401);
      expect(reason()).toBe('unknown_client');
    }
  });

  it('that are public have no impostor', () => {
    expect(() => testing.impostor(testing.client('none'))).toThrow(TypeError);
  });

  it('have certificates that say what is registered, by an authority that is one', () => {
    const described = describeCertificate(tls.certificate?.cert ?? '');
    expect(JSON.stringify(described)).toContain(String(tls.metadata.tls_client_auth_san_dns));
    expect(tls.certificate?.ca).toBe(testing.authority.cert);
    const own = testing.client('self_signed_tls_client_auth').certificate;
    expect(own?.ca).toBe(own?.cert);
  });
});
