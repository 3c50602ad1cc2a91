import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalizeAddress } from '../../lib/identity/addresses.js';

describe('addresses that are one mailbox', () => {
  it.each([
    ['johndoe@example.com', 'johndoe@example.com'],
    ['  johndoe@example.com\t', 'johndoe@example.com'],
    ['JohnDoe@EXAMPLE.com', 'johndoe@example.com'],
    ["o'brien+news@mail.example.co.uk", "o'brien+news@mail.example.co.uk"],
    ['a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
    // NFKC: full-width letters are the plain ones.
    ['\uFF4A\uFF4F\uFF48\uFF4E@example.com', 'john@example.com'],
    // The Kelvin sign is a capital K.
    ['\u212Aim@example.com', 'kim@example.com'],
    [`${'a'.repeat(64)}@example.com`, `${'a'.repeat(64)}@example.com`],
  ])('%j', (written, normal) => {
    expect(normalizeAddress(written)).toBe(normal);
  });
});

describe('addresses that are refused', () => {
  it.each<[string, string]>([
    ['nothing', ''],
    ['no @', 'johndoe'],
    ['no local part', '@example.com'],
    ['no domain', 'johndoe@'],
    ['two @', 'a@b@example.com'],
    ['an @ in full width', 'john\uFF20example.com'],
    ['a small @', 'john\uFE6Bexample.com'],
    ['a no-break space before it', '\u00A0john@example.com'],
    ['a no-break space after it', 'john@example.com\u00A0'],
    ['an ideographic space after it', 'john@example.com\u3000'],
    ['a byte order mark before it', '\uFEFFjohn@example.com'],
    ['a second @ in full width', 'a\uFF20b@example.com'],
    ['a list by comma', 'victim@example.com,evil@attacker.com'],
    ['a list by semicolon', 'victim@example.com;evil@attacker.com'],
    ['a list by blank', 'victim@example.com evil@attacker.com'],
    ['a full-width comma', 'victim@example.com\uFF0Cevil@attacker.com'],
    ['a quoted local part', '"e@attacker.com"@victim.com'],
    ['a quoted plain local part', '"john"@example.com'],
    ['angle brackets', 'John <john@example.com>'],
    ['angle brackets alone', '<john@example.com>'],
    ['full-width angle brackets', '\uFF1Cjohn@example.com\uFF1E'],
    ['a comment', 'john(comment)@example.com'],
    ['a group', 'all:john@example.com;'],
    ['a source route', '@relay.example:john@example.com'],
    ['CR LF and a header', 'john@example.com\r\nBcc: evil@attacker.com'],
    ['a line break at its end', 'john@example.com\n'],
    ['a carriage return before it', '\rjohn@example.com'],
    ['a NUL', 'john\0@example.com'],
    ['a line separator', 'john@example.com\u2028'],
    ['a zero-width space', 'john\u200B@example.com'],
    ['a right-to-left override', 'john\u202E@example.com'],
    ['letters of another script', 'jоhn@example.com'],
    ['a host of another script', 'john@exаmple.com'],
    ['a dot of another script in the host', 'john@example\u3002com'],
    ['a one-dot leader, which NFKC makes a dot at the end', 'john@example.com\u2024'],
    ['a percent route', 'john@example.com%attacker.com@'],
    ['two dots', 'john..doe@example.com'],
    ['a dot first', '.john@example.com'],
    ['a dot last', 'john.@example.com'],
    ['a host without a dot', 'john@localhost'],
    ['a host that ends with a dot', 'john@example.com.'],
    ['a host that begins with a hyphen', 'john@-example.com'],
    ['a host with an underscore', 'john@exa_mple.com'],
    ['an address literal', 'john@[127.0.0.1]'],
    ['an IPv4 host', 'john@127.0.0.1'],
    ['a local part of 65', `${'a'.repeat(65)}@example.com`],
    ['more than 254', `a@${'b.'.repeat(126)}com`],
    ['a megabyte', `${'a'.repeat(1 << 20)}@example.com`],
  ])('%s', (_what, written) => {
    expect(normalizeAddress(written)).toBeUndefined();
  });
});

describe('any text', () => {
  const tricky = fc.string({
    unit: fc.oneof(
      fc.constantFrom(
        ...'@.,;<>"\'()[]:\\ \t\r\n\0aB1-_+%',
        '\uFF20',
        '\uFF0C',
        '\u2024',
        '\u3002',
        '\u212A',
        '\u200B',
      ),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 40,
  });

  it('gives nothing, or one plain ASCII address that is its own normal form', () => {
    fc.assert(
      fc.property(fc.oneof(tricky, fc.emailAddress()), (text) => {
        const normal = normalizeAddress(text);
        if (normal === undefined) return;
        expect(normal).toMatch(/^[a-z0-9!#$%&'*+/=?^_`{|}~.-]+@[a-z0-9.-]+$/);
        expect(normal.length).toBeLessThanOrEqual(254);
        expect(normalizeAddress(normal)).toBe(normal);
        expect(normalizeAddress(` ${normal.toUpperCase()} `)).toBe(normal);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes no second recipient, whatever is put between two addresses', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 0, maxLength: 6 }), (between) => {
        expect(normalizeAddress(`a@victim.example${between}b@attacker.example`)).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });
});
