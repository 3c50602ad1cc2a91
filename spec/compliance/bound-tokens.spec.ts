import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { ClientMetadataInput, UserKey } from '../../index.js';
import { issueCode } from '../../lib/codes/authorization-codes.js';
import {
  allClients,
  assertion,
  assertionType,
  basicHeader,
  ca,
  clientCertificate,
  clientPerMethod,
  ownCertificate,
  secrets,
} from '../support/methods.js';
import { mintToken } from '../support/mint-token.js';
import { type Certificate, selfSigned } from '../support/pki.js';
import { accepted, agentOf, type Identity, type TlsWorld, tlsWorld } from '../support/tls-world.js';

const bound = { tls_client_certificate_bound_access_tokens: true };
const clients = [
  ...allClients,
  { ...clientPerMethod.client_secret_basic, client_id: 'bound-basic', ...bound },
  { ...clientPerMethod.client_secret_post, client_id: 'bound-post', ...bound },
  { ...clientPerMethod.private_key_jwt, client_id: 'bound-key', ...bound },
  { ...clientPerMethod.none, client_id: 'bound-public', ...bound },
] as ClientMetadataInput[];

const stranger = selfSigned({ subject: 'CN=stranger' });
const expired = selfSigned({ subject: 'CN=old', notBefore: new Date(1e12), notAfter: new Date(1.1e12) });
const asTls = { client_id: 'tls-client' };
const asOwn = { client_id: 'self-signed-client' };
const basic = (id: string) => ({ headers: { authorization: basicHeader(id, secrets.basic) } });

function thumbprint({ der }: Certificate): string {
  return createHash('sha256').update(der).digest('base64url');
}

const formats = ['jwt', 'opaque'] as const;
const worlds = new Map<string, TlsWorld>();
beforeAll(async () => {
  const users = { find: (key: UserKey) => ('id' in key ? { id: key.id, username: key.id } : undefined) };
  for (const format of formats) {
    worlds.set(format, await tlsWorld({ clients, users, access_token_format: format }));
  }
});
afterAll(async () => {
  for (const world of worlds.values()) await world.stop();
});
const worldOf = (format: string) => worlds.get(format) as TlsWorld;

const methods: [string, Record<string, string>, Certificate, object][] = [
  ['tls_client_auth', asTls, clientCertificate, {}],
  ['self_signed_tls_client_auth', asOwn, ownCertificate, {}],
  ['client_secret_basic that registered it', {}, stranger, basic('bound-basic')],
  ['client_secret_post that registered it', { client_id: 'bound-post', client_secret: secrets.post }, stranger, {}],
];

describe('BND-01 tokens carry the thumbprint', () => {
  it.each(methods)('BND-01 %s', async (_title, form, certificate, more) => {
    const { body } = await worldOf('jwt').ask(form, certificate, more);
    const { cnf } = decodeJwt(body.access_token) as { cnf: object };
    expect(cnf).toEqual({ 'x5t#S256': thumbprint(certificate) });
    expect(thumbprint(certificate)).toHaveLength(43);
    expect(body.token_type).toBe('Bearer');
  });

  it('BND-01 private_key_jwt that registered it', async () => {
    const form = { client_assertion: await assertion('bound-key'), client_assertion_type: assertionType };
    const { body } = await worldOf('jwt').ask(form, expired);
    expect(decodeJwt(body.access_token).cnf).toEqual({ 'x5t#S256': thumbprint(expired) });
  });

  it('BND-01 who did not register it gets a token for anybody, whatever the connection has', async () => {
    const { body } = await worldOf('jwt').ask({}, stranger, basic('basic-client'));
    expect(decodeJwt(body.access_token)).not.toHaveProperty('cnf');
  });

  it('BND-01 the certificate of that very connection, also where the client has another one', async () => {
    const renewed = ca.issue({ subject: 'CN=tls.example.com,O=Example' });
    const tokens = [];
    for (const certificate of [clientCertificate, renewed, clientCertificate]) {
      tokens.push((await worldOf('jwt').ask(asTls, certificate)).body.access_token);
    }
    const thumbprints = tokens.map((token) => (decodeJwt(token).cnf as Record<string, string>)['x5t#S256']);
    expect(thumbprints).toEqual([clientCertificate, renewed, clientCertificate].map(thumbprint));
  });

  it('BND-01 a resumed session and a kept-alive connection bind to the same certificate', async () => {
    for (const keepAlive of [false, true]) {
      const agent = agentOf(clientCertificate, { keepAlive, maxSockets: 1 });
      const first = await worldOf('jwt').ask(asTls, undefined, { agent });
      const second = await worldOf('jwt').ask(asTls, undefined, { agent });
      expect([second.port === first.port, second.resumed]).toEqual([keepAlive, !keepAlive]);
      for (const { body } of [first, second]) {
        expect(decodeJwt(body.access_token).cnf).toEqual({ 'x5t#S256': thumbprint(clientCertificate) });
      }
      agent.destroy();
    }
  });
});

describe('BND-02 no certificate, no token', () => {
  const noCertificate = { status: 400, error: 'invalid_request', reason: 'binding_certificate_missing' };
  it.each(methods.slice(2))('BND-02 %s', async (_title, form, certificate, more) => {
    const world = worldOf('jwt');
    const reply = await world.ask(form, undefined, more);
    expect(world.verdict(reply)).toEqual(noCertificate);
    expect(reply.body).not.toHaveProperty('access_token');
    expect(reply.headers).not.toHaveProperty('www-authenticate');
    expect(world.verdict(await world.ask(form, certificate, more))).toEqual(accepted);
  });

  it('BND-02 a public client keeps its code, and redeems it with a certificate', async () => {
    const world = worldOf('jwt');
    const [workspace] = world.router.workspaces;
    const client = await workspace?.clients.find('bound-public');
    if (!workspace || !client) throw new Error('not there');
    const redirect_uri = 'https://app.example.com/callback';
    const code = await issueCode(
      workspace,
      client,
      {
        clientId: client.id,
        redirectUri: redirect_uri,
        redirectUriWasSent: true,
        codeChallenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        scopes: ['read'],
        resources: [],
        nonce: undefined,
      },
      { id: 'u1', username: 'john' },
    );
    const code_verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    const form = { grant_type: 'authorization_code', client_id: client.id, code, redirect_uri, code_verifier };
    expect(world.verdict(await world.ask(form))).toEqual(noCertificate);
    const reply = await world.ask(form, stranger);
    expect(world.verdict(reply)).toEqual(accepted);
    expect(decodeJwt(reply.body.access_token).cnf).toEqual({ 'x5t#S256': thumbprint(stranger) });
  });
});

describe('BND-04 a bound token needs its certificate', () => {
  it.each(formats)('BND-04 %s', async (format) => {
    const world = worldOf(format);
    const { access_token } = (await world.ask(asOwn, ownCertificate)).body;
    expect((await world.call(access_token, ownCertificate)).status).toBe(200);
    for (const identity of [undefined, stranger, clientCertificate, [stranger, ownCertificate]] as Identity[]) {
      const reply = await world.call(access_token, identity);
      expect(world.verdict(reply)).toEqual({
        status: 401,
        error: 'invalid_token',
        reason: 'token_binding_mismatch',
      });
      expect(reply.headers['www-authenticate']).toMatch(/^Bearer realm=".*", error="invalid_token"/);
      expect(world.last()).toMatchObject({ event: 'resource', outcome: 'failure', client_id: asOwn.client_id });
    }
  });

  it.each(formats)('BND-04 the same key in another certificate does not serve (%s)', async (format) => {
    const world = worldOf(format);
    const { access_token } = (await world.ask({}, stranger, basic('bound-basic'))).body;
    expect((await world.call(access_token, stranger)).status).toBe(200);
    const again = selfSigned({ subject: 'CN=stranger', sameKeyAs: stranger });
    expect((await world.call(access_token, again)).status).toBe(401);
  });

  it('BND-04 the chain is not validated, nor the validity: whose token it is was settled before', async () => {
    const world = worldOf('jwt');
    const { access_token } = (await world.ask({}, expired, basic('bound-basic'))).body;
    expect((await world.call(access_token, expired)).status).toBe(200);
    expect((await world.call(access_token, stranger)).status).toBe(401);
  });

  it('BND-04 on a resumed session too', async () => {
    const world = worldOf('opaque');
    const agent = agentOf(clientCertificate);
    const { access_token } = (await world.ask(asTls, undefined, { agent })).body;
    const reply = await world.call(access_token, undefined, { agent });
    expect([reply.status, reply.resumed]).toEqual([200, true]);
    expect((await world.call(access_token)).status).toBe(401);
    agent.destroy();
  });

  it('BND-04 a token for anybody is good with any certificate and with none', async () => {
    const world = worldOf('opaque');
    const { access_token } = (await world.ask({}, stranger, basic('basic-client'))).body;
    for (const identity of [undefined, stranger, clientCertificate]) {
      expect((await world.call(access_token, identity)).status).toBe(200);
    }
    expect((await world.call(`${access_token}x`, stranger)).status).toBe(401);
  });
});

describe('BND-07 a binding that is not understood', () => {
  const right = { 'x5t#S256': thumbprint(stranger) };
  it.each<[string, unknown, string]>([
    ['a DPoP key', { jkt: 'A'.repeat(43) }, 'token_scheme_mismatch'],
    ['a JWK', { jwk: { kty: 'EC' } }, 'token_binding_mismatch'],
    ['a kid', { kid: '1' }, 'token_binding_mismatch'],
    ['the certificate and a DPoP key', { ...right, jkt: 'A'.repeat(43) }, 'token_scheme_mismatch'],
    ['the certificate and something of tomorrow', { ...right, osc: {} }, 'token_binding_mismatch'],
    ['nothing in it', {}, 'token_binding_mismatch'],
    ['a list', [right], 'token_binding_mismatch'],
    [
      'a thumbprint in hex',
      { 'x5t#S256': createHash('sha256').update(stranger.der).digest('hex') },
      'token_binding_mismatch',
    ],
    ['a padded thumbprint', { 'x5t#S256': `${right['x5t#S256']}=` }, 'token_binding_mismatch'],
    ['a list of thumbprints', { 'x5t#S256': [right['x5t#S256']] }, 'token_binding_mismatch'],
    ['an empty thumbprint', { 'x5t#S256': '' }, 'token_binding_mismatch'],
    ['null', null, 'token_malformed'],
    ['a string', right['x5t#S256'], 'token_malformed'],
  ])('BND-07 %s is refused, with and without a certificate', async (_title, cnf, reason) => {
    const world = worldOf('jwt');
    const token = await mintToken(world.router, { claims: { cnf } });
    for (const identity of [stranger, undefined]) {
      const reply = await world.call(token, identity);
      expect(world.verdict(reply)).toEqual({ status: 401, error: 'invalid_token', reason });
    }
  });

  it('BND-07 the certificate alone is understood, and so is no binding', async () => {
    const world = worldOf('jwt');
    const token = await mintToken(world.router, { claims: { cnf: right } });
    expect((await world.call(token, stranger)).status).toBe(200);
    expect((await world.call(await mintToken(world.router))).status).toBe(200);
  });
});
