// oauth2orize with Passport. Secrets: passport-http and passport-oauth2-client-password. Assertions and certificates:
// passport-custom, as there is no maintained strategy. It leaves PKCE and all checks of codes to its user.
import express from 'express';
import oauth2orize from 'oauth2orize';
import passport from 'passport';
import { Strategy as CustomStrategy } from 'passport-custom';
import { BasicStrategy } from 'passport-http';
import { Strategy as ClientPasswordStrategy } from 'passport-oauth2-client-password';
import { clientByAssertion, signedAccessToken } from './jose.js';
import {
  accessTokens,
  certificateOf,
  clients,
  codes,
  listen,
  now,
  person,
  randomToken,
  redirectUri,
  refreshTokens,
  secretMatches,
  settings,
  sha256,
} from './settings.js';

const { TokenError, exchange } = oauth2orize;

function bySecret(id, secret, done) {
  const client = clients.get(id);
  done(null, client && secretMatches(client, secret) ? client : false);
}
const byAssertion = async ({ body }, done) => done(null, (await clientByAssertion(body.client_assertion)) ?? false);
function byName({ socket, body }, done) {
  const client = clients.get(body.client_id);
  const certificate = socket.authorized && certificateOf(socket);
  done(null, certificate && certificate.subject === client?.tls_client_auth_subject_dn ? client : false);
}
function byThumbprint({ socket, body }, done) {
  const client = clients.get(body.client_id);
  const certificate = certificateOf(socket);
  client.thumbprint ??= sha256(Buffer.from(client.jwks.keys[0].x5c[0], 'base64'));
  done(null, certificate && sha256(certificate.raw).equals(client.thumbprint) ? client : false);
}
passport.use('client_secret_basic', new BasicStrategy(bySecret));
passport.use('client_secret_post', new ClientPasswordStrategy(bySecret));
passport.use('client_secret_jwt', new CustomStrategy(byAssertion));
passport.use('private_key_jwt', new CustomStrategy(byAssertion));
passport.use('tls_client_auth', new CustomStrategy(byName));
passport.use('self_signed_tls_client_auth', new CustomStrategy(byThumbprint));

async function accessToken(clientId, about) {
  if (settings.format === 'jwt') return signedAccessToken(clientId, about);
  const token = randomToken();
  accessTokens.set(token, { clientId, ...about, exp: now() + settings.lifetime });
  return token;
}

function newRefreshToken(clientId) {
  const token = randomToken();
  refreshTokens.set(token, { clientId, exp: now() + 86_400 });
  return token;
}

const scope = 'read offline_access';
async function forPerson({ client_id: id }, done) {
  const token = await accessToken(id, { sub: person, scope });
  done(null, token, newRefreshToken(id), { expires_in: settings.lifetime, scope });
}

const server = oauth2orize.createServer();
server.exchange(
  exchange.clientCredentials((client, scopes, done) => {
    if (scopes?.length !== 1 || scopes[0] !== 'read') return done(new TokenError('unknown scope', 'invalid_scope'));
    const parameters = { expires_in: settings.lifetime, scope: 'read' };
    accessToken(client.client_id, { scope: 'read' }).then((token) => done(null, token, null, parameters), done);
  }),
);
server.exchange(
  exchange.code((client, code, uri, body, _, done) => {
    const record = codes.get(code);
    codes.delete(code);
    const isFit =
      record?.clientId === client.client_id &&
      record.exp > now() &&
      uri === redirectUri &&
      sha256(body.code_verifier).toString('base64url') === process.env.CODE_CHALLENGE;
    if (!isFit) return done(null, false);
    forPerson(client, done).catch(done);
  }),
);
server.exchange(
  exchange.refreshToken((client, token, _, done) => {
    const record = refreshTokens.get(token);
    refreshTokens.delete(token);
    if (record?.clientId !== client.client_id || record.exp <= now()) return done(null, false);
    forPerson(client, done).catch(done);
  }),
);

// Passport tells of failed authentication without an OAuth error.
const asInvalidClient = (error, _req, _res, next) =>
  next(error.name === 'AuthenticationError' ? new TokenError('client authentication failed', 'invalid_client') : error);

const app = express();
app.post(
  '/token',
  express.urlencoded({ extended: false }),
  passport.authenticate(settings.method, { session: false, failWithError: true }),
  server.token(),
  asInvalidClient,
  server.errorHandler(),
);
listen(app, {
  code: (clientIds) =>
    clientIds.map((clientId) => {
      const code = randomToken();
      codes.set(code, { clientId, exp: now() + 600 });
      return code;
    }),
  refresh_token: (clientIds) => clientIds.map(newRefreshToken),
});
