// Assertions and JWT access tokens for peers that have none of their own, by jose, as their users would.
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT } from 'jose';
import { accessTokenClaims, clients, isFirstUse, settings, signingJwk } from './settings.js';

const signingKey = await importJWK(signingJwk, 'ES256');
const keys = new WeakMap();

export function signedAccessToken(clientId, about) {
  return new SignJWT(accessTokenClaims(clientId, about))
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: signingJwk.kid })
    .sign(signingKey);
}

/** The client that an assertion proves, or undefined. */
export async function clientByAssertion(assertion) {
  try {
    const { sub } = JSON.parse(Buffer.from(assertion.split('.')[1], 'base64url'));
    const client = clients.get(sub);
    const { payload } = await jwtVerify(assertion, keyOf(client), {
      issuer: sub,
      subject: sub,
      audience: settings.issuer,
      algorithms: [client.token_endpoint_auth_signing_alg],
      requiredClaims: ['exp', 'jti'],
    });
    return isFirstUse(sub, payload.jti) ? client : undefined;
  } catch {
    return undefined;
  }
}

function keyOf(client) {
  if (!keys.has(client)) {
    keys.set(client, client.jwks ? createLocalJWKSet(client.jwks) : new TextEncoder().encode(client.client_secret));
  }
  return keys.get(client);
}
