const { once } = require('node:events');

/**
 * What an adopter does: a token from the mounted router, an API behind it, one strategy on one route; each right and
 * wrong. Answers the statuses and errors by name.
 */
exports.journey = async ({ express, passport, library, PrivateKeyJwtStrategy }) => {
  const issuer = 'https://as.example.com';
  const { clientCredentials, ClientSecretBasicStrategy, grantRouter, protectResource, standardStrategies } = library;
  const clients = [{ client_id: 'reports', client_secret: 'x'.repeat(43), grant_types: ['client_credentials'] }];
  const app = express();
  const router = grantRouter({ issuer, clients, strategies: standardStrategies(), grants: [clientCredentials()] });
  passport.use(new ClientSecretBasicStrategy({ issuer, clients }));
  passport.use(new PrivateKeyJwtStrategy({ issuer, clients }));
  app.use(router);
  app.get('/api', protectResource({ authorizationServer: router }), (req, res) => res.json(req.auth.client_id));
  app.post('/basic', passport.authenticate('client_secret_basic', { session: false }), (req, res) =>
    res.json(req.clientAuth.method),
  );
  app.post('/assertion', passport.authenticate('private_key_jwt', { session: false }), (_req, res) => res.json('in'));

  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ask = async (path, { method = 'POST', authorization = '', body = null } = {}) => {
    const headers = { authorization };
    const reply = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { method, headers, body });
    const text = await reply.text();
    return { status: reply.status, body: text.startsWith('{') || text.startsWith('"') ? JSON.parse(text) : text };
  };
  const basic = (secret) => `Basic ${btoa(`reports:${secret}`)}`;
  const tokenRequest = (secret) => ({
    authorization: basic(secret),
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });

  const right = await ask('/oauth2/token', tokenRequest('x'.repeat(43)));
  const wrong = await ask('/oauth2/token', tokenRequest('y'.repeat(43)));
  const results = {
    token: [right.status, right.body.token_type],
    wrongSecret: [wrong.status, wrong.body.error],
    api: await ask('/api', { method: 'GET', authorization: `Bearer ${right.body.access_token}` }),
    wrongToken: (await ask('/api', { method: 'GET', authorization: `Bearer ${right.body.access_token}x` })).status,
    strategy: await ask('/basic', { authorization: basic('x'.repeat(43)) }),
    wrongStrategy: (await ask('/basic', { authorization: basic('y'.repeat(43)) })).status,
    otherMethod: (await ask('/assertion', { authorization: basic('x'.repeat(43)) })).status,
  };
  server.close();
  server.closeAllConnections();
  return results;
};
