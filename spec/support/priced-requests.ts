import { setTimeout as wait } from 'node:timers/promises';
import { expect } from '@jest/globals';
import request from 'supertest';
import type { Store } from '../../index.js';
import {
  assertion,
  assertionType,
  basicHeader,
  clientCertificate,
  clientPerMethod,
  macAssertion,
  newSecret,
  ownCertificate,
  secrets,
} from './methods.js';
import { RefreshServer, redemption } from './refresh-flow.js';
import { specServer } from './spec-server.js';
import { noteSecret } from './suite-log.js';

export type TokenFormat = 'opaque' | 'JWT';

/** Does one request, and notes what the store was asked for it. `token`: none where there is none in the reply. */
export type Price = (what: string, token: TokenFormat | 'none', work: () => Promise<unknown>) => Promise<void>;

interface Credentials {
  readonly form: Record<string, string>;
  readonly headers?: Record<string, string>;
}

const byAssertion = async (signed: Promise<string>): Promise<Credentials> => ({
  form: { client_assertion: noteSecret(await signed), client_assertion_type: assertionType },
});
const byCertificate = (client_id: string, certificate: string): Credentials => ({
  form: { client_id },
  headers: { 'X-SSL-Client-Cert': encodeURIComponent(certificate), 'X-SSL-Client-Verify': 'SUCCESS' },
});
const post = { client_id: clientPerMethod.client_secret_post.client_id, client_secret: secrets.post };
const methods: Record<string, () => Promise<Credentials> | Credentials> = {
  client_secret_basic: () => ({ form: {}, headers: { Authorization: basicHeader('basic-client', secrets.basic) } }),
  client_secret_post: () => ({ form: post }),
  client_secret_jwt: () => byAssertion(macAssertion()),
  private_key_jwt: () => byAssertion(assertion('private-key-client')),
  tls_client_auth: () => byCertificate('tls-client', clientCertificate.cert),
  self_signed_tls_client_auth: () => byCertificate('self-signed-client', ownCertificate.cert),
};
const machine = { grant_type: 'client_credentials' };
const secret_keys = [Buffer.alloc(32, 7).toString('base64')];

/** A server on this store, which reads certificates from headers or, without, knows where requests come from. */
function pricedServer(store: Store, token: TokenFormat, proxied: boolean) {
  const spec = specServer({
    store,
    secret_keys,
    access_token_format: token === 'JWT' ? 'jwt' : 'opaque',
    signing_keys: ['ES256'],
    ...(proxied && { trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' as const }] }),
  });
  const ask = async ({ form, headers }: Credentials, status: number) => {
    const reply = await spec.token({ ...machine, ...form }, headers);
    expect([reply.status, form]).toEqual([status, form]);
    if (reply.body.access_token) noteSecret(reply.body.access_token);
    return reply.body;
  };
  return { spec, ask };
}

/** A client's own token by every method, and introspection. The store is closed at the end, as by all below. */
export async function priceMachines(store: Store, token: TokenFormat, price: Price): Promise<void> {
  const { spec, ask } = pricedServer(store, token, true);
  for (const [name, credentials] of Object.entries(methods)) {
    // Once, so that keys are made and certificates known.
    await ask(await credentials(), 200);
    const ready = await credentials();
    await price(`client_credentials, ${name}`, token, () => ask(ready, 200));
  }
  const { access_token } = await ask({ form: post }, 200);
  await price('introspection', token, async () => {
    const reply = await request(spec.router)
      .post('/oauth2/introspect')
      .type('form')
      .send({ ...post, token: access_token });
    expect(reply.body.active).toBe(true);
  });
  await spec.router.close();
}

/** Codes redeemed, and refresh. */
export async function pricePeople(store: Store, token: TokenFormat, price: Price): Promise<void> {
  const server = new RefreshServer({ store, secret_keys, access_token_format: token === 'JWT' ? 'jwt' : 'opaque' });
  await server.first();
  const redeem = async (name: string, scope: string) => {
    const code = await server.code({ scope });
    let body: Record<string, string> = {};
    await price(name, token, async () => {
      const reply = await server.as('web', redemption(code));
      expect(reply.status).toBe(200);
      body = reply.body;
    });
    for (const each of ['access_token', 'refresh_token']) if (body[each]) noteSecret(body[each]);
    return body;
  };
  await redeem('authorization_code', 'openid read');
  const { refresh_token = '' } = await redeem('authorization_code, with a refresh token', 'openid offline_access read');
  await price('refresh_token', token, () => server.next(refresh_token));
  await server.spec.router.close();
}

/** Requests that are refused, and clients that the store has. */
export async function priceFailures(store: Store, price: Price): Promise<void> {
  const { spec, ask } = pricedServer(store, 'JWT', false);
  await ask({ form: post }, 200);
  const wrong = (client_id: string) => () => ask({ form: { client_id, client_secret: newSecret() } }, 401);
  await price('wrong secret', 'none', wrong(post.client_id));
  await price('unknown client', 'none', wrong('nobody'));
  const used = await byAssertion(assertion('private-key-client'));
  await ask(used, 200);
  await price('replayed assertion', 'none', () => ask(used, 401));
  const { parsed, secret } = await spec.router.workspaces[0]!.directory.add({
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'client_secret_post',
  });
  const stored = { form: { client_id: parsed.client_id, client_secret: noteSecret(secret?.value ?? '') } };
  await ask(stored, 200);
  // Until the notice of the change must have been read, which costs a look at the client, once.
  await wait(800);
  await ask(stored, 200);
  await price('client_credentials, client of the store', 'JWT', () => ask(stored, 200));
  await price('wrong secret, client of the store', 'none', wrong(parsed.client_id));
  await spec.router.close();
}
