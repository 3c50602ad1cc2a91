import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { protectResource } from '../../index.js';
import { ProofMaker } from '../support/dpop.js';
import { DpopApi } from '../support/dpop-api.js';
import { exchangeAt } from '../support/http-exchange.js';
import { issuer } from '../support/methods.js';
import { mintToken } from '../support/mint-token.js';

let api: DpopApi;
beforeEach(async () => {
  api = await new DpopApi().start();
});
afterEach(() => api.stop());

/** Starts anew with these options of the router and of the guard. */
async function restart(...options: ConstructorParameters<typeof DpopApi>): Promise<void> {
  await api.stop();
  api = await new DpopApi(...options).start();
}

const good = [200, undefined, undefined];
const badProof = (reason: string) => [401, 'invalid_dpop_proof', reason];
const badToken = (reason: string) => [401, 'invalid_token', reason];
const algs = 'algs="ES256 RS256 PS256 Ed25519 EdDSA"';

describe.each(['jwt', 'opaque'] as const)('DPO-08 a bound token (%s)', (access_token_format) => {
  beforeEach(() => restart({ access_token_format }));

  it('DPO-08 is taken with a proof by its key, and the handler knows what bound it', async () => {
    const token = await api.token();
    const reply = await api.call(token, await api.proof(token));
    expect(api.seen(reply)).toEqual(good);
    expect(reply.json()).toEqual({ cnf: { jkt: await api.key.jkt }, client_id: 'basic-client' });
  });

  it('DPO-08 sent as Bearer is refused with a DPoP challenge', async () => {
    const token = await api.token();
    for (const dpop of [undefined, await api.proof(token)]) {
      const reply = await api.get({ authorization: `Bearer ${token}`, ...(dpop !== undefined && { dpop }) });
      expect(api.seen(reply)).toEqual(badToken('token_scheme_mismatch'));
      expect(reply.headers['www-authenticate']).toMatch(/^DPoP realm="[^"]+", algs="[^"]+", error="invalid_token"/);
      expect(reply.headers['www-authenticate']).toContain(algs);
    }
  });

  it('DPO-08 sent in a form body is refused', async () => {
    const token = await api.token();
    const headers = { dpop: await api.key.forToken(token, 'POST', `${issuer}/api/things`, { now: api.now }) };
    const { spec, port } = api;
    const reply = await exchangeAt(port, { path: '/api/things', headers, body: `access_token=${token}` });
    expect([reply.status, spec.last().reason]).toEqual([401, 'token_scheme_mismatch']);
  });

  it('DPO-08 with a proof by another key is refused', async () => {
    const token = await api.token();
    const reply = await api.call(token, await api.proof(token, undefined, {}, new ProofMaker()));
    expect(api.seen(reply)).toEqual(badToken('token_binding_mismatch'));
    expect(reply.headers['www-authenticate']).toMatch(/^DPoP .*error="invalid_token"/);
  });

  it('DPO-08 without a proof is refused', async () => {
    const reply = await api.call(await api.token(), undefined);
    expect(api.seen(reply)).toEqual(badProof('dpop_proof_missing'));
    expect(reply.headers['www-authenticate']).toMatch(/^DPoP .*error="invalid_dpop_proof"/);
    expect(reply.headers['www-authenticate']).toContain(algs);
  });

  it('DPO-08 ath must be that of this token', async () => {
    const [token, other] = [await api.token(), await api.token()];
    for (const ath of [undefined, '', other]) {
      const proof = ath === other ? await api.proof(other) : await api.proof(token, undefined, { claims: { ath } });
      expect(api.seen(await api.call(token, proof))).toEqual(badProof('dpop_token_mismatch'));
    }
    expect(api.seen(await api.call(token, await api.proof(token)))).toEqual(good);
  });

  it('DPO-08 DPO-03 a proof works once, and only in its time', async () => {
    const token = await api.token();
    const proof = await api.proof(token);
    expect(api.seen(await api.call(token, proof))).toEqual(good);
    expect(api.seen(await api.call(token, proof))).toEqual(badProof('dpop_replayed'));
    const late = await api.proof(token, undefined, { now: api.now - 90_000 });
    expect(api.seen(await api.call(token, late))).toEqual(badProof('dpop_expired'));
    const early = await api.proof(token, undefined, { now: api.now + 90_000 });
    expect(api.seen(await api.call(token, early))).toEqual(badProof('dpop_not_yet_valid'));
  });

  it('DPO-08 DPO-01 two proofs are refused', async () => {
    const token = await api.token();
    const dpop = [await api.proof(token), await api.proof(token)];
    expect(api.seen(await api.get({ authorization: `DPoP ${token}`, dpop }))).toEqual(badProof('dpop_proof_repeated'));
  });
});

describe('DPO-08 other tokens', () => {
  it('DPO-08 a bearer token under the scheme DPoP is refused, however right the proof', async () => {
    const token = await api.bearerToken();
    expect(api.seen(await api.call(token, await api.proof(token)))).toEqual(badToken('token_scheme_mismatch'));
    expect(api.seen(await api.get({ authorization: `Bearer ${token}` }))).toEqual(good);
  });

  it('DPO-08 a token that is over is told by a DPoP challenge, before its proof is used up', async () => {
    const token = await api.token();
    const proof = await api.proof(token, undefined, { now: api.now + 3_600_000 });
    api.now += 3_600_000;
    const reply = await api.call(token, proof);
    expect(api.seen(reply)).toEqual(badToken('token_expired'));
    expect(reply.headers['www-authenticate']).toMatch(/^DPoP .*error="invalid_token"/);
  });

  it('RSV-05 DPO-08 the scheme is read in any case', async () => {
    const token = await api.token();
    const reply = await api.get({ authorization: `dpop ${token}`, dpop: await api.proof(token) });
    expect(api.seen(reply)).toEqual(good);
  });

  it.each<[string, unknown]>([
    ['nothing', {}],
    ['something else', { kid: 'a' }],
    ['a certificate and something else', { 'x5t#S256': 'a', kid: 'a' }],
  ])('BND-07 a token bound to %s is refused', async (_title, cnf) => {
    const token = await mintToken(api.spec.router, { claims: { cnf } });
    const reply = await api.get({ authorization: `Bearer ${token}` });
    expect(api.seen(reply)).toEqual(badToken('token_binding_mismatch'));
  });

  it('BND-07 a token bound to a key and to something else is refused', async () => {
    const cnf = { jkt: await api.key.jkt, kid: 'a' };
    const token = await mintToken(api.spec.router, { claims: { cnf } });
    expect(api.seen(await api.call(token, await api.proof(token)))).toEqual(badToken('token_binding_mismatch'));
    const right = await mintToken(api.spec.router, { claims: { cnf: { jkt: cnf.jkt } } });
    expect(api.seen(await api.call(right, await api.proof(right)))).toEqual(good);
  });
});

describe('DPO-02 the URL of the route', () => {
  it('DPO-02 is where the issuer is, and the whole path, without the query', async () => {
    const token = await api.token();
    const proof = await api.proof(token, '/api/things/7');
    expect(api.seen(await api.call(token, proof, '/api/things/7?a=b'))).toEqual(good);
    const short = await api.proof(token, '/things/7');
    expect(api.seen(await api.call(token, short, '/api/things/7'))).toEqual(badProof('dpop_url_mismatch'));
    const other = await api.proof(token, '/api/things/8');
    expect(api.seen(await api.call(token, other, '/api/things/7'))).toEqual(badProof('dpop_url_mismatch'));
    const post = await api.key.forToken(token, 'POST', `${issuer}/api/things`, { now: api.now });
    expect(api.seen(await api.call(token, post))).toEqual(badProof('dpop_method_mismatch'));
  });

  it('DPO-02 GEN-13 is never what Host says, nor an absolute target', async () => {
    const token = await api.token();
    const evil = await api.key.forToken(token, 'GET', 'http://evil.example/api/things', { now: api.now });
    const headers = { authorization: `DPoP ${token}`, dpop: evil, host: 'evil.example' };
    expect(api.seen(await api.get(headers))).toEqual(badProof('dpop_url_mismatch'));
    const absolute = await api.get(headers, 'http://evil.example/api/things');
    expect(api.seen(absolute)).toEqual(badProof('dpop_url_mismatch'));
    const right = { ...headers, dpop: await api.proof(token) };
    expect(api.seen(await api.get(right))).toEqual(good);
  });

  it.each([
    ['https://api.example.com', 'https://api.example.com/api/things'],
    ['https://api.example.com/', 'https://api.example.com/api/things'],
    ['https://api.example.com/v1', 'https://api.example.com/v1/api/things'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000/api/things'],
  ])('DPO-02 is what url says: %s', async (url, htu) => {
    await restart({}, { url });
    const token = await api.token();
    const proof = await api.key.forToken(token, 'GET', htu, { now: api.now });
    expect(api.seen(await api.call(token, proof))).toEqual(good);
    expect(api.seen(await api.call(token, await api.proof(token)))).toEqual(badProof('dpop_url_mismatch'));
  });

  it.each(['api.example.com', 'ftp://api.example.com', 'https://api.example.com?a=b'])('refuses url %s', (url) => {
    expect(() => protectResource({ authorizationServer: api.spec.router, url })).toThrow(/^url: /);
  });
});

describe('DPO-04 nonces at an API', () => {
  beforeEach(() => restart({}, { dpop_nonce: 'required' }));

  it('DPO-04 are demanded with 401, and one that was given is taken', async () => {
    const token = await api.token();
    const refused = await api.call(token, await api.proof(token));
    expect(api.seen(refused)).toEqual([401, 'use_dpop_nonce', 'dpop_nonce_missing']);
    expect(refused.headers['www-authenticate']).toMatch(/^DPoP .*error="use_dpop_nonce"/);
    const nonce = refused.headers['dpop-nonce'];
    const reply = await api.call(token, await api.proof(token, undefined, { claims: { nonce } }));
    expect(api.seen(reply)).toEqual(good);
    expect(reply.headers).not.toHaveProperty('dpop-nonce');
    const made = await api.proof(token, undefined, { claims: { nonce: 'made up' } });
    expect(api.seen(await api.call(token, made))).toEqual([401, 'use_dpop_nonce', 'dpop_nonce_invalid']);
  });

  it('DPO-04 the next one comes with a 200 in time', async () => {
    const token = await api.token();
    const nonce = (await api.call(token, await api.proof(token))).headers['dpop-nonce'];
    api.now += 120_000;
    const late = await api.call(token, await api.proof(token, undefined, { claims: { nonce } }));
    expect(api.seen(late)).toEqual(good);
    const next = late.headers['dpop-nonce'];
    api.now += 120_000;
    expect((await api.call(token, await api.proof(token, undefined, { claims: { nonce } }))).status).toBe(401);
    expect((await api.call(token, await api.proof(token, undefined, { claims: { nonce: next } }))).status).toBe(200);
  });

  it('DPO-04 are as the workspace says, unless the guard says otherwise', async () => {
    await restart({ dpop_nonce: 'required' }, { dpop_nonce: 'off' });
    const nonceOfServer = () => api.spec.router.workspaces[0]?.dpop.authorizationServer.nonce;
    const token = await api.token(api.key, nonceOfServer());
    expect(api.seen(await api.call(token, await api.proof(token)))).toEqual(good);
    await restart({ dpop_nonce: 'required' });
    const nonce = nonceOfServer();
    const second = await api.token(api.key, nonce);
    const refused = await api.call(second, await api.proof(second));
    expect(api.seen(refused)).toEqual([401, 'use_dpop_nonce', 'dpop_nonce_missing']);
    const stolen = await api.proof(second, undefined, { claims: { nonce } });
    expect(api.seen(await api.call(second, stolen))).toEqual([401, 'use_dpop_nonce', 'dpop_nonce_invalid']);
  });
});
