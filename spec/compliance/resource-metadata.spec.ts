import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { OptionsError, protectedResourceMetadata, protectResource } from '../../index.js';
import { type SpecServer, specServer } from '../support/spec-server.js';

const resource = 'https://api.example.com/v1/accounts';
const at = '/.well-known/oauth-protected-resource/v1/accounts';
let spec: SpecServer;
let app: express.Express;
beforeAll(() => {
  spec = specServer();
  app = express();
  const authorizationServer = spec.router;
  app.use(protectedResourceMetadata({ resource, authorizationServer, scopes_supported: ['read'] }));
  app.get('/v1/accounts', protectResource({ authorizationServer, resource, scope: 'read' }), (_request, response) => {
    response.json({});
  });
  app.get('/plain', protectResource({ authorizationServer }));
});
afterAll(() => spec.router.close());

describe('RSV-03 metadata of a protected resource (RFC 9728)', () => {
  it('RSV-03 stand between host and path, for everybody', async () => {
    const { status, body, headers } = await request(app).get(at);
    expect([status, headers['content-type'], headers['access-control-allow-origin']]).toEqual([
      200,
      'application/json',
      '*',
    ]);
    expect(headers['cache-control']).toBe('public, max-age=300');
    expect(body).toEqual({
      resource,
      authorization_servers: ['https://as.example.com'],
      scopes_supported: ['read'],
      bearer_methods_supported: ['header'],
      tls_client_certificate_bound_access_tokens: true,
      dpop_signing_alg_values_supported: spec.router.workspaces[0]?.policy.dpop_signing_alg_values,
    });
    expect((await request(app).get(`${at}?x=1`)).status).toBe(200);
    expect((await request(app).head(at)).status).toBe(200);
  });

  it.each([`${at}/`, '/.well-known/oauth-protected-resource', `/v1/accounts${at}`])(
    'RSV-03 and nowhere else: %s',
    async (path) => {
      expect((await request(app).get(path)).status).toBe(404);
      expect((await request(app).post(at)).status).toBe(404);
    },
  );

  it('RSV-03 every challenge names them', async () => {
    const named = `resource_metadata="https://api.example.com${at}"`;
    const realm = 'Bearer realm="https://as.example.com"';
    const missing = await request(app).get('/v1/accounts');
    expect(missing.headers['www-authenticate']).toBe(`${realm}, ${named}`);
    const wrong = await request(app).get('/v1/accounts').set('Authorization', 'Bearer x');
    expect(wrong.headers['www-authenticate']).toContain(`${realm}, ${named}, error="invalid_token"`);
    const plain = await request(app).get('/plain');
    expect(plain.headers['www-authenticate']).toBe(realm);
  });

  it('RSV-03 of a resource without a path, issued for by others', async () => {
    const issuers = ['https://one.example', 'https://two.example'];
    const bare = express().use(
      protectedResourceMetadata({
        resource: 'https://api.example.com/',
        authorization_servers: issuers,
        scopes_supported: [],
        bearer_methods_supported: ['header', 'body'],
        tls_client_certificate_bound_access_tokens: false,
        resource_name: 'Accounts',
      }),
    );
    const { body } = await request(bare).get('/.well-known/oauth-protected-resource');
    expect(body).toEqual({
      resource: 'https://api.example.com/',
      authorization_servers: issuers,
      bearer_methods_supported: ['header', 'body'],
      tls_client_certificate_bound_access_tokens: false,
      dpop_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'Ed25519'],
      resource_name: 'Accounts',
    });
  });

  it.each<[object, string]>([
    [{ resource: 'http://api.example.com' }, 'resource: must be an https URL'],
    [{ resource: 'https://api.example.com/#a' }, 'resource'],
    [{ resource: 'https://u:p@api.example.com' }, 'resource'],
    [{ resource, authorization_servers: ['http://as.example.com'] }, 'authorization_servers[0]'],
    [{ resource, scopes_supported: ['a b'] }, 'scopes_supported[0]'],
    [{ resource, bearer_methods_supported: ['query'] }, 'bearer_methods_supported[0]'],
    [{ resource, authorizationServer: {} }, 'authorizationServer: must be what grantRouter() answered'],
    [{ resource, scopes: [] }, 'scopes: is not a known member'],
  ])('RSV-03 wrong options are named: %j', (options, message) => {
    expect(() => protectedResourceMetadata(options as never)).toThrow(OptionsError);
    expect(() => protectedResourceMetadata(options as never)).toThrow(message);
  });
});
