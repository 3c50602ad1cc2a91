import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalizedUrl } from '../../../lib/tokens/dpop/proof-url.js';

describe('normalizedUrl', () => {
  it.each([
    ['https://As.Example:443', 'https://as.example/'],
    ['HTTPS://as.example/a/./b/../c?x=1#y', 'https://as.example/a/c'],
    ['http://as.example:80/', 'http://as.example/'],
    ['https://as.example:8443/%7Ea%2fb%c3%A9', 'https://as.example:8443/~a%2Fb%C3%A9'],
    ['https://[::1]:8443/a', 'https://[::1]:8443/a'],
    ['https://as.example/a//b', 'https://as.example/a//b'],
    ['https://as.example/%2541', 'https://as.example/%2541'],
  ])('DPO-02 %s is %s', (uri, expected) => {
    expect(normalizedUrl(uri)).toBe(expected);
  });

  it.each([
    '',
    'as.example/token',
    '//as.example/token',
    'ftp://as.example/',
    'https://user@as.example/',
    'https://:secret@as.example/',
    'https:\\\\as.example\\token',
    'https://as.example/to ken',
    'https://as.example/to\nken',
    'https://as.example/é',
    'https://as.example:99999/',
    'https://',
  ])('DPO-02 %j is nothing to compare', (uri) => {
    expect(normalizedUrl(uri)).toBeUndefined();
  });

  it('DPO-02 what is normal stays as it is', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (uri) => {
        const once = normalizedUrl(uri);
        if (once !== undefined) expect(normalizedUrl(once)).toBe(once);
      }),
    );
  });
});
