import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hasRepeatedMember } from '../../lib/client-authentication/repeated-members.js';
import { parseStrictJson } from '../../lib/http/strict-json.js';

/** A slow reader of JSON, character by character. */
function reference(json: string): boolean {
  let at = 0;
  const blank = () => {
    while (' \t\n\r'.includes(json[at] ?? 'end')) at += 1;
  };
  const string = (): string => {
    const start = at;
    at += 1;
    while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
    at += 1;
    return JSON.parse(json.slice(start, at));
  };
  const object = (): boolean => {
    const names: string[] = [];
    let repeated = false;
    for (at += 1, blank(); json[at] !== '}'; blank()) {
      if (json[at] === ',') at += 1;
      blank();
      const name = string();
      repeated = names.includes(name) || repeated;
      names.push(name);
      blank();
      at += 1;
      repeated = value() || repeated;
    }
    at += 1;
    return repeated;
  };
  const array = (): boolean => {
    let repeated = false;
    for (at += 1, blank(); json[at] !== ']'; blank()) {
      if (json[at] === ',') at += 1;
      repeated = value() || repeated;
    }
    at += 1;
    return repeated;
  };
  const value = (): boolean => {
    blank();
    if (json[at] === '{') return object();
    if (json[at] === '[') return array();
    if (json[at] === '"') string();
    else while (at < json.length && !',]} \t\n\r'.includes(json[at]!)) at += 1;
    return false;
  };
  return value();
}

const blanks = fc.stringMatching(/^[ \t\n\r]{0,2}$/);
/** Few names, so that they meet; and the same name in several spellings. */
const nameText = fc.oneof(
  fc.constantFrom(
    '"a"',
    '"\\u0061"',
    '"b"',
    '""',
    '"iss"',
    '"\\u0069ss"',
    '"i\\u0073s"',
    '"__proto__"',
    '"constructor"',
  ),
  fc.constantFrom(
    '"\\""',
    '"\\u0022"',
    '"\\\\"',
    '"\\\\\\""',
    '"{"',
    '"}"',
    '"[\\"a\\":"',
    '"\\/"',
    '"/"',
    '"é"',
    '"\\u00e9"',
  ),
);
const scalarText = fc.oneof(
  nameText,
  fc.constantFrom('1', '-1.5e3', 'true', 'null', '"a:b"', '"\\":"', '"{\\"a\\":1,\\"a\\":2}"', '"\u2028"', '"\\\\"'),
  fc.string().map((text) => JSON.stringify(text)),
);
const { json: jsonText } = fc.letrec<{ json: string; object: string; array: string }>((tie) => ({
  json: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalarText, tie('object'), tie('array')),
  object: fc
    .array(fc.tuple(blanks, nameText, blanks, blanks, tie('json'), blanks), { maxLength: 4 })
    .map((members) => `{${members.map(([a, name, b, c, v, d]) => `${a}${name}${b}:${c}${v}${d}`).join(',')}}`),
  array: fc.array(tie('json'), { maxLength: 4 }).map((items) => `[${items.join(' ,\n')}]`),
}));

function withoutBlanks(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|[ \t\n\r]+/g, '$1');
}

describe('hasRepeatedMember', () => {
  it('AST-14 agrees with a slow reader', () => {
    const seen = { true: 0, false: 0 };
    fc.assert(
      fc.property(jsonText, (text) => {
        JSON.parse(text);
        const answer = reference(text);
        seen[`${answer}`] += 1;
        expect(hasRepeatedMember(text)).toBe(answer);
        for (const spelling of [text, withoutBlanks(text)]) expect(parseStrictJson(spelling).ok).toBe(!answer);
      }),
      { numRuns: 3000 },
    );
    expect(seen.true).toBeGreaterThan(100);
    expect(seen.false).toBeGreaterThan(100);
  });

  it.each([
    ['{"a":1,"a":1}'],
    ['{"a":1,"\\u0061":2}'],
    ['{"\\u0069ss":1,"iss":2}'],
    ['{"a":{"b":1,"b":2}}'],
    ['[{"a":[{"x":{},"y":[],"x":null}]}]'],
    ['{"a":1,"b":{"a":1},"a" \n\t:2}'],
    ['{"__proto__":1,"__proto__":2}'],
    ['{"":1,"":2}'],
    ['{"\\"":1,"\\u0022":2}'],
  ])('AST-14 finds %s', (text) => {
    expect(hasRepeatedMember(text)).toBe(true);
  });

  it.each([
    ['{"a":1,"A":2}'],
    ['{"a":{"a":{"a":1}}}'],
    ['[{"a":1},{"a":2}]'],
    ['{"a":"a","b":"a","c":["a","a"]}'],
    ['{"a":"\\"a\\":1,","b":"{\\"b\\":"}'],
    ['{"a":"\\\\","b":1}'],
    ['{"a":{},"b":{"a":1}}'],
    ['{"a":["a","b"],"b":["a",{"a":1,"b":2}]}'],
    ['"a"'],
    ['{}'],
  ])('AST-14 lets %s be', (text) => {
    expect(hasRepeatedMember(text)).toBe(false);
  });

  it('AST-14 is done at once with long and with deep texts', () => {
    const deep = `${'{"a":'.repeat(3000)}1${'}'.repeat(3000)}`;
    const long = JSON.stringify({ a: '\\"'.repeat(8000), b: '{'.repeat(8000) });
    const started = performance.now();
    expect([hasRepeatedMember(deep), hasRepeatedMember(long)]).toEqual([false, false]);
    expect(hasRepeatedMember(`{"x":${deep},"y":${long},"x":1}`)).toBe(true);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
