import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from '../../lib/stores/memory.js';
import { type ProofChanges, ProofMaker } from '../support/dpop.js';
import { type Api, good, introspection, invalid, RemoteIssuerWorld } from '../support/remote-issuer.js';
import { noteSecret } from '../support/suite-log.js';

const url = 'https://api.example.com';
const key = new ProofMaker();
const badProof = (reason: string) => [401, 'invalid_dpop_proof', reason];

let world: RemoteIssuerWorld;
beforeEach(async () => {
  world = await RemoteIssuerWorld.start();
});
afterEach(() => world.close());

const proofFor = (token: string, changes: ProofChanges = {}, maker = key) =>
  maker.forToken(token, 'GET', `${url}/`, changes);

const boundToken = async () => world.token({ claims: { cnf: { jkt: await key.jkt } } });

const call = (api: Api, token: string, DPoP?: string, scheme = 'DPoP') =>
  api.call(token).set({ Authorization: `${scheme} ${token}`, ...(DPoP !== undefined && { DPoP }) });

async function ask(...[api, ...sent]: Parameters<typeof call>) {
  const { status, body } = await call(api, ...sent);
  return [status, body.error, world.last().reason];
}

describe('DPO-08 tokens of an issuer in another process', () => {
  it('DPO-08 a JWT with a proof by its key', async () => {
    const api = world.api({ url });
    const token = await boundToken();
    expect(await ask(api, token, await proofFor(token))).toEqual(good);
    expect(await ask(api, token)).toEqual(badProof('dpop_proof_missing'));
    expect(await ask(api, token, await proofFor(token, {}, new ProofMaker()))).toEqual(
      invalid('token_binding_mismatch'),
    );
    expect(await ask(api, token, await proofFor(token), 'Bearer')).toEqual(invalid('token_scheme_mismatch'));
    const reply = await api.call(token);
    expect(reply.headers['www-authenticate']).toMatch(/^DPoP realm="[^"]+", algs="ES256 RS256 PS256 Ed25519 EdDSA"/);
  });

  it('DPO-08 an opaque token, by introspection', async () => {
    world.introspects({
      ...{ active: true, iss: world.issuer, sub: 'u-jane', aud: url, client_id: 'web', scope: 'read' },
      ...{ exp: Math.floor(Date.now() / 1000) + 60, token_type: 'DPoP', cnf: { jkt: await key.jkt } },
    });
    const api = world.api({ url, introspection });
    const token = noteSecret(randomBytes(32).toString('base64url'));
    expect(await ask(api, token, await proofFor(token))).toEqual(good);
    expect(await ask(api, token)).toEqual(badProof('dpop_proof_missing'));
    expect(await ask(api, token, await proofFor(token), 'Bearer')).toEqual(invalid('token_scheme_mismatch'));
  });

  it('DPO-02 the URL is url, or the origin of resource; with neither no proof is right', async () => {
    const token = await boundToken();
    expect(await ask(world.api({ resource: `${url}/things` }), token, await proofFor(token))).toEqual(good);
    const elsewhere = world.api({ url: 'https://elsewhere.example', resource: `${url}/things` });
    expect(await ask(elsewhere, token, await proofFor(token))).toEqual(badProof('dpop_url_mismatch'));
    expect(await ask(world.api(), token, await proofFor(token))).toEqual(badProof('dpop_url_mismatch'));
  });

  it('DPO-03 two APIs with one store take a proof once', async () => {
    const store = memoryStore();
    const [one, two, other] = [world.api({ url, store }), world.api({ url, store }), world.api({ url })];
    const token = await boundToken();
    const proof = await proofFor(token);
    expect(await ask(one, token, proof)).toEqual(good);
    expect(await ask(two, token, proof)).toEqual(badProof('dpop_replayed'));
    expect(await ask(other, token, proof)).toEqual(good);
  });

  it('DPO-04 two APIs with the same secret_keys take each other’s nonces', async () => {
    const secret_keys = [noteSecret(randomBytes(32).toString('base64'))];
    const options = { url, dpop_nonce: 'required' as const };
    const [one, two] = [world.api({ ...options, secret_keys }), world.api({ ...options, secret_keys })];
    const token = await boundToken();
    const refused = await call(one, token, await proofFor(token));
    expect([refused.status, refused.body.error, world.last().reason]).toEqual([
      401,
      'use_dpop_nonce',
      'dpop_nonce_missing',
    ]);
    const claims = { nonce: refused.headers['dpop-nonce'] };
    expect(await ask(two, token, await proofFor(token, { claims }))).toEqual(good);
    const stranger = world.api(options);
    expect(await ask(stranger, token, await proofFor(token, { claims }))).toEqual([
      401,
      'use_dpop_nonce',
      'dpop_nonce_invalid',
    ]);
  });
});
