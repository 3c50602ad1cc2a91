import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { OAuthError } from '../../lib/errors.js';
import { Form, formDecode, formFromJson, formFromParsedBody, parseForm, parseJsonForm } from '../../lib/http/form.js';

const valid = fc.string({ unit: 'binary' }).filter((text) => Buffer.from(text).toString() === text);
const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[%=&+0-9A-Fa-f[\]]{0,30}$/));

/** What a parser answers; anything thrown that is no OAuthError fails the spec. */
function reasonOf(parse: () => unknown): string {
  try {
    parse();
    return 'fine';
  } catch (thrown) {
    if (thrown instanceof OAuthError) return thrown.reason;
    throw thrown;
  }
}

describe('parseForm', () => {
  it('GEN-03 gives back whatever URLSearchParams encodes, empty values gone', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(valid, valid)), (pairs) => {
        const expected = new Map<string, string[]>();
        for (const [name, value] of pairs) if (value !== '') expected.set(name, [...(expected.get(name) ?? []), value]);
        const encoded = new URLSearchParams(pairs).toString();
        for (const form of [parseForm(encoded), parseForm(Buffer.from(encoded))]) {
          expect(new Map([...form.names()].map((name) => [name, form.getAll(name)]))).toEqual(expected);
        }
      }),
    );
  });

  it('GEN-03 gives back whatever encodeURIComponent encodes', () => {
    fc.assert(
      fc.property(valid, (text) => {
        expect(formDecode(encodeURIComponent(text))).toBe(text);
      }),
    );
  });

  it('GEN-03 throws body_malformed or nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          fc.uint8Array().map((octets) => Buffer.from(octets)),
        ),
        (encoded) => {
          expect(['fine', 'body_malformed']).toContain(reasonOf(() => parseForm(encoded)));
        },
      ),
    );
  });

  it('GEN-03 never lets a replacement character in for octets that are no UTF-8', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 6 }), (octets) => {
        const escaped = [...octets].map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('');
        const wellFormed = Buffer.from(Buffer.from(octets).toString()).equals(Buffer.from(octets));
        expect(reasonOf(() => parseForm(`a=${escaped}`))).toBe(wellFormed ? 'fine' : 'body_malformed');
      }),
    );
  });

  it('GEN-06 has no parameter whose value is empty', () => {
    const form = parseForm('a=&b&c=1&=&&=2');
    expect([...form.names()]).toEqual(['c', '']);
    expect([form.has('a'), form.get('b'), form.getAll('a')]).toEqual([false, undefined, []]);
  });

  it('GEN-05 keeps __proto__ and the like as names', () => {
    const form = parseForm('__proto__=1&constructor=2&a[b]=3');
    expect([form.get('__proto__'), form.get('toString'), form.get('a')]).toEqual(['1', undefined, undefined]);
    const object = form.toObject();
    expect([Object.getPrototypeOf(object), Object.keys(object)]).toEqual([null, ['__proto__', 'constructor', 'a[b]']]);
  });
});

describe('Form', () => {
  it('GEN-04 refuses what is repeated among the names given, and only that', () => {
    const form = parseForm('a=1&a=1&b=1&c=1&c=');
    expect(reasonOf(() => form.refuseRepeated(['b', 'a']))).toBe('parameter_repeated');
    expect(reasonOf(() => form.refuseRepeated(['b', 'c', 'd']))).toBe('fine');
  });

  it('is as a body parser would have left it', () => {
    expect({ ...parseForm('a=1&b=2&b=3').toObject() }).toEqual({ a: '1', b: ['2', '3'] });
  });

  it('only keeps what it is asked for', () => {
    expect([...parseForm('a=1&b=2').only(['b', 'c']).names()]).toEqual(['b']);
    expect([...new Form().names()]).toEqual([]);
  });
});

describe('formFromParsedBody', () => {
  it('GEN-05 reads strings and lists; what qs builds of other names is ignored', () => {
    const form = formFromParsedBody({
      a: '1',
      b: ['2', '3'],
      c: ['4'],
      d: { e: '5' },
      f: ['6', { g: '7' }],
      h: ['', 'x'],
      i: [],
    });
    // `f=6&f[g]=7`: the nested one must not hide the first.
    expect([...form.names()]).toEqual(['a', 'b', 'f', 'h']);
    expect([form.getAll('b'), form.getAll('h')]).toEqual([['2', '3'], ['x']]);
  });

  it('reads text and octets as a form, and nothing else', () => {
    expect(formFromParsedBody('a=1').get('a')).toBe('1');
    expect(formFromParsedBody(Buffer.from('a=1')).get('a')).toBe('1');
    for (const body of [null, 1, true, ['a'], Symbol('a')]) {
      expect(reasonOf(() => formFromParsedBody(body))).toBe('body_malformed');
    }
  });

  it('throws body_malformed or nothing', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withBigInt: true }), (body) => {
        expect(['fine', 'body_malformed']).toContain(reasonOf(() => formFromParsedBody(body)));
      }),
    );
  });

  it('GEN-04 gives what parseForm gives, for a body that URLSearchParams read', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(valid, valid)), (pairs) => {
        const form = parseForm(new URLSearchParams(pairs).toString());
        expect(formFromParsedBody(form.toObject()).toObject()).toEqual(form.toObject());
      }),
    );
  });
});

describe('parseJsonForm', () => {
  it('GEN-02 gives back a flat object of strings', () => {
    fc.assert(
      fc.property(fc.dictionary(valid, valid), (members) => {
        const form = parseJsonForm(JSON.stringify(members));
        const present = Object.entries(members).filter(([, value]) => value !== '');
        expect([...form.names()].map((name) => [name, form.get(name)])).toEqual(present);
      }),
    );
  });

  it('GEN-02 refuses every member that is no string', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => typeof value !== 'string'),
        (value) => {
          expect(reasonOf(() => parseJsonForm(JSON.stringify({ value })))).toBe('body_malformed');
          expect(reasonOf(() => formFromJson({ value }))).toBe('body_malformed');
        },
      ),
    );
  });

  it('GEN-02 throws body_malformed or nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          fc.json(),
          fc.uint8Array().map((octets) => Buffer.from(octets)),
        ),
        (encoded) => {
          expect(['fine', 'body_malformed']).toContain(reasonOf(() => parseJsonForm(encoded)));
        },
      ),
    );
  });

  it('GEN-04 refuses a member that is there twice', () => {
    expect(reasonOf(() => parseJsonForm('{"a":"1","\\u0061":"2"}'))).toBe('body_malformed');
    expect(reasonOf(() => parseJsonForm('{"a":"1","b":"1"}'))).toBe('fine');
  });
});
