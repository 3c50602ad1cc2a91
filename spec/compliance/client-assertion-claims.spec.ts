import { describe, expect, it } from '@jest/globals';
import { accepted, claimsBeginningWith, forge, present, refused, rightClaims } from '../support/assertion-requests.js';
import { type allClients, assertion, clientPerMethod } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const id = 'private-key-client';
const server = specServer();

const notNumbers = [
  '"1790000000"',
  'null',
  'true',
  '[1790000000]',
  '{}',
  '{"toString":1,"valueOf":1}',
  '1e400',
  '-1e400',
  '""',
];
const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;

describe('AST-07 exp', () => {
  it.each([...notNumbers, deep])('AST-07 %.40s is refused', async (text) => {
    const claims = claimsBeginningWith(`"exp":${text}`, rightClaims(id, { exp: undefined }));
    expect(await present(server, forge({ claims }))).toEqual(refused('assertion_claim_invalid'));
    expect(server.last().detail).toMatchObject({ client_id: id, claim: 'exp' });
  });

  it('AST-07 an absent one is refused', async () => {
    expect(await present(server, forge({ claims: rightClaims(id, { exp: undefined }) }))).toEqual(
      refused('assertion_claim_invalid'),
    );
  });

  it.each([0, 10, 60])(
    'AST-07 with a tolerance of %d s it is good until exp and that, and not longer',
    async (tolerance) => {
      const now = 1_800_000_000_000;
      let clock = now;
      const strict = specServer({ clock_tolerance: tolerance, now: () => clock });
      const exp = now / 1000 + 60;
      const make = () => assertion(id, { now, claims: { exp } });
      clock = (exp + tolerance) * 1000;
      expect(await present(strict, await make())).toEqual(accepted);
      clock += 1;
      expect(await present(strict, await make())).toEqual(refused('assertion_expired'));
    },
  );

  it.each(['0', '-1', '-1e300', '1', '0.5'])('AST-07 %s is long ago', async (text) => {
    const claims = claimsBeginningWith(`"exp":${text}`, rightClaims(id, { exp: undefined }));
    expect(await present(server, forge({ claims }))).toEqual(refused('assertion_expired'));
  });

  it('AST-07 a fraction of a second is a number too', async () => {
    expect(await present(server, forge({ claims: rightClaims(id, { exp: Date.now() / 1000 + 30.25 }) }))).toEqual(
      accepted,
    );
  });
});

describe('AST-08 nbf, iat and the longest life', () => {
  it.each(
    notNumbers.flatMap((text) => [
      ['nbf', text],
      ['iat', text],
    ]),
  )('AST-08 %s %s is refused', async (claim, text) => {
    const claims = claimsBeginningWith(`"${claim}":${text}`, rightClaims(id, { [claim]: undefined }));
    expect(await present(server, forge({ claims }))).toEqual(refused('assertion_claim_invalid'));
    expect(server.last().detail).toMatchObject({ claim });
  });

  it('AST-08 both may be absent, and old', async () => {
    expect(await present(server, forge({ claims: rightClaims(id, { iat: undefined }) }))).toEqual(accepted);
    expect(await present(server, forge({ claims: rightClaims(id, { iat: 0, nbf: -5 }) }))).toEqual(accepted);
  });

  it.each([
    ['AST-08', {}, 600],
    ['AST-08 legacy_assertion_audience', { legacy_assertion_audience: true }, 3600],
  ])('%s: exp at most this far ahead: %j', async (_row, extra, longest) => {
    const now = 1_800_000_000_000;
    const clients = [{ ...clientPerMethod.private_key_jwt, ...extra }] as typeof allClients;
    const strict = specServer({ clients, now: () => now });
    const make = (seconds: number) => assertion(id, { now, claims: { exp: now / 1000 + seconds } });
    expect(await present(strict, await make(longest + 10))).toEqual(accepted);
    expect(await present(strict, await make(longest + 11))).toEqual(refused('assertion_lifetime_too_long'));
    expect(await present(strict, await make(1e15))).toEqual(refused('assertion_lifetime_too_long'));
    expect(await present(strict, await make(Number.MAX_VALUE))).toEqual(refused('assertion_lifetime_too_long'));
  });

  it.each(['nbf', 'iat'])('AST-09 %s 10 s ahead is accepted, more than the tolerance is not', async (claim) => {
    const now = 1_800_000_000_000;
    const normal = specServer({ now: () => now });
    const lenient = specServer({ now: () => now, clock_tolerance: 60 });
    const make = (ahead: number) => assertion(id, { now, claims: { [claim]: now / 1000 + ahead } });
    for (const ahead of [0, 1, 10]) expect(await present(normal, await make(ahead))).toEqual(accepted);
    for (const ahead of [11, 60, 61, 1e9]) {
      expect(await present(normal, await make(ahead))).toEqual(refused('assertion_not_yet_valid'));
    }
    expect(await present(lenient, await make(60))).toEqual(accepted);
    expect(await present(lenient, await make(61))).toEqual(refused('assertion_not_yet_valid'));
  });
});

describe('AST-10 jti', () => {
  it.each([undefined, null, '', 0, 1, true, ['a'], { a: 1 }])('AST-10 %j is refused', async (jti) => {
    expect(await present(server, forge({ claims: rightClaims(id, { jti }) }))).toEqual(
      refused('assertion_claim_invalid'),
    );
    expect(server.last().detail).toMatchObject({ claim: 'jti' });
  });

  it.each(['x', ' ', '\0', '\ud800', '../../etc/passwd', '__proto__', 'j'.repeat(10_240)])(
    'AST-10 "%.20s" will do, once',
    async (jti) => {
      const fresh = specServer();
      expect(await present(fresh, forge({ claims: rightClaims(id, { jti }) }))).toEqual(accepted);
      expect(await present(fresh, forge({ claims: rightClaims(id, { jti }) }))).toEqual(refused('assertion_replayed'));
      expect(JSON.stringify(fresh.last()).length).toBeLessThan(1000);
    },
  );
});
