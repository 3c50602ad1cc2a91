import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { hostCookie, readCookie } from '../../lib/http/cookies.js';

const withCookies = (cookie?: string) => ({ headers: { cookie } }) as IncomingMessage;

describe('readCookie', () => {
  it('finds one among others, whole', () => {
    expect(readCookie(withCookies('a=1; __Host-b=x=y; c=3'), '__Host-b')).toBe('x=y');
  });

  it('finds nothing where the name is absent, a part of another, or differs in case', () => {
    expect(readCookie(withCookies(undefined), 'b')).toBeUndefined();
    expect(readCookie(withCookies('ab=1; B=2; b'), 'b')).toBeUndefined();
  });

  // A header is read as Latin-1: whoever plants a cookie by name may begin or end it with any of these octets.
  it.each(['\u00A0', '\u0085', '\v', '\f', '\u00AD', '\u00FF', '"', '\u00C2\u00A0', '\u00EF\u00BB\u00BF'])(
    'takes no cookie whose name has %j before or after it for the one of that name',
    (octets) => {
      expect(readCookie(withCookies(`${octets}__Host-b=1`), '__Host-b')).toBeUndefined();
      expect(readCookie(withCookies(`a=1; ${octets}__Host-b=1`), '__Host-b')).toBeUndefined();
      expect(readCookie(withCookies(`__Host-b${octets}=1`), '__Host-b')).toBeUndefined();
      expect(readCookie(withCookies(`${octets}__Host-b=1;\t__Host-b=2`), '__Host-b')).toBe('2');
    },
  );

  it('takes neither of two cookies of one name', () => {
    expect(readCookie(withCookies('b=1; b=1'), 'b')).toBeUndefined();
  });
});

describe('hostCookie', () => {
  it('is kept to this host, to https and from scripts', () => {
    expect(hostCookie('__Host-b', 'v')).toBe('__Host-b=v; Path=/; Secure; HttpOnly; SameSite=Lax');
  });
});
