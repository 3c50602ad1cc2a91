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

  it('takes neither of two cookies of one name', () => {
    expect(readCookie(withCookies('b=1; b=1'), 'b')).toBeUndefined();
  });
});

describe('hostCookie', () => {
  it('is kept to this host, to https and from scripts', () => {
    expect(hostCookie('__Host-b', 'v')).toBe('__Host-b=v; Path=/; Secure; HttpOnly; SameSite=Lax');
  });
});
