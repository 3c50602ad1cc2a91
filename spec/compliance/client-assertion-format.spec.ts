import { describe, expect, it } from '@jest/globals';
import { CompactEncrypt, FlattenedSign, GeneralSign } from 'jose';
import {
  accepted,
  base64url,
  claimsBeginningWith,
  es256,
  forge,
  present,
  refused,
  rightClaims,
} from '../support/assertion-requests.js';
import { assertion, signer } from '../support/methods.js';
import { specServer } from '../support/spec-server.js';

const id = 'private-key-client';
const malformed = refused('assertion_malformed');
const server = specServer();
const header = { alg: 'ES256', kid: 'signer-1' };

describe('AST-02 one compact JWS', () => {
  const shapes: [string, (parts: [string, string, string]) => string][] = [
    ['one part', ([h]) => h],
    ['two parts', ([h, c]) => `${h}.${c}`],
    ['four parts', ([h, c, s]) => `${h}.${c}.${s}.${s}`],
    ['five parts', ([h, c, s]) => `${h}.${c}.${s}.${s}.${s}`],
    ['an empty fourth part', ([h, c, s]) => `${h}.${c}.${s}.`],
    ['an empty first part', ([h, c, s]) => `.${h}.${c}.${s}`],
    ['an empty header', ([, c, s]) => `.${c}.${s}`],
    ['a detached payload', ([h, , s]) => `${h}..${s}`],
    ['no signature', ([h, c]) => `${h}.${c}.`],
    ['dots alone', () => '..'],
    ['only blanks', () => '   '],
    ['a blank before', ([h, c, s]) => ` ${h}.${c}.${s}`],
    ['a blank after', ([h, c, s]) => `${h}.${c}.${s} `],
    ['a line feed after', ([h, c, s]) => `${h}.${c}.${s}\n`],
    ['a blank inside', ([h, c, s]) => `${h.slice(0, 4)} ${h.slice(4)}.${c}.${s}`],
    ['a line feed inside the claims', ([h, c, s]) => `${h}.${c.slice(0, 8)}\r\n${c.slice(8)}.${s}`],
    ['a blank inside the signature', ([h, c, s]) => `${h}.${c}.${s.slice(0, 9)} ${s.slice(9)}`],
    ['padding after the signature', ([h, c, s]) => `${h}.${c}.${s}==`],
    ['a character that is not base64url', ([h, c, s]) => `${h}.${c}.${s.slice(0, 9)}!${s.slice(9)}`],
    ['a zero octet', ([h, c, s]) => `${h}.${c}.${s}\0`],
    ['a letter that only looks right', ([h, c, s]) => `${h}.${c}.${s.slice(0, -1)}\u0410`],
    ['the scheme before it', ([h, c, s]) => `Bearer ${h}.${c}.${s}`],
    ['quotes around it', ([h, c, s]) => `"${h}.${c}.${s}"`],
    ['two assertions', ([h, c, s]) => `${h}.${c}.${s},${h}.${c}.${s}`],
    ['stray bits at the end of the signature', ([h, c, s]) => `${h}.${c}.${straying(s)}`],
  ];

  it.each(shapes)('AST-02 %s is refused', async (_name, change) => {
    const right = forge();
    expect(await present(server, change(right.split('.') as [string, string, string]))).toEqual(malformed);
    expect(await present(server, right)).toEqual(accepted);
  });

  // From here the signature covers what was changed, so nothing but the encoding can be wrong.
  const encodings: [string, (part: string) => string][] = [
    ['padding', (part) => `${part}${'='.repeat((4 - (part.length % 4)) % 4 || 4)}`],
    ['stray bits', straying],
    ['a blank', (part) => `${part.slice(0, 5)} ${part.slice(5)}`],
    ['a tab at the end', (part) => `${part}\t`],
    ['the other base64 alphabet', (part) => `${part}+/`],
    ['a lone character at the end', (part) => `${part}${'A'.repeat((5 - (part.length % 4)) % 4)}`],
  ];
  it.each(encodings)('AST-02 a header or claims with %s, signed as they stand, are refused', async (_name, change) => {
    for (const wrong of ['header', 'claims'] as const) {
      const claims = filled(JSON.stringify(rightClaims()));
      const forged = forge({
        header: filled(JSON.stringify(header)),
        claims,
        encode: (part, which) => (which === wrong ? change(part) : part),
      });
      expect(await present(server, forged)).toEqual(malformed);
      expect(await present(server, forge({ header: filled(JSON.stringify(header)), claims }))).toEqual(accepted);
    }
  });

  const octets: [string, Buffer][] = [
    ['no JSON', Buffer.from('hello')],
    ['nothing', Buffer.alloc(0)],
    ['an array', Buffer.from('[{"alg":"ES256"}]')],
    ['a string', Buffer.from('"ES256"')],
    ['a number', Buffer.from('1')],
    ['null', Buffer.from('null')],
    ['a JSON object twice', Buffer.from('{"alg":"ES256"}{"alg":"ES256"}')],
    ['a comment', Buffer.from('{"alg":"ES256"/**/}')],
    ['a comma too many', Buffer.from('{"alg":"ES256",}')],
    ['single quotes', Buffer.from("{'alg':'ES256'}")],
    ['a raw line feed in a string', Buffer.from('{"alg":"ES256","kid":"a\nb"}')],
    ['a byte order mark', Buffer.from('\ufeff{"alg":"ES256"}')],
    ['UTF-16', Buffer.from('{"alg":"ES256"}', 'utf16le')],
    ['octets that are not UTF-8', Buffer.from('{"alg":"ES256","kid":"\xff"}', 'latin1')],
    ['an overlong UTF-8 sequence', Buffer.from('{"alg":"ES256","kid":"\xc0\xa2"}', 'latin1')],
  ];
  it.each(octets)('AST-02 a header or claims made of %s are refused', async (_name, content) => {
    for (const wrong of ['header', 'claims'] as const) {
      const encode = (part: string, which: string) => (which === wrong ? base64url(content) : part);
      expect(await present(server, forge({ encode }))).toEqual(malformed);
    }
  });

  it('AST-02 JSON serializations are refused', async () => {
    const payload = Buffer.from(JSON.stringify(rightClaims()));
    const flattened = await new FlattenedSign(payload).setProtectedHeader(header).sign(signer.privateKey);
    const general = await new GeneralSign(payload).addSignature(signer.privateKey).setProtectedHeader(header).sign();
    for (const each of [flattened, general]) {
      expect(await present(server, JSON.stringify(each))).toEqual(malformed);
      expect(await present(server, base64url(JSON.stringify(each)))).toEqual(malformed);
    }
    expect(await present(server, `${flattened.protected}.${flattened.payload}.${flattened.signature}`)).toEqual(
      accepted,
    );
  });

  it('AST-02 a JWE is refused, and a JWE header over three parts too', async () => {
    const inner = await assertion(id);
    const secret = new Uint8Array(32);
    const jwe = await new CompactEncrypt(Buffer.from(inner))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', cty: 'JWT' })
      .encrypt(secret);
    expect(jwe.split('.')).toHaveLength(5);
    expect(await present(server, jwe)).toEqual(malformed);
    const like = forge({ header: { alg: 'dir', enc: 'A256GCM' } });
    expect(await present(server, like)).toEqual(refused('assertion_algorithm_refused'));
    expect(await present(server, inner)).toEqual(accepted);
  });

  it('AST-02 an assertion inside an assertion is no claims object', async () => {
    const nested = forge({ header: { ...header, cty: 'JWT' }, claims: await assertion(id) });
    expect(await present(server, nested)).toEqual(malformed);
  });

  it('AST-02 16384 characters are enough, one more is too long', async () => {
    const sized = (length: number) => forge({ claims: rightClaims(id, { pad: 'p'.repeat(length) }) });
    const overhead = sized(0).length;
    let pad = Math.floor(((16_384 - overhead) * 3) / 4) - 3;
    while (sized(pad + 1).length <= 16_384) pad += 1;
    expect(sized(pad).length).toBeGreaterThan(16_380);
    expect(await present(server, sized(pad))).toEqual(accepted);
    for (const larger of [pad + 1, 15_000, 40_000]) {
      expect(sized(larger).length).toBeGreaterThan(16_384);
      expect(await present(server, sized(larger))).toEqual(malformed);
    }
  });
});

/** The same octets in another spelling: bits that no octet uses are set. Needs a length that leaves such bits. */
function straying(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(part.at(-1) ?? '');
  const changed = part.slice(0, -1) + alphabet[last | 1];
  expect(changed).not.toBe(part);
  expect(Buffer.from(changed, 'base64url').equals(Buffer.from(part, 'base64url'))).toBe(true);
  return changed;
}

/** JSON that leaves two unused bits and one `=` in base64: a length of 2 modulo 3. */
function filled(json: string): string {
  return json + ' '.repeat((5 - (Buffer.byteLength(json) % 3)) % 3);
}

describe('AST-14 crit and b64', () => {
  it.each([
    ['crit', ['exp']],
    ['crit', ['b64']],
    ['crit', ['alg']],
    ['crit', ['unknown']],
    ['crit', []],
    ['crit', ['']],
    ['crit', [1]],
    ['crit', 'exp'],
    ['crit', {}],
    ['crit', null],
    ['crit', false],
    ['b64', false],
    ['b64', true],
    ['b64', null],
    ['b64', 'false'],
  ])('AST-14 %s %j is refused', async (name, value) => {
    const forged = forge({ header: { ...header, [name]: value } });
    expect(await present(server, forged)).toEqual(refused('assertion_critical_header'));
  });

  it('AST-14 an unencoded payload is refused, whatever crit says of it', async () => {
    const claims = JSON.stringify(rightClaims());
    for (const crit of [['b64'], undefined]) {
      const protectedHeader = base64url(JSON.stringify({ ...header, b64: false, crit }));
      const raw = `${protectedHeader}.${claims}`;
      expect(await present(server, `${raw}.${es256()(raw).toString('base64url')}`)).toEqual(malformed);
      const forged = forge({ header: { ...header, b64: false, crit } });
      expect(await present(server, forged)).toEqual(refused('assertion_critical_header'));
    }
  });

  it('AST-14 a header member nobody knows is ignored without crit', async () => {
    expect(await present(server, forge({ header: { ...header, cty: 'x', unknown: { crit: ['exp'] } } }))).toEqual(
      accepted,
    );
  });
});

describe('AST-14 member names twice', () => {
  it.each([
    '{"alg":"none","alg":"ES256","kid":"signer-1"}',
    '{"alg":"ES256","kid":"signer-1","alg":"none"}',
    '{"alg":"ES256","kid":"other","kid":"signer-1"}',
    '{"\\u0061lg":"none","alg":"ES256","kid":"signer-1"}',
    '{"alg":"ES256","kid":"signer-1","typ":"JWT","typ":"JWT"}',
    '{"alg":"ES256","kid":"signer-1","jwk":{"kty":"EC","kty":"oct"}}',
    '{"alg":"ES256","kid":"signer-1","__proto__":1,"__proto__":2}',
  ])('AST-14 the header %s is refused', async (text) => {
    expect(await present(server, forge({ header: text }))).toEqual(malformed);
  });

  it.each([
    '"iss":"private-key-client"',
    '"iss":"other"',
    '"\\u0069ss":"other"',
    '"is\\u0073":"other"',
    '"sub":"other"',
    '"\\u0073\\u0075\\u0062":"other"',
    '"aud":"https://other.example"',
    '"exp":1',
    '"jti" :"x"',
    '"x":1,"x":1',
    '"x":{"a":1,"a":2}',
    '"x":[{"y":{"\\u0061":1,"b":[],"a":2}}]',
    '"":1,"":2',
  ])('AST-14 claims that begin with %s are refused', async (text) => {
    expect(await present(server, forge({ claims: claimsBeginningWith(text) }))).toEqual(malformed);
  });

  it.each([
    '"ISS":"other"',
    '"x":{"iss":"other","sub":"other"}',
    '"x":[{"a":1},{"a":2}]',
    '"x":"\\"iss\\":\\"other\\","',
    '"__proto__":{"iss":"other","sub":"other"}',
    '"constructor":{"prototype":{"sub":"other"}}',
  ])('AST-14 claims that begin with %s have each name once', async (text) => {
    expect(await present(server, forge({ claims: claimsBeginningWith(text) }))).toEqual(accepted);
    expect(server.last().client_id).toBe(id);
  });

  it('AST-14 a prototype in JSON supplies no claim and no header', async () => {
    const { sub, ...rest } = rightClaims();
    const claims = claimsBeginningWith(`"__proto__":{"sub":"${sub}"}`, rest);
    expect(await present(server, forge({ claims }))).toEqual(refused('assertion_claim_invalid'));
    const text = '{"__proto__":{"alg":"ES256"},"kid":"signer-1"}';
    expect(await present(server, forge({ header: text }))).toEqual(malformed);
  });
});
