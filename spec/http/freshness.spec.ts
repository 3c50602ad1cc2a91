import { describe, expect, it } from '@jest/globals';
import { freshnessLifetime } from '../../lib/http/freshness.js';

const now = Date.parse('2026-11-21T12:00:00Z');

describe('freshnessLifetime (RFC 9111 4.2)', () => {
  it.each([
    [{ 'cache-control': 'max-age=120' }, 120],
    [{ 'cache-control': 'Public, Max-Age="300"' }, 300],
    [{ 'cache-control': 'max-age=120', age: '50' }, 70],
    [{ 'cache-control': 'max-age=120', age: '500' }, 0],
    [{ 'cache-control': 'max-age=120', expires: new Date(now).toUTCString() }, 120],
    [{ 'cache-control': 'no-store, max-age=120' }, 0],
    [{ 'cache-control': 'no-cache' }, 0],
    [{ expires: new Date(now + 90_000).toUTCString() }, 90],
    [{ expires: new Date(now + 90_000).toUTCString(), date: new Date(now + 30_000).toUTCString(), age: '10' }, 50],
    [{ expires: '0' }, 0],
    [{ 'cache-control': 'max-age=-1' }, undefined],
    [{}, undefined],
  ])('%j is fresh for %s seconds', (headers, expected) => {
    expect(freshnessLifetime(headers, now)).toBe(expected);
  });
});
