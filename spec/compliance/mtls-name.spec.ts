import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { GrantRouterOptions } from '../../index.js';
import {
  assertion,
  assertionType,
  basicHeader,
  clientCertificate,
  issuer,
  macAssertion,
  ownCertificate,
  secrets,
} from '../support/methods.js';
import { type SpecServer, specServer, tlsServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';
import { type Reply, type TlsRequest, tlsRequest } from '../support/tls-world.js';

const mtlsName = 'https://mtls.as.example.com:9443';
type Name = 'usual' | 'mtls';

let spec: SpecServer;
let usual: Awaited<ReturnType<typeof tlsServer>>;
let mtls: Awaited<ReturnType<typeof tlsServer>>;
beforeAll(async () => {
  spec = specServer({ mtls: { public_url: mtlsName }, users: { find: () => ({ id: 'u1', username: 'john' }) } });
  // Only the second name asks for certificates.
  usual = await tlsServer(spec.router, { requestCert: false });
  mtls = await tlsServer(spec.router);
});
afterAll(async () => {
  for (const server of [usual, mtls]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await spec.router.close();
});

const send = (name: Name, message: TlsRequest) => tlsRequest((name === 'usual' ? usual : mtls).origin, message);
const token = (name: Name, form: Record<string, string>, more: Partial<TlsRequest> = {}) =>
  send(name, { path: '/oauth2/token', form: { grant_type: 'client_credentials', ...form }, ...more });
const outcome = ({ status, body }: Reply) => [status, body.error, spec.last().reason];
const good = [200, undefined, undefined];

const asserted = (client_assertion: string) => ({ client_assertion, client_assertion_type: assertionType });

describe('MET-07 the second name is told', () => {
  it('MET-07 with the endpoints that clients call, each of which is there', async () => {
    for (const name of ['usual', 'mtls'] as const) {
      const { body } = await send(name, { path: '/.well-known/openid-configuration' });
      expect(body.issuer).toBe(issuer);
      expect(body.token_endpoint).toBe(`${issuer}/oauth2/token`);
      expect(body.mtls_endpoint_aliases).toEqual({
        token_endpoint: `${mtlsName}/oauth2/token`,
        introspection_endpoint: `${mtlsName}/oauth2/introspect`,
        revocation_endpoint: `${mtlsName}/oauth2/revoke`,
        pushed_authorization_request_endpoint: `${mtlsName}/oauth2/par`,
        userinfo_endpoint: `${mtlsName}/userinfo`,
      });
      for (const [member, alias] of Object.entries<string>(body.mtls_endpoint_aliases)) {
        expect(new URL(alias).pathname).toBe(new URL(body[member]).pathname);
        const { status } = await send('mtls', { path: new URL(alias).pathname, form: { client_id: 'nobody' } });
        expect([400, 401]).toContain(status);
      }
    }
  });

  it('MET-07 not what is not served, nor without a second name', async () => {
    const aliasesOf = async (options: Partial<Extract<GrantRouterOptions, { issuer: string }>>) => {
      const other = specServer(options);
      const server = await tlsServer(other.router);
      const path = `${new URL(options.issuer ?? issuer).pathname.replace(/\/$/, '')}/.well-known/openid-configuration`;
      const { body } = await tlsRequest(server.origin, { path });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await other.router.close();
      return body.mtls_endpoint_aliases;
    };
    expect(await aliasesOf({})).toBeUndefined();
    const machines = { grant_types: ['client_credentials'], mtls: { public_url: mtlsName } };
    expect(Object.keys(await aliasesOf(machines))).toEqual([
      'token_endpoint',
      'introspection_endpoint',
      'revocation_endpoint',
    ]);
    const below = await aliasesOf({ mtls: { public_url: mtlsName }, issuer: `${issuer}/acme/demo` });
    expect(below.token_endpoint).toBe(`${mtlsName}/acme/demo/oauth2/token`);
  });

  it.each([
    ['http://mtls.as.example.com', 'mtls.public_url: must be an https origin'],
    ['https://mtls.as.example.com/', 'mtls.public_url: must be an https origin'],
    ['https://mtls.as.example.com/path', 'mtls.public_url: must be an https origin'],
    ['https://mtls.as.example.com:443', 'mtls.public_url: must be an https origin'],
    ['mtls.as.example.com', 'mtls.public_url: must be an https origin'],
    [issuer, 'issuer: needs another name or port than mtls.public_url'],
  ])('MET-07 the name cannot be %s', (public_url, message) => {
    expect(() => specServer({ mtls: { public_url } })).toThrow(message);
  });
});

describe('MTL-07 both names answer alike', () => {
  it('MTL-07 clients without certificates', async () => {
    for (const name of ['usual', 'mtls'] as const) {
      const basic = (secret: string) => ({ headers: { authorization: basicHeader('basic-client', secret) } });
      expect(outcome(await token(name, {}, basic(secrets.basic)))).toEqual(good);
      const wrong = await token(name, {}, basic('wrong'));
      expect(outcome(wrong)).toEqual([401, 'invalid_client', 'secret_mismatch']);
      expect(wrong.headers['www-authenticate']).toBe(`Basic realm="${issuer}", error="invalid_client"`);
      const post = { client_id: 'post-client', client_secret: secrets.post };
      expect(outcome(await token(name, post))).toEqual(good);
      // The certificate of a browser that has one decides nothing.
      expect(outcome(await token(name, post, { as: clientCertificate }))).toEqual(good);
      expect(outcome(await token(name, asserted(await assertion('private-key-client'))))).toEqual(good);
      expect(outcome(await token(name, asserted(await macAssertion())))).toEqual(good);
    }
  });

  it.each([`${mtlsName}/oauth2/token`, mtlsName, `${issuer}/oauth2/token`])(
    'MTL-07 AST-04 the audience of assertions is the issuer, not %s',
    async (aud) => {
      for (const name of ['usual', 'mtls'] as const) {
        const reply = await token(name, asserted(await assertion('private-key-client', { claims: { aud } })));
        expect(outcome(reply)).toEqual([401, 'invalid_client', 'assertion_audience_mismatch']);
      }
    },
  );

  it('MTL-07 an assertion that was used at one name is used at the other', async () => {
    const proof = asserted(await assertion('private-key-client'));
    expect(outcome(await token('mtls', proof))).toEqual(good);
    expect(outcome(await token('usual', proof))).toEqual([401, 'invalid_client', 'assertion_replayed']);
  });

  it('MTL-07 GEN-13 whatever Host says', async () => {
    const headers = { host: 'mtls.as.example.com:9443' };
    const { body } = await send('usual', { path: '/.well-known/openid-configuration', headers });
    expect([body.issuer, body.token_endpoint]).toEqual([issuer, `${issuer}/oauth2/token`]);
  });

  it('MTL-01 certificates count where they are asked for', async () => {
    for (const [client_id, as] of [
      ['tls-client', clientCertificate],
      ['self-signed-client', ownCertificate],
    ] as const) {
      expect(outcome(await token('mtls', { client_id }, { as }))).toEqual(good);
      expect(outcome(await token('usual', { client_id }, { as }))).toEqual([
        401,
        'invalid_client',
        'certificate_missing',
      ]);
    }
  });

  it('MTL-07 a token of one name is a token of the other', async () => {
    const { body } = await token('mtls', { client_id: 'tls-client' }, { as: clientCertificate });
    const form = { token: noteSecret(body.access_token), client_id: 'post-client', client_secret: secrets.post };
    for (const name of ['usual', 'mtls'] as const) {
      const told = await send(name, { path: '/oauth2/introspect', form });
      expect([told.status, told.body]).toEqual([200, { active: false }]);
      const own = { token: body.access_token, client_id: 'tls-client' };
      const known = await send('mtls', { path: '/oauth2/introspect', form: own, as: clientCertificate });
      expect(known.body).toMatchObject({ active: true, iss: issuer, client_id: 'tls-client' });
    }
  });
});
