import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import request from 'supertest';
import { authorizationCode, clientCredentials, type Grant, refreshToken } from '../../index.js';
import { certificateDigest } from '../../lib/certificates/client-certificate.js';
import { ProofMaker } from '../support/dpop.js';
import { clientCertificate, issuer } from '../support/methods.js';
import { redemption } from '../support/refresh-flow.js';
import { noteSecret } from '../support/suite-log.js';
import { TokenServer } from '../support/token-world.js';

const tokenUrl = `${issuer}/oauth2/token`;
const key = new ProofMaker();
const other = new ProofMaker();

let server: TokenServer;
beforeEach(() => {
  server = new TokenServer();
});
afterEach(() => server.spec.router.close());

const proofFor = (maker: ProofMaker, method = 'POST', url = tokenUrl) =>
  maker.proof(method, url, { now: server.now * 1000 });

/** A token request with a proof by this key, or without one. */
async function send(clientId: string, form: Record<string, string>, maker?: ProofMaker) {
  const pending = server.as(clientId, form);
  const reply = await (maker ? pending.set('DPoP', await proofFor(maker)) : pending);
  for (const name of ['access_token', 'refresh_token']) if (reply.body[name]) noteSecret(reply.body[name]);
  return reply;
}

async function verdict(clientId: string, form: Record<string, string>, maker?: ProofMaker) {
  const { status, body } = await send(clientId, form, maker);
  return [status, body.error, server.spec.last().reason];
}

const accepted = [200, undefined, undefined];
const offline = 'openid offline_access read';

/** What the first redemption of a code gives. */
async function first(clientId: string, maker?: ProofMaker) {
  const code = await server.code({ client_id: clientId, scope: offline });
  const { status, body } = await send(clientId, redemption(code), maker);
  if (status !== 200) throw new Error(`no tokens: ${server.spec.last().reason}`);
  return body;
}

const refresh = (refresh_token: string) => ({ grant_type: 'refresh_token', refresh_token });

describe('DPO-05 tokens with a key', () => {
  it('DPO-05 come from every grant that mints', async () => {
    const code = await first('web', key);
    expect(code.token_type).toBe('DPoP');
    const refreshed = await send('web', refresh(code.refresh_token), key);
    const machine = await send('auditor', { grant_type: 'client_credentials', scope: 'read' }, key);
    for (const { access_token, token_type } of [code, refreshed.body, machine.body]) {
      expect(token_type).toBe('DPoP');
      expect(decodeJwt(access_token).cnf).toEqual({ jkt: await key.jkt });
    }
  });

  it.each(['jwt', 'opaque'] as const)('DPO-05 INT-05 introspection shows cnf and token_type (%s)', async (format) => {
    await server.spec.router.close();
    server = new TokenServer({ access_token_format: format });
    const form = { grant_type: 'client_credentials', scope: 'read' };
    const bound = (await send('auditor', form, key)).body.access_token;
    expect(await server.knownAbout(bound)).toMatchObject({
      active: true,
      token_type: 'DPoP',
      cnf: { jkt: await key.jkt },
    });
    const bearer = await server.knownAbout((await send('auditor', form)).body.access_token);
    expect(bearer).toMatchObject({ active: true, token_type: 'Bearer' });
    expect(bearer).not.toHaveProperty('cnf');
  });

  it('DPO-05 are revoked like others', async () => {
    const { access_token } = await first('web', key);
    expect((await server.revoke({ token: access_token }, 'web')).status).toBe(200);
    expect(await server.knownAbout(access_token)).toEqual({ active: false });
  });

  it('MET-06 the algorithms of proofs stand in the metadata', async () => {
    const { body } = await request(server.spec.router).get('/.well-known/openid-configuration');
    expect(body.dpop_signing_alg_values_supported).toEqual(['ES256', 'RS256', 'PS256', 'Ed25519', 'EdDSA']);
  });

  it('MET-06 those that were chosen, and no other is accepted', async () => {
    await server.spec.router.close();
    server = new TokenServer({ dpop_signing_alg_values: ['PS256'] });
    const { body } = await request(server.spec.router).get('/.well-known/oauth-authorization-server');
    expect(body.dpop_signing_alg_values_supported).toEqual(['PS256']);
    const form = { grant_type: 'client_credentials', scope: 'read' };
    expect(await verdict('auditor', form, key)).toEqual([400, 'invalid_dpop_proof', 'dpop_algorithm_refused']);
    expect(await verdict('auditor', form, new ProofMaker('RSA', 'PS256'))).toEqual(accepted);
  });
});

describe('BND-05 DPO-07 refresh tokens', () => {
  const mismatch = [400, 'invalid_grant', 'refresh_token_binding_mismatch'];

  it('BND-05 DPO-07 of a public client work with its key alone, and so does each successor', async () => {
    const { refresh_token } = await first('app', key);
    expect(await verdict('app', refresh(refresh_token))).toEqual(mismatch);
    expect(await verdict('app', refresh(refresh_token), other)).toEqual(mismatch);
    const { status, body } = await send('app', refresh(refresh_token), key);
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
    expect(await verdict('app', refresh(body.refresh_token), other)).toEqual(mismatch);
    expect(await verdict('app', refresh(body.refresh_token), key)).toEqual(accepted);
  });

  it('BND-05 of a public client show what they are bound to', async () => {
    const { refresh_token } = await first('app', key);
    expect(await server.knownAbout(refresh_token)).toMatchObject({ active: true, cnf: { jkt: await key.jkt } });
    const unbound = await server.knownAbout((await first('app')).refresh_token);
    expect(unbound).not.toHaveProperty('cnf');
  });

  it('BND-05 RTG-05 reuse without the key ends nothing, with it everything', async () => {
    const { refresh_token } = await first('app', key);
    const { body } = await send('app', refresh(refresh_token), key);
    server.now += 60;
    expect(await verdict('app', refresh(refresh_token), other)).toEqual(mismatch);
    expect(await verdict('app', refresh(refresh_token))).toEqual(mismatch);
    const second = await send('app', refresh(body.refresh_token), key);
    expect(second.status).toBe(200);
    expect(await verdict('app', refresh(refresh_token), key)).toEqual([400, 'invalid_grant', 'refresh_token_reused']);
    expect(await verdict('app', refresh(second.body.refresh_token), key)).toEqual([
      400,
      'invalid_grant',
      'grant_revoked',
    ]);
  });

  it('BND-05 of a public client that proves a key later are bound from then on', async () => {
    const { refresh_token } = await first('app');
    const { body } = await send('app', refresh(refresh_token), key);
    expect(body.token_type).toBe('DPoP');
    for (const maker of [undefined, other]) {
      expect(await verdict('app', refresh(body.refresh_token), maker)).toEqual(mismatch);
    }
    const retry = await send('app', refresh(refresh_token), key);
    expect(retry.body.refresh_token).toBe(body.refresh_token);
    expect(await verdict('app', refresh(body.refresh_token), key)).toEqual(accepted);
  });

  // Else a thief would take an unbound token to a key of their own, and the person's client could not even be noticed.
  it.each([
    ['without a key, within the grace', undefined, 5],
    ['with another key, within the grace', other, 5],
    ['without a key, later', undefined, 60],
    ['with another key, later', other, 60],
  ])('BND-05 RTG-04 an unbound one that was taken to a key and comes %s ends everything', async (_, maker, seconds) => {
    const { refresh_token } = await first('app');
    const thief = (await send('app', refresh(refresh_token), key)).body;
    server.now += seconds;
    expect(await verdict('app', refresh(refresh_token), maker)).toEqual([400, 'invalid_grant', 'refresh_token_reused']);
    expect(server.warnings).toContain('refresh_token_reused');
    expect(await verdict('app', refresh(thief.refresh_token), key)).toEqual([400, 'invalid_grant', 'grant_revoked']);
    expect(await server.knownAbout(thief.access_token)).toEqual({ active: false });
  });

  it.each(['web', 'still'])(
    'DPO-07 of a confidential client work with a new key and with none (%s)',
    async (clientId) => {
      let { refresh_token } = await first(clientId, key);
      for (const maker of [other, undefined, key]) {
        const { status, body } = await send(clientId, refresh(refresh_token), maker);
        expect([status, body.token_type]).toEqual([200, maker ? 'DPoP' : 'Bearer']);
        expect(decodeJwt(body.access_token).cnf).toEqual(maker && { jkt: await maker.jkt });
        refresh_token = body.refresh_token;
      }
    },
  );

  it('DPO-06 of a client with dpop_bound_access_tokens need a proof, whose ever the key', async () => {
    const { refresh_token } = await first('web', key);
    const web = server.clients.get('web');
    if (web) server.clients.set('web', { ...web, dpop_bound_access_tokens: true });
    expect(await verdict('web', refresh(refresh_token))).toEqual([400, 'invalid_dpop_proof', 'dpop_proof_missing']);
    expect(await verdict('web', refresh(refresh_token), other)).toEqual(accepted);
  });
});

describe('DPO-05 BND-01 a certificate and a key at once', () => {
  const headers = {
    'X-SSL-Client-Cert': encodeURIComponent(clientCertificate.cert),
    'X-SSL-Client-Verify': 'SUCCESS',
  };
  const digest = certificateDigest(clientCertificate.der);

  async function token() {
    await server.spec.router.close();
    server = new TokenServer({ grants: [authorizationCode(), clientCredentials(), refreshToken()] as Grant[] });
    const web = server.clients.get('web');
    if (web) server.clients.set('web', { ...web, tls_client_certificate_bound_access_tokens: true });
    const code = await server.code({ scope: 'openid' });
    const { body } = await server.as('web', redemption(code)).set({ ...headers, DPoP: await proofFor(key) });
    return noteSecret(body.access_token);
  }

  it('DPO-05 BND-01 both stand in cnf, and both are asked for', async () => {
    const accessToken = await token();
    expect(decodeJwt(accessToken).cnf).toEqual({ 'x5t#S256': digest, jkt: await key.jkt });
    const url = `${issuer}/userinfo`;
    const ask = async (more: Record<string, string>, maker = key) => {
      const proof = await maker.forToken(accessToken, 'GET', url, { now: server.now * 1000 });
      const pending = request(server.spec.router).get('/userinfo').set('Authorization', `DPoP ${accessToken}`);
      const { status } = await pending.set({ ...more, DPoP: proof });
      return [status, server.spec.last().reason];
    };
    expect(await ask({})).toEqual([401, 'token_binding_mismatch']);
    expect(await ask(headers, other)).toEqual([401, 'token_binding_mismatch']);
    expect(await ask(headers)).toEqual([200, undefined]);
  });
});

describe('INT-01 DPO-08 a caller whose token is bound to a key', () => {
  const url = `${issuer}/oauth2/introspect`;

  async function ask(scheme: 'Bearer' | 'DPoP', maker?: ProofMaker) {
    const form = { grant_type: 'client_credentials', scope: 'introspect_tokens' };
    const token = (await send('auditor', form, key)).body.access_token;
    const headers = maker ? { DPoP: await maker.forToken(token, 'POST', url, { now: server.now * 1000 }) } : {};
    const pending = server.introspect({ token }).set({ Authorization: `${scheme} ${token}`, ...headers });
    return server.refusal(pending);
  }

  it('INT-01 DPO-08 may ask with a proof by that key, and in no other way', async () => {
    expect(await ask('DPoP', key)).toMatchObject({ status: 200, outcome: 'success' });
    const challenge = expect.stringMatching(/^DPoP .*algs="ES256/);
    expect(await ask('DPoP')).toMatchObject({ status: 401, reason: 'dpop_proof_missing', challenge });
    expect(await ask('DPoP', other)).toMatchObject({ status: 401, reason: 'token_binding_mismatch', challenge });
    expect(await ask('Bearer', key)).toMatchObject({ status: 401, reason: 'token_scheme_mismatch', challenge });
  });

  it('MET-06 INT-01 as the metadata say', async () => {
    const { body } = await request(server.spec.router).get('/.well-known/openid-configuration');
    expect(body.introspection_endpoint_auth_methods_supported).toEqual(expect.arrayContaining(['Bearer', 'DPoP']));
  });
});

describe('DPO-04 nonces at the authorization server', () => {
  const form = { grant_type: 'client_credentials', scope: 'read' };
  const ask = async (nonce: string | undefined, now = server.now) =>
    server.as('auditor', form).set('DPoP', await key.proof('POST', tokenUrl, { claims: { nonce }, now: now * 1000 }));

  beforeEach(async () => {
    await server.spec.router.close();
    server = new TokenServer({ dpop_nonce: 'required' });
  });

  it('DPO-04 are demanded, and one that was given is taken', async () => {
    const refused = await ask(undefined);
    expect([refused.status, refused.body.error, server.spec.last().reason]).toEqual([
      400,
      'use_dpop_nonce',
      'dpop_nonce_missing',
    ]);
    const nonce = refused.headers['dpop-nonce'] ?? '';
    expect(nonce).toMatch(/^[\w-]{43}$/);
    const { status, body, headers } = await ask(nonce);
    expect([status, body.token_type]).toEqual([200, 'DPoP']);
    expect(headers).not.toHaveProperty('dpop-nonce');
    noteSecret(body.access_token);
  });

  it('DPO-04 one that was made up is refused', async () => {
    const { status, body, headers } = await ask('A'.repeat(43));
    expect([status, body.error, server.spec.last().reason]).toEqual([400, 'use_dpop_nonce', 'dpop_nonce_invalid']);
    expect(headers['dpop-nonce']).toMatch(/^[\w-]{43}$/);
  });

  it('DPO-04 one of the slot before is taken, with the next one on the 200; an older one is not', async () => {
    const nonce = (await ask(undefined)).headers['dpop-nonce'];
    server.now += 120;
    const late = await ask(nonce);
    expect(late.status).toBe(200);
    const next = late.headers['dpop-nonce'];
    expect(next).toMatch(/^[\w-]{43}$/);
    expect(next).not.toBe(nonce);
    server.now += 120;
    expect((await ask(nonce)).body.error).toBe('use_dpop_nonce');
    expect((await ask(next)).status).toBe(200);
  });

  it('DPO-03 DPO-04 with a nonce, the age is not told by the clock of the client', async () => {
    const nonce = (await ask(undefined)).headers['dpop-nonce'];
    expect((await ask(nonce, server.now - 3600)).status).toBe(200);
    expect((await ask(nonce, server.now + 3600)).status).toBe(200);
    expect((await ask('made up', server.now)).body.error).toBe('use_dpop_nonce');
  });

  it('DPO-03 DPO-04 a proof with a nonce works once', async () => {
    const nonce = (await ask(undefined)).headers['dpop-nonce'];
    const DPoP = await key.proof('POST', tokenUrl, { claims: { nonce }, now: server.now * 1000 });
    expect((await server.as('auditor', form).set({ DPoP })).status).toBe(200);
    expect((await server.as('auditor', form).set({ DPoP })).body.error).toBe('invalid_dpop_proof');
    expect(server.spec.last().reason).toBe('dpop_replayed');
  });

  it('DPO-04 asking for one costs a code nothing', async () => {
    const code = await server.code({ client_id: 'app', scope: offline });
    const send = async (nonce?: string) =>
      server
        .as('app', redemption(code))
        .set('DPoP', await key.proof('POST', tokenUrl, { claims: { nonce }, now: server.now * 1000 }));
    const { headers, body } = await send();
    expect(body.error).toBe('use_dpop_nonce');
    const { status } = await send(headers['dpop-nonce']);
    expect(status).toBe(200);
  });

  it('DPO-04 are not asked of requests without a proof', async () => {
    expect((await server.as('auditor', form)).body.token_type).toBe('Bearer');
  });

  it('DPO-06 DPO-04 come along where a proof is missing', async () => {
    const auditor = server.clients.get('auditor');
    if (auditor) server.clients.set('auditor', { ...auditor, dpop_bound_access_tokens: true });
    const { body, headers } = await server.as('auditor', form);
    expect([body.error, server.spec.last().reason]).toEqual(['invalid_dpop_proof', 'dpop_proof_missing']);
    expect((await ask(headers['dpop-nonce'])).status).toBe(200);
  });

  it('DPO-04 of the token endpoint do not serve at userinfo, nor the other way', async () => {
    const nonce = (await ask(undefined)).headers['dpop-nonce'];
    const code = await server.code({ scope: 'openid' });
    const proof = await key.proof('POST', tokenUrl, { claims: { nonce }, now: server.now * 1000 });
    const { access_token } = (await server.as('web', redemption(code)).set('DPoP', proof)).body;
    noteSecret(access_token);
    const userinfo = async (claims: { nonce: unknown }) =>
      request(server.spec.router)
        .get('/userinfo')
        .set('Authorization', `DPoP ${access_token}`)
        .set('DPoP', await key.forToken(access_token, 'GET', `${issuer}/userinfo`, { claims, now: server.now * 1000 }));
    const refused = await userinfo({ nonce });
    expect([refused.status, server.spec.last().reason]).toEqual([401, 'dpop_nonce_invalid']);
    const theirs = refused.headers['dpop-nonce'];
    expect((await userinfo({ nonce: theirs })).status).toBe(200);
    expect((await ask(theirs)).body.error).toBe('use_dpop_nonce');
  });
});
