import { createHash, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyOptions, jwtVerify, SignJWT } from 'jose';
import { Browser } from '../support/browser.js';
import { clientKey } from '../support/client-keys.js';
import { openidClient6 } from '../support/foreign-clients/openid-client-6.js';
import { publicClient, redirectUri, rejection, ways } from '../support/foreign-clients/registered.js';
import { type LiveServer, liveServer, person } from '../support/live-server.js';
import { ca } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';
import { trustingFetch } from '../support/trusting-fetch.js';

const algorithms = ['ES256', 'RS256', 'PS256', 'Ed25519'] as const;
const audience = 'https://api.example.com';
const publicOne = { clientId: 'public-client', method: 'none' };
const fetching = trustingFetch({ ca: ca.cert });

/** One server per algorithm that signs access tokens, each with the keys of all. */
const servers = new Map<string, LiveServer>();
beforeAll(async () => {
  for (const first of algorithms) {
    const server = await liveServer({
      path: '/acme/demo',
      options: {
        signing_keys: [first, ...algorithms.filter((alg) => alg !== first)],
        access_token_format: 'jwt',
        audience,
        clients: [publicClient, ...ways.map(({ metadata }) => metadata)],
      },
    });
    servers.set(first, server);
  }
});
afterAll(() => Promise.all([...servers.values()].map((server) => server.close())));

/** What a resource server makes of the issuer's name and nothing else. */
async function verifier(issuer: string) {
  const { origin, pathname } = new URL(issuer);
  const response = await fetching(`${origin}/.well-known/oauth-authorization-server${pathname}`);
  const metadata = (await response.json()) as { issuer: string; jwks_uri: string };
  const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), { [customFetch]: fetching });
  return (token: string, options: JWTVerifyOptions) => jwtVerify(token, keys, { issuer: metadata.issuer, ...options });
}

describe.each(algorithms)('jose verifies, from metadata alone, a token signed with %s', (alg) => {
  const live = () => servers.get(alg)!;
  const accessToken = { audience, typ: 'at+jwt', requiredClaims: ['jti', 'iat', 'exp', 'sub', 'client_id'] };

  it.each(ways)('MET-02 that was issued by $label', async ({ credentials }) => {
    const { issuer } = live();
    const { access_token } = await openidClient6.clientCredentials(issuer, credentials, 'read');
    const { payload, protectedHeader } = await (await verifier(issuer))(noteSecret(access_token), accessToken);
    expect(protectedHeader).toEqual({ alg, typ: 'at+jwt', kid: expect.any(String) });
    expect(payload).toMatchObject({ client_id: credentials.clientId, sub: credentials.clientId, scope: 'read' });
    const { certificate } = credentials;
    const digest = certificate && createHash('sha256').update(new X509Certificate(certificate.cert).raw);
    expect(payload.cnf).toEqual(digest && { 'x5t#S256': digest.digest('base64url') });
  });

  it('that belongs to a person, and the ID token beside it', async () => {
    const { issuer } = live();
    const signIn = { browser: new Browser(), redirectUri, scope: 'openid email read' };
    const { tokens } = await openidClient6.signIn(issuer, publicOne, signIn);
    const verify = await verifier(issuer);
    const access = await verify(noteSecret(tokens.access_token), accessToken);
    expect(access.payload).toMatchObject({ sub: person.id, client_id: 'public-client', auth_time: person.authTime });
    const identity = await verify(noteSecret(tokens.id_token ?? ''), { audience: 'public-client', typ: 'JWT' });
    expect(identity.protectedHeader.alg).toBe('RS256');
    expect(identity.payload).toMatchObject({ sub: person.id, email: person.email });

    // Neither passes for the other (RFC 9068 4, RFC 8725 3.11).
    expect(await rejection(verify(tokens.id_token ?? '', accessToken))).toBeInstanceOf(errors.JWTClaimValidationFailed);
    const asIdentity = { audience: 'public-client', typ: 'JWT' };
    expect(await rejection(verify(tokens.access_token, asIdentity))).toBeInstanceOf(errors.JWTClaimValidationFailed);
  });

  it('and refuses it altered, for another audience, of another server, or of another key', async () => {
    const [{ issuer }, other] = [live(), servers.get(alg === 'ES256' ? 'RS256' : 'ES256')!];
    const credentials = ways[0]!.credentials;
    const { access_token } = await openidClient6.clientCredentials(issuer, credentials, 'read');
    const verify = await verifier(issuer);
    const { payload, protectedHeader } = await verify(access_token, accessToken);

    const [header, , signature] = access_token.split('.');
    const claims = Buffer.from(JSON.stringify({ ...payload, scope: 'read write' })).toString('base64url');
    const altered = await rejection(verify(`${header}.${claims}.${signature}`, accessToken));
    expect(altered).toBeInstanceOf(errors.JWSSignatureVerificationFailed);

    const elsewhere = await rejection(verify(access_token, { ...accessToken, audience: issuer }));
    expect(elsewhere).toMatchObject({ code: 'ERR_JWT_CLAIM_VALIDATION_FAILED', claim: 'aud' });

    const foreign = await openidClient6.clientCredentials(other.issuer, credentials, 'read');
    expect(await rejection(verify(foreign.access_token, accessToken))).toBeInstanceOf(errors.JWKSNoMatchingKey);

    const types = { ES256: 'P-256', RS256: 'RSA', PS256: 'RSA', Ed25519: 'Ed25519' } as const;
    const forged = await new SignJWT(payload)
      .setProtectedHeader({ ...protectedHeader, alg })
      .sign(clientKey(types[alg]).privateKey);
    expect(await rejection(verify(forged, accessToken))).toBeInstanceOf(errors.JWSSignatureVerificationFailed);
  });

  it('JWK-01 JWK-02 with public keys alone, each with its own kid, use and alg', async () => {
    const response = await fetching(`${live().issuer}/.well-known/jwks.json`);
    const { keys } = (await response.json()) as { keys: Record<string, unknown>[] };
    expect(keys.map((key) => key.alg).sort()).toEqual([...algorithms].sort());
    expect(new Set(keys.map((key) => key.kid)).size).toBe(keys.length);
    for (const key of keys) {
      expect(key.use).toBe('sig');
      for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'])
        expect(key).not.toHaveProperty(member);
    }
  });
});
