import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { authorizationCode, type ClientMetadataInput, type Grant, refreshToken } from '../../index.js';
import { ca, clientCertificate, ownCertificate } from '../support/methods.js';
import { jane } from '../support/openid-flow.js';
import { type Certificate, selfSigned } from '../support/pki.js';
import { redemption } from '../support/refresh-flow.js';
import { noteSecret } from '../support/suite-log.js';
import { accepted, type Identity, type TlsWorld, tlsWorld } from '../support/tls-world.js';

const callback = 'https://web.example.com/callback';
const common = {
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'refresh_token'],
  scope: 'openid offline_access read',
  trusted: true,
};
const clients: ClientMetadataInput[] = [
  { ...common, client_id: 'app', token_endpoint_auth_method: 'none' },
  {
    ...common,
    client_id: 'bound-app',
    token_endpoint_auth_method: 'none',
    tls_client_certificate_bound_access_tokens: true,
  },
  {
    ...common,
    client_id: 'tls',
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_subject_dn: 'CN=tls.example.com,O=Example',
  },
];
const stranger = selfSigned({ subject: 'CN=stranger' });
const renewed = ca.issue({ subject: 'CN=tls.example.com,O=Example', eku: ['clientAuth'] });
const mismatch = { status: 400, error: 'invalid_grant', reason: 'refresh_token_binding_mismatch' };

function thumbprint({ der }: Certificate): string {
  return createHash('sha256').update(der).digest('base64url');
}

let world: TlsWorld;
let now = Date.now();
beforeAll(async () => {
  world = await tlsWorld({
    clients,
    grants: [authorizationCode(), refreshToken()] as Grant[],
    access_token_format: 'jwt',
    authenticateUser: () => jane,
    now: () => now,
  });
});
afterAll(() => world.stop());

/** The first refresh token of a client, redeemed over a connection with this certificate. */
async function first(client_id: string, as?: Identity): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri: callback,
    scope: 'openid offline_access read',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  });
  const { headers } = await world.send({ path: `/oauth2/authorize?${query}` });
  const code = new URL(String(headers.location)).searchParams.get('code') ?? '';
  const reply = await world.ask({ client_id, ...redemption(noteSecret(code)) }, as);
  expect(world.verdict(reply)).toEqual(accepted);
  return noteSecret(reply.body.refresh_token);
}

const refresh = (client_id: string, refresh_token: string, as?: Identity) =>
  world.ask({ grant_type: 'refresh_token', client_id, refresh_token }, as);

describe('BND-05 the refresh token of a public client with bound tokens', () => {
  it('BND-05 needs the certificate it was issued over', async () => {
    const token = await first('bound-app', stranger);
    for (const other of [undefined, ownCertificate, clientCertificate]) {
      expect(world.verdict(await refresh('bound-app', token, other))).toEqual(mismatch);
    }
    const sameKey = selfSigned({ subject: 'CN=stranger', sameKeyAs: stranger });
    expect(world.verdict(await refresh('bound-app', token, sameKey))).toEqual(mismatch);
    const reply = await refresh('bound-app', token, stranger);
    expect(world.verdict(reply)).toEqual(accepted);
    expect(decodeJwt(reply.body.access_token).cnf).toEqual({ 'x5t#S256': thumbprint(stranger) });
  });

  it('BND-05 hands the binding down to each successor', async () => {
    const { body } = await refresh('bound-app', await first('bound-app', stranger), stranger);
    expect(world.verdict(await refresh('bound-app', body.refresh_token, ownCertificate))).toEqual(mismatch);
    const third = await refresh('bound-app', body.refresh_token, stranger);
    expect(world.verdict(third)).toEqual(accepted);
    expect(world.verdict(await refresh('bound-app', third.body.refresh_token))).toEqual(mismatch);
  });

  it('BND-05 RTG-05 reuse without the certificate ends nothing, with it everything', async () => {
    const token = await first('bound-app', stranger);
    const { body } = await refresh('bound-app', token, stranger);
    now += 60_000;
    for (const other of [undefined, ownCertificate]) {
      expect(world.verdict(await refresh('bound-app', token, other))).toEqual(mismatch);
    }
    const second = await refresh('bound-app', body.refresh_token, stranger);
    expect(world.verdict(second)).toEqual(accepted);
    const reuse = await refresh('bound-app', token, stranger);
    expect(world.verdict(reuse)).toEqual({ ...mismatch, reason: 'refresh_token_reused' });
    const end = await refresh('bound-app', second.body.refresh_token, stranger);
    expect(world.verdict(end)).toEqual({ ...mismatch, reason: 'grant_revoked' });
  });

  it('BND-05 a public client that did not ask for bound tokens may come with any certificate and with none', async () => {
    let token = await first('app', stranger);
    for (const as of [ownCertificate, undefined, stranger]) {
      const reply = await refresh('app', token, as);
      expect(world.verdict(reply)).toEqual(accepted);
      expect(decodeJwt(reply.body.access_token)).not.toHaveProperty('cnf');
      token = reply.body.refresh_token;
    }
  });
});

describe('BND-06 a confidential client with certificates', () => {
  it('BND-06 refreshes with a renewed certificate, to which the new access token is bound', async () => {
    let token = await first('tls', clientCertificate);
    for (const certificate of [renewed, clientCertificate]) {
      const reply = await refresh('tls', token, certificate);
      expect(world.verdict(reply)).toEqual(accepted);
      expect(decodeJwt(reply.body.access_token).cnf).toEqual({ 'x5t#S256': thumbprint(certificate) });
      token = reply.body.refresh_token;
    }
  });

  it("BND-06 and with nobody else's", async () => {
    const token = await first('tls', clientCertificate);
    const reply = await refresh('tls', token, stranger);
    expect([reply.status, reply.body.error]).toEqual([401, 'invalid_client']);
    expect((await refresh('tls', token)).status).toBe(401);
    expect(world.verdict(await refresh('tls', token, renewed))).toEqual(accepted);
  });
});
