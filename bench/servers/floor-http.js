// The floor: node:http(s) and what no token endpoint can leave out. Form and credentials are decoded, secrets compared as
// digests in constant time, assertions verified and remembered, certificates looked at once a connection, tokens made
// and kept, all with synchronous node:crypto. Nothing else is checked, limited, logged or revocable. MOUNT=express:
// the same inside an Express application.
import { createHash, createHmac, createPrivateKey, createPublicKey, sign, timingSafeEqual, verify } from 'node:crypto';
import {
  accessTokenClaims,
  accessTokens,
  certificateOf,
  clients,
  codes,
  isFirstUse,
  listen,
  now,
  person,
  randomToken,
  redirectUri,
  refreshTokens,
  secretMatches,
  settings,
  sha256,
  signingJwk,
} from './settings.js';

const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decoded = (part) => JSON.parse(Buffer.from(part, 'base64url').toString());
const digestOf = (token) => createHash('sha256').update(token).digest('base64url');

const bySecret = (id, secret) => {
  const client = clients.get(id);
  return client && secretMatches(client, secret) ? client : undefined;
};
const formDecoded = (text) => decodeURIComponent(text.replaceAll('+', ' '));
const methods = {
  client_secret_basic({ headers }) {
    const credentials = Buffer.from(headers.authorization.slice(6), 'base64').toString();
    const colon = credentials.indexOf(':');
    return bySecret(formDecoded(credentials.slice(0, colon)), formDecoded(credentials.slice(colon + 1)));
  },
  client_secret_post: (_, form) => bySecret(form.get('client_id'), form.get('client_secret')),
  client_secret_jwt: (_, form) => byAssertion(form.get('client_assertion')),
  private_key_jwt: (_, form) => byAssertion(form.get('client_assertion')),
  tls_client_auth({ socket }, form) {
    const client = clients.get(form.get('client_id'));
    const certificate = socket.authorized && certificateOf(socket);
    return certificate && certificate.subject === client?.tls_client_auth_subject_dn ? client : undefined;
  },
  self_signed_tls_client_auth({ socket }, form) {
    const client = clients.get(form.get('client_id'));
    return client && thumbprintOf(socket)?.equals(registeredThumbprint(client)) ? client : undefined;
  },
};
const authenticate = methods[settings.method];

const thumbprints = new WeakMap();

function thumbprintOf(socket) {
  if (!thumbprints.has(socket)) {
    const certificate = certificateOf(socket);
    thumbprints.set(socket, certificate && sha256(certificate.raw));
  }
  return thumbprints.get(socket);
}

function registeredThumbprint(client) {
  client.thumbprint ??= sha256(Buffer.from(client.jwks.keys[0].x5c[0], 'base64'));
  return client.thumbprint;
}

function byAssertion(assertion) {
  const [head, body, signature] = assertion.split('.');
  const [header, claims] = [decoded(head), decoded(body)];
  const client = clients.get(claims.sub);
  const time = now();
  const isFit =
    client !== undefined &&
    header.alg === client.token_endpoint_auth_signing_alg &&
    claims.iss === client.client_id &&
    claims.aud === settings.issuer &&
    claims.exp > time &&
    claims.iat <= time + 10;
  if (!isFit || !isSigned(client, header.alg, `${head}.${body}`, Buffer.from(signature, 'base64url'))) return undefined;
  return isFirstUse(client.client_id, claims.jti) ? client : undefined;
}

function isSigned(client, alg, input, signature) {
  if (alg === 'HS256') {
    const expected = createHmac('sha256', client.client_secret).update(input).digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  }
  client.key ??= createPublicKey({ key: client.jwks.keys[0], format: 'jwk' });
  return verify('sha256', Buffer.from(input), { key: client.key, dsaEncoding: 'ieee-p1363' }, signature);
}

const signingKey = createPrivateKey({ key: signingJwk, format: 'jwk' });
const verifyingKey = createPublicKey(signingKey);
const jwtHead = encoded({ alg: 'ES256', typ: 'at+jwt', kid: signingJwk.kid });

function accessToken(clientId, about) {
  if (settings.format === 'opaque') {
    const token = randomToken();
    accessTokens.set(token, { clientId, ...about, exp: now() + settings.lifetime });
    return token;
  }
  const input = `${jwtHead}.${encoded(accessTokenClaims(clientId, about))}`;
  const signature = sign('sha256', Buffer.from(input), { key: signingKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const bearer = (token, scope, more) => ({
  access_token: token,
  token_type: 'Bearer',
  expires_in: settings.lifetime,
  scope,
  ...more,
});

const grants = {
  client_credentials: (client, form) => {
    const scope = form.get('scope');
    return bearer(accessToken(client.client_id, { scope }), scope);
  },
  authorization_code(client, form) {
    const record = codes.get(form.get('code'));
    const isFit =
      record?.clientId === client.client_id &&
      record.exp > now() &&
      record.redirectUri === form.get('redirect_uri') &&
      record.challenge === digestOf(form.get('code_verifier'));
    if (!isFit) return undefined;
    codes.delete(form.get('code'));
    return forPerson(client, record);
  },
  refresh_token(client, form) {
    const record = refreshTokens.get(form.get('refresh_token'));
    if (record?.clientId !== client.client_id || record.exp <= now()) return undefined;
    refreshTokens.delete(form.get('refresh_token'));
    return forPerson(client, record);
  },
};

function forPerson({ client_id: clientId }, { scope }) {
  const about = { sub: person, scope };
  return bearer(accessToken(clientId, about), scope, { refresh_token: newRefreshToken(clientId, scope) });
}

function newRefreshToken(clientId, scope) {
  const token = randomToken();
  refreshTokens.set(token, { clientId, scope, exp: now() + 86_400 });
  return token;
}

function introspected(token) {
  const record = settings.format === 'opaque' ? accessTokens.get(token) : claimsOf(token);
  if (!record || record.exp <= now()) return { active: false };
  const { clientId: client_id = record.client_id, scope, exp } = record;
  return { active: true, client_id, scope, exp, token_type: 'Bearer' };
}

function claimsOf(token) {
  const [head, body, signature] = token.split('.');
  const isOurs = verify(
    'sha256',
    Buffer.from(`${head}.${body}`),
    { key: verifyingKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  return isOurs ? decoded(body) : undefined;
}

function answer(request, form) {
  const client = authenticate(request, form);
  if (!client) return [401, { error: 'invalid_client' }];
  if (request.url === '/introspect') return [200, introspected(form.get('token'))];
  const tokens = grants[form.get('grant_type')]?.(client, form);
  return tokens ? [200, tokens] : [400, { error: 'invalid_grant' }];
}

function serve(request, response) {
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const [status, reply] = answer(request, new URLSearchParams(body));
    const text = JSON.stringify(reply);
    response.writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    });
    response.end(text);
  });
}

async function inExpress() {
  const { default: express } = await import('express');
  return express().post('/token', serve).post('/introspect', serve);
}

const challenge = process.env.CODE_CHALLENGE;
const scope = 'read offline_access';
listen(process.env.MOUNT === 'express' ? await inExpress() : serve, {
  code: (clientIds) =>
    clientIds.map((clientId) => {
      const code = randomToken();
      codes.set(code, { clientId, scope, redirectUri, challenge, exp: now() + 600 });
      return code;
    }),
  refresh_token: (clientIds) => clientIds.map((clientId) => newRefreshToken(clientId, scope)),
});
