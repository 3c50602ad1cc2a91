import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { accepted, forge, present, refused, rightClaims } from '../support/assertion-requests.js';
import { assertionType } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';
import { verifications } from '../support/verifications.js';

const id = 'private-key-client';
const grant = { grant_type: 'client_credentials' };
const server = specServer();
const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;

describe('AST-16 every failure is invalid_client', () => {
  const reply = (forged: string) =>
    server.token({ ...grant, client_assertion: forged, client_assertion_type: assertionType });

  it('AST-16 with one and the same body and a challenge', async () => {
    const flaws = [
      forge({ claims: rightClaims('nobody') }),
      forge({ sign: () => Buffer.alloc(64, 1) }),
      forge({ claims: rightClaims(id, { aud: 'https://other.example' }) }),
      forge({ claims: rightClaims(id, { exp: 1 }) }),
      'a.b.c',
    ];
    const replies = await Promise.all(flaws.map(reply));
    for (const { status, body, headers } of replies) {
      expect(status).toBe(401);
      expect(body).toEqual(replies[0]!.body);
      expect(headers['www-authenticate']).toBe(replies[0]!.headers['www-authenticate']);
      expect(headers['www-authenticate']).toContain('error="invalid_client"');
      expect(headers['cache-control']).toContain('no-store');
    }
  });

  it('AST-16 whatever JSON header and claims are made of', async () => {
    const odd = fc.oneof(fc.jsonValue(), fc.constantFrom(id, 'ES256', 'signer-1', 'https://as.example.com', 1e308, -0));
    const names = fc.constantFrom(
      'alg',
      'kid',
      'typ',
      'crit',
      'jwk',
      'x5c',
      'cty',
      'iss',
      'sub',
      'aud',
      'exp',
      'nbf',
      'iat',
      'jti',
      'toString',
      '__proto__',
    );
    const members = fc.dictionary(names, odd, { maxKeys: 3 });
    let successes = 0;
    await fc.assert(
      fc.asyncProperty(members, members, async (header, claims) => {
        const forged = forge({
          header: JSON.stringify({ alg: 'ES256', kid: 'signer-1', ...header }),
          claims: JSON.stringify(rightClaims(id, claims)),
        });
        const { status, body } = await reply(forged);
        if (status === 200) successes += 1;
        else expect([status, body.error]).toEqual([401, 'invalid_client']);
        expect(server.last().error).toBe(status === 200 ? undefined : 'invalid_client');
      }),
      { numRuns: 250 },
    );
    expect(successes).toBeGreaterThan(0);
  });

  it('AST-16 whatever text is sent as an assertion', async () => {
    const part = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    );
    const texts = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('.'));
    await fc.assert(
      fc.asyncProperty(
        texts.filter((text) => text !== ''),
        async (text) => {
          const { status, body } = await reply(text);
          expect([status, body.error]).toEqual([401, 'invalid_client']);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('AST-16 what hostile senders put into events is short and flat', async () => {
    const long = 'k'.repeat(9000);
    const headers = [
      `{"alg":"ES256","kid":"${long}"}`,
      `{"alg":"${long}"}`,
      `{"alg":"ES256","typ":"${long}"}`,
      `{"alg":"ES256","typ":${deep}}`,
      `{"alg":"ES256","crit":${deep}}`,
      `{"alg":"ES256","crit":[${deep.slice(4000, 6000)}]}`,
    ];
    for (const header of headers) {
      expect((await present(server, forge({ header }))).status).toBe(401);
      expect(JSON.stringify(server.last()).length).toBeLessThan(2000);
    }
  });
});

describe('AST-16 an unknown client costs what a wrong signature costs', () => {
  const [forgedSignature, keyless] = [{ sign: () => Buffer.alloc(64, 7) }, { header: { alg: 'ES256', kid: 'gone' } }];
  it.each([
    ['right', forge(), accepted],
    ['wrong signature', forge(forgedSignature), refused('assertion_signature_invalid')],
    ['unknown client', forge({ claims: rightClaims('nobody') }), refused('unknown_client')],
    ['client of another method', forge({ claims: rightClaims('basic-client') }), refused('method_not_registered')],
    [
      'assertion client of the other method',
      forge({ claims: rightClaims('secret-jwt-client') }),
      refused('assertion_algorithm_refused'),
    ],
    ['unknown kid', forge(keyless), refused('assertion_key_not_found')],
    ['wrong typ', forge({ header: { alg: 'ES256', typ: 'at+jwt' } }), refused('assertion_typ_refused')],
    [
      'an algorithm that is not enabled',
      forge({ header: { alg: 'ES512' }, sign: () => Buffer.alloc(132, 1) }),
      refused('assertion_algorithm_refused'),
    ],
    [
      'unknown client, RSA',
      forge({ header: { alg: 'RS256' }, claims: rightClaims('nobody'), sign: () => Buffer.alloc(256, 1) }),
      refused('unknown_client'),
    ],
    [
      'unknown client, HMAC',
      forge({ header: { alg: 'HS256' }, claims: rightClaims('nobody') }),
      refused('unknown_client'),
    ],
  ])('AST-16 %s: one verification', async (_name, forged, outcome) => {
    const work = async () => expect(await present(server, forged)).toEqual(outcome);
    expect(await verifications(work)).toBe(1);
  });
});
