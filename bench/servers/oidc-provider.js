// oidc-provider on Koa: its own comparison of secrets, tokens, JOSE and replay memory; the store of the benchmark.
import Provider from 'oidc-provider';
import { redirectUri } from '../harness/constants.js';
import { BoundedStore, certificateOf, clients, listen, person, randomToken, settings, signingJwk } from './settings.js';

const store = new BoundedStore();
const scope = 'read offline_access';

class Adapter {
  constructor(model) {
    this.prefix = `${model}:`;
  }

  async find(id) {
    return store.get(this.prefix + id);
  }

  async upsert(id, payload) {
    store.set(this.prefix + id, payload);
  }

  async consume(id) {
    store.set(this.prefix + id, { ...store.get(this.prefix + id), consumed: Math.floor(Date.now() / 1000) });
  }

  async destroy(id) {
    store.delete(this.prefix + id);
  }

  async findByUid() {}
  async findByUserCode() {}
  async revokeByGrantId() {}
}

const resourceServer = {
  scope: 'read',
  audience: settings.resource,
  accessTokenTTL: settings.lifetime,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'ES256' } },
};
const inJwt = settings.format === 'jwt';

const provider = new Provider(settings.issuer, {
  adapter: Adapter,
  clients: [...clients.values()].map(({ secretDigest, ...metadata }) => ({ ...metadata, response_types: ['code'] })),
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  clientAuthMethods: [settings.method],
  enabledJWA: { clientAuthSigningAlgValues: ['ES256', 'RS256', 'HS256'] },
  cookies: { keys: ['unused'] },
  jwks: { keys: [signingJwk] },
  scopes: ['read', 'offline_access'],
  ttl: {
    ClientCredentials: settings.lifetime,
    AccessToken: settings.lifetime,
    AuthorizationCode: 600,
    RefreshToken: 86_400,
    Grant: 86_400,
  },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: () => true,
  features: {
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    devInteractions: { enabled: false },
    resourceIndicators: inJwt
      ? {
          enabled: true,
          defaultResource: () => settings.resource,
          useGrantedResource: () => true,
          getResourceServerInfo: () => resourceServer,
        }
      : { enabled: false },
    mTLS: {
      enabled: settings.method.includes('tls'),
      tlsClientAuth: true,
      selfSignedTlsClientAuth: true,
      getCertificate: (ctx) => certificateOf(ctx.socket),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        property === 'tls_client_auth_subject_dn' && certificateOf(ctx.socket).subject === expected,
    },
  },
});

async function grantOf(clientId) {
  const grant = new provider.Grant({ clientId, accountId: person });
  grant.addOIDCScope(scope);
  if (inJwt) grant.addResourceScope(settings.resource, 'read');
  return {
    accountId: person,
    client: await provider.Client.find(clientId),
    grantId: await grant.save(),
    scope,
    ...(inJwt && { resource: settings.resource }),
  };
}

const inTurn = async (clientIds, make) => {
  const made = [];
  for (const clientId of clientIds) made.push(await make(await grantOf(clientId)));
  return made;
};
const challenge = { codeChallenge: process.env.CODE_CHALLENGE, codeChallengeMethod: 'S256' };

provider.on('server_error', (_, error) => console.error(error));
const handler = provider.callback();
const paths = { '/introspect': '/token/introspection' };
const serve = (request, response) => {
  request.url = paths[request.url] ?? request.url;
  return handler(request, response);
};
listen(serve, {
  code: (clientIds) =>
    inTurn(clientIds, (about) =>
      new provider.AuthorizationCode({ ...about, ...challenge, redirectUri, sessionUid: randomToken() }).save(),
    ),
  refresh_token: (clientIds) =>
    inTurn(clientIds, (about) =>
      new provider.RefreshToken({ ...about, gty: 'authorization_code', rotations: 0 }).save(),
    ),
});
