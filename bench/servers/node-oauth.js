// @node-oauth/oauth2-server behind Express, with a model over the stores of the benchmark.
import OAuth2Server from '@node-oauth/oauth2-server';
import express from 'express';
import { signedAccessToken } from './jose.js';
import {
  accessTokens,
  clients,
  codes,
  listen,
  person,
  randomToken,
  redirectUri,
  refreshTokens,
  secretMatches,
  settings,
} from './settings.js';

const { Request, Response } = OAuth2Server;
const registered = new Map(
  [...clients.keys()].map((id) => [
    id,
    { id, grants: ['client_credentials', 'authorization_code', 'refresh_token'], redirectUris: [redirectUri] },
  ]),
);
const scope = ['read', 'offline_access'];

const oauth = new OAuth2Server({
  accessTokenLifetime: settings.lifetime,
  model: {
    async getClient(id, secret) {
      const client = clients.get(id);
      return client && secretMatches(client, secret) && registered.get(id);
    },
    getUserFromClient: async ({ id }) => ({ id }),
    validateScope: async (_, __, wanted) => (wanted?.every((each) => scope.includes(each)) ? wanted : false),
    generateAccessToken: async ({ id }, user, scopes) =>
      settings.format === 'jwt' ? signedAccessToken(id, { sub: user.id, scope: scopes.join(' ') }) : randomToken(),
    generateRefreshToken: async () => randomToken(),
    async saveToken(token, client, user) {
      const saved = { ...token, client, user };
      if (settings.format === 'opaque') accessTokens.set(token.accessToken, saved);
      if (token.refreshToken) refreshTokens.set(token.refreshToken, saved);
      return saved;
    },
    getAuthorizationCode: async (code) => codes.get(code),
    async revokeAuthorizationCode({ code }) {
      codes.delete(code);
      return true;
    },
    getRefreshToken: async (token) => refreshTokens.get(token),
    async revokeToken({ refreshToken }) {
      refreshTokens.delete(refreshToken);
      return true;
    },
  },
});

const app = express();
app.post('/token', express.urlencoded({ extended: false }), async (req, res) => {
  const response = new Response(res);
  try {
    await oauth.token(new Request(req), response);
  } catch {
    // The library has put the error into the response.
  }
  res.status(response.status).set(response.headers).json(response.body);
});

const later = () => new Date(Date.now() + 600_000);
listen(app, {
  code: (clientIds) =>
    clientIds.map((id) => {
      const code = randomToken();
      codes.set(code, {
        code,
        client: registered.get(id),
        user: { id: person },
        scope,
        redirectUri,
        expiresAt: later(),
        codeChallenge: process.env.CODE_CHALLENGE,
        codeChallengeMethod: 'S256',
      });
      return code;
    }),
  refresh_token: (clientIds) =>
    clientIds.map((id) => {
      const refreshToken = randomToken();
      const client = registered.get(id);
      refreshTokens.set(refreshToken, {
        refreshToken,
        client,
        user: { id: person },
        scope,
        refreshTokenExpiresAt: later(),
      });
      return refreshToken;
    }),
});
