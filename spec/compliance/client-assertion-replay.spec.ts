import { describe, expect, it } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { authenticateClient, openStore, type Store, standardStrategies } from '../../index.js';
import { accepted, forge, present, refused, rightClaims } from '../support/assertion-requests.js';
import { clientKey } from '../support/client-keys.js';
import {
  allClients,
  assertion,
  assertionType,
  clientPerMethod,
  issuer,
  macAssertion,
  signer,
} from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const id = 'private-key-client';
/** A store whose claims go another way. */
function claimingBy(store: Store, claim: Store['claim']): Store {
  const { volatile } = store;
  return {
    volatile,
    claim,
    get: (key) => store.get(key),
    set: (key, value, ttl) => store.set(key, value, ttl),
    delete: (key) => store.delete(key),
    increment: (key, ttl) => store.increment(key, ttl),
    scan: (prefix) => store.scan(prefix),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}

const replayed = refused('assertion_replayed');
const second = { ...clientPerMethod.private_key_jwt, client_id: 'second' };
const clients = [...allClients, second] as typeof allClients;

describe('AST-11 one use of a jti', () => {
  it('AST-11 the same assertion twice', async () => {
    const server = specServer();
    for (const right of [await assertion(id), await macAssertion()]) {
      expect(await present(server, right)).toEqual(accepted);
      expect(await present(server, right)).toEqual(replayed);
      expect(await present(server, right)).toEqual(replayed);
    }
  });

  it('AST-11 another assertion with the same jti', async () => {
    const server = specServer();
    const { jti } = rightClaims();
    const later = Math.floor(Date.now() / 1000) + 300;
    expect(await present(server, forge({ claims: rightClaims(id, { jti }) }))).toEqual(accepted);
    expect(await present(server, forge({ claims: rightClaims(id, { jti, exp: later }) }))).toEqual(replayed);
    expect(await present(server, forge({ claims: rightClaims(id, { exp: later }) }))).toEqual(accepted);
  });

  it.each([
    ['a', 'A'],
    ['1', '1 '],
    ['é', 'e\u0301'],
    ['a', 'a\0'],
    ['x'.repeat(1000), `${'x'.repeat(1000)}y`],
    ['__proto__', 'constructor'],
  ])('AST-11 %.10j and %.10j are two', async (one, other) => {
    const server = specServer();
    const make = (jti: string) => forge({ claims: rightClaims(id, { jti }) });
    expect(await present(server, make(one))).toEqual(accepted);
    expect(await present(server, make(other))).toEqual(accepted);
    expect(await present(server, make(one))).toEqual(replayed);
    expect(await present(server, make(other))).toEqual(replayed);
  });

  it("AST-11 another client's jti is its own", async () => {
    const server = specServer({ clients });
    const { jti } = rightClaims();
    expect(await present(server, forge({ claims: rightClaims(id, { jti }) }))).toEqual(accepted);
    expect(await present(server, forge({ claims: rightClaims('second', { jti }) }))).toEqual(accepted);
    expect(await present(server, await macAssertion({ claims: { jti } }))).toEqual(accepted);
    expect(await present(server, forge({ claims: rightClaims('second', { jti }) }))).toEqual(replayed);
  });

  it('AST-11 ids that run into a jti do not meet', async () => {
    const named = (client_id: string) => ({ ...clientPerMethod.private_key_jwt, client_id });
    const server = specServer({ clients: [named('a'), named('a b'), named('a/b')] as unknown as typeof allClients });
    for (const [client, jti] of [
      ['a', 'b\nc'],
      ['a b', 'c'],
      ['a', 'b/c'],
      ['a/b', 'c'],
      ['a', 'b c'],
    ] as const) {
      expect(await present(server, forge({ claims: rightClaims(client, { jti }) }))).toEqual(accepted);
    }
  });
});

describe('AST-11 a failure uses nothing up', () => {
  const stranger = clientKey('P-256').privateKey;
  const past = { exp: Math.floor(Date.now() / 1000) - 3600 };
  const ahead = { nbf: Math.floor(Date.now() / 1000) + 3600 };
  const flaws: [string, string, (jti: string) => Promise<string> | string][] = [
    ['a bad signature', 'assertion_signature_invalid', (jti) => assertion(id, { key: stranger, claims: { jti } })],
    ['an unknown kid', 'assertion_key_not_found', (jti) => assertion(id, { header: { kid: 'x' }, claims: { jti } })],
    [
      'a wrong audience',
      'assertion_audience_mismatch',
      (jti) => assertion(id, { claims: { jti, aud: 'https://x.example' } }),
    ],
    ['a wrong iss', 'assertion_subject_mismatch', (jti) => assertion(id, { claims: { jti, iss: 'second' } })],
    ['a wrong typ', 'assertion_typ_refused', (jti) => assertion(id, { header: { typ: 'at+jwt' }, claims: { jti } })],
    ['a past exp', 'assertion_expired', (jti) => assertion(id, { claims: { jti, ...past } })],
    ['a coming nbf', 'assertion_not_yet_valid', (jti) => assertion(id, { claims: { jti, ...ahead } })],
    ['a long life', 'assertion_lifetime_too_long', (jti) => assertion(id, { claims: { jti, exp: 1e10 } })],
    ['no exp', 'assertion_claim_invalid', (jti) => assertion(id, { claims: { jti, exp: undefined } })],
  ];

  it.each(flaws)('AST-11 %s leaves the jti to the right assertion', async (_name, reason, flawed) => {
    const server = specServer();
    const { jti } = rightClaims();
    expect(await present(server, await flawed(jti))).toEqual(refused(reason));
    expect(await present(server, await assertion(id, { claims: { jti } }))).toEqual(accepted);
    expect(await present(server, await assertion(id, { claims: { jti } }))).toEqual(replayed);
    expect(await present(server, await flawed(jti))).toEqual(refused(reason));
  });

  it("AST-11 neither does another's client_id or a second method in the request", async () => {
    const server = specServer();
    const right = await assertion(id);
    expect(await present(server, right, { client_id: 'second' })).toEqual(refused('client_id_mismatch'));
    const { status } = await server.token({
      client_secret: 'x'.repeat(32),
      client_assertion: right,
      client_assertion_type: assertionType,
    });
    expect([status, server.last().reason]).toEqual([400, 'several_methods']);
    expect(await present(server, right)).toEqual(accepted);
  });
});

describe('AST-11 one memory for all who share a store', () => {
  it('AST-11 two routers on one store, and on two', async () => {
    const store = await openStore('memory:');
    const [first, other, apart] = [specServer({ store }), specServer({ store }), specServer()];
    const right = await assertion(id);
    expect(await present(first, right)).toEqual(accepted);
    expect(await present(other, right)).toEqual(replayed);
    // A server with a memory of its own shows that nothing but the store stands in the way.
    expect(await present(apart, right)).toEqual(accepted);
    await store.close();
  });

  it('AST-11 the token endpoint and a guarded route', async () => {
    const store = await openStore('memory:');
    const server = specServer({ store });
    const guard = authenticateClient({
      issuer,
      clients: allClients,
      store,
      strategies: standardStrategies(),
      onEvent: () => undefined,
    });
    const app = express().post('/reports', guard, (_request, response) => void response.json({ ok: true }));
    const report = async (jwt: string) => {
      const reply = request(app).post('/reports').type('form');
      return (await reply.send({ client_assertion: jwt, client_assertion_type: assertionType })).status;
    };
    const [here, there] = [await assertion(id), await assertion(id)];
    expect(await present(server, here)).toEqual(accepted);
    expect(await report(here)).toBe(401);
    expect(await report(there)).toBe(200);
    expect(await present(server, there)).toEqual(replayed);
    await store.close();
  });

  it('AST-11 two issuers on one store do not meet', async () => {
    const store = await openStore('memory:');
    const other = 'https://other.example.com';
    const { jti } = rightClaims();
    expect(await present(specServer({ store }), await assertion(id, { claims: { jti } }))).toEqual(accepted);
    const elsewhere = specServer({ store, issuer: other });
    expect(await present(elsewhere, await assertion(id, { claims: { jti, aud: other } }))).toEqual(accepted);
    expect(await present(elsewhere, await assertion(id, { claims: { jti, aud: other } }))).toEqual(replayed);
    await store.close();
  });

  it('AST-11 it remembers until exp and the tolerance have passed, and holds no jti in plain', async () => {
    const now = 1_800_000_000_000;
    const claims: { key: string; value: string; ttl: number }[] = [];
    const store = await openStore('memory:');
    const watched = claimingBy(store, (key, value, ttl) => {
      claims.push({ key, value, ttl });
      return store.claim(key, value, ttl);
    });
    const server = specServer({ store: watched, now: () => now, clock_tolerance: 30 });
    for (const seconds of [-30, 0, 60, 630]) {
      const { jti } = rightClaims();
      const right = await assertion(id, { now, claims: { jti, exp: now / 1000 + seconds } });
      expect(await present(server, right)).toEqual(accepted);
      const { key, ttl } = claims.at(-1)!;
      expect(ttl).toBeGreaterThan(seconds + 30);
      expect(ttl).toBeLessThan(seconds + 33);
      expect(JSON.stringify(claims.at(-1))).not.toContain(jti);
      expect(key.length).toBeLessThan(120);
    }
    await store.close();
  });

  it('AST-11 a store that fails lets nobody in', async () => {
    const store = await openStore('memory:');
    const broken = claimingBy(store, () => Promise.reject(new Error('out of order')));
    const server = specServer({ store: broken });
    const { status, body, text } = await server.token({
      grant_type: 'client_credentials',
      client_assertion: await assertion(id, { key: signer.privateKey }),
      client_assertion_type: assertionType,
    });
    expect(status).toBeGreaterThanOrEqual(500);
    expect(body.access_token).toBeUndefined();
    expect(text).not.toContain('out of order');
    expect(server.last()).toMatchObject({ outcome: 'failure' });
    expect(await present(specServer({ store }), await assertion(id))).toEqual(accepted);
    await store.close();
  });
});
