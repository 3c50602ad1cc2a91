import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import request from 'supertest';
import { ProofMaker } from '../support/dpop.js';
import { basicHeader, issuer } from '../support/methods.js';
import { webClient } from '../support/openid-flow.js';
import { RefreshServer, redemption } from '../support/refresh-flow.js';
import { noteSecret } from '../support/suite-log.js';

const [tokenUrl, parUrl] = [`${issuer}/oauth2/token`, `${issuer}/oauth2/par`];
const { client_secret = '', redirect_uris = [] } = webClient();
const key = new ProofMaker();
const other = new ProofMaker();

let server: RefreshServer;
beforeEach(() => {
  server = new RefreshServer();
});
afterEach(() => server.spec.router.close());

const proofFor = (maker: ProofMaker, url: string, claims = {}) =>
  maker.proof('POST', url, { claims, now: server.now * 1000 });

async function redeem(code: string, maker?: ProofMaker, clientId = 'web') {
  const pending = server.as(clientId, redemption(code));
  const { status, body } = await (maker ? pending.set('DPoP', await proofFor(maker, tokenUrl)) : pending);
  if (status === 200) noteSecret(body.access_token);
  return [status, body.error, server.spec.last().reason, body.token_type];
}

const accepted = [200, undefined, undefined, 'DPoP'];
const mismatch = [400, 'invalid_grant', 'code_key_mismatch', undefined];

describe('ACG-06 AUT-11 a code with dpop_jkt', () => {
  it.each(['web', 'app'])(
    'ACG-06 works with its key alone, and is none the worse for others (%s)',
    async (client_id) => {
      const code = await server.code({ client_id, scope: 'openid read', dpop_jkt: await key.jkt });
      expect(await redeem(code, undefined, client_id)).toEqual(mismatch);
      expect(await redeem(code, other, client_id)).toEqual(mismatch);
      expect(await redeem(code, key, client_id)).toEqual(accepted);
    },
  );

  it('ACG-06 ACG-04 sent again with another key ends nothing, with its own everything', async () => {
    const code = await server.code({ scope: 'openid read', dpop_jkt: await key.jkt });
    expect(await redeem(code, key)).toEqual(accepted);
    expect(await redeem(code, other)).toEqual(mismatch);
    expect(server.warnings).not.toContain('code_replayed');
    expect(await redeem(code, key)).toEqual([400, 'invalid_grant', 'code_used', undefined]);
    expect(server.warnings).toContain('code_replayed');
  });

  it('ACG-06 without dpop_jkt a code works with any key', async () => {
    expect(await redeem(await server.code({ scope: 'openid' }), other)).toEqual(accepted);
  });

  it.each(['', 'short', 'A'.repeat(44), `${'A'.repeat(42)}=`])('AUT-11 dpop_jkt of %j', async (dpop_jkt) => {
    const { headers } = await server.authorize({ scope: 'openid', dpop_jkt });
    const reply = new URL(String(headers.location)).searchParams;
    // An empty parameter counts as absent (RFC 6749 3.1).
    if (dpop_jkt === '') expect(reply.get('code')).not.toBeNull();
    else expect([reply.get('error'), server.spec.last().reason]).toEqual(['invalid_request', 'parameter_invalid']);
  });
});

describe('PAR-08 a pushed request', () => {
  const form = {
    response_type: 'code',
    client_id: 'web',
    redirect_uri: String(redirect_uris[0]),
    scope: 'openid read',
    code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    code_challenge_method: 'S256',
  };

  async function push(changes: Record<string, string>, DPoP?: string) {
    const pending = request(server.spec.router)
      .post('/oauth2/par')
      .type('form')
      .set('Authorization', basicHeader('web', client_secret))
      .send({ ...form, ...changes });
    return DPoP === undefined ? pending : pending.set({ DPoP });
  }

  async function codeOf(request_uri: string): Promise<string> {
    const query = new URLSearchParams({ client_id: 'web', request_uri });
    const { headers } = await request(server.spec.router).get(`/oauth2/authorize?${query}`);
    return noteSecret(new URL(String(headers.location)).searchParams.get('code') ?? '');
  }

  it.each(['dpop_jkt', 'a proof', 'both'])('PAR-08 ACG-06 binds the code by %s', async (by) => {
    const changes: Record<string, string> = by === 'a proof' ? {} : { dpop_jkt: await key.jkt };
    const { status, body } = await push(changes, by === 'dpop_jkt' ? undefined : await proofFor(key, parUrl));
    expect(status).toBe(201);
    const code = await codeOf(body.request_uri);
    expect(await redeem(code)).toEqual(mismatch);
    expect(await redeem(code, other)).toEqual(mismatch);
    expect(await redeem(code, key)).toEqual(accepted);
  });

  it('PAR-08 refuses a proof of another key than dpop_jkt', async () => {
    const { status, body } = await push({ dpop_jkt: await key.jkt }, await proofFor(other, parUrl));
    expect([status, body.error, server.spec.last().reason]).toEqual([400, 'invalid_dpop_proof', 'dpop_key_mismatch']);
    expect(body).not.toHaveProperty('request_uri');
  });

  it('PAR-08 DPO-02 refuses a proof for the token endpoint, and one that came before', async () => {
    const wrong = await push({}, await proofFor(key, tokenUrl));
    expect([wrong.status, wrong.body.error, server.spec.last().reason]).toEqual([
      400,
      'invalid_dpop_proof',
      'dpop_url_mismatch',
    ]);
    const proof = await proofFor(key, parUrl);
    expect((await push({}, proof)).status).toBe(201);
    expect((await push({}, proof)).status).toBe(400);
    expect(server.spec.last().reason).toBe('dpop_replayed');
  });

  it('PAR-08 DPO-04 asks for a nonce, which is good at the token endpoint too', async () => {
    await server.spec.router.close();
    server = new RefreshServer({ dpop_nonce: 'required' });
    const refused = await push({}, await proofFor(key, parUrl));
    expect([refused.status, refused.body.error]).toEqual([400, 'use_dpop_nonce']);
    const nonce = refused.headers['dpop-nonce'];
    const { status, body } = await push({}, await proofFor(key, parUrl, { nonce }));
    expect(status).toBe(201);
    const code = await codeOf(body.request_uri);
    const reply = await server.as('web', redemption(code)).set('DPoP', await proofFor(key, tokenUrl, { nonce }));
    expect(reply.status).toBe(200);
    expect(decodeJwt(noteSecret(reply.body.access_token)).cnf).toEqual({ jkt: await key.jkt });
  });
});
