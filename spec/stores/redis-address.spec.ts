import { describe, expect, it } from '@jest/globals';
import { redisAddress } from '../../lib/stores/redis-address.js';

const plain = {
  hosts: [{ host: 'h', port: 6379 }],
  cluster: false,
  username: undefined,
  password: undefined,
  database: 0,
  prefix: 'eca:',
  tls: undefined,
  acceptsEviction: false,
};

describe('the URL of a redis store', () => {
  it.each([
    ['redis://h', {}],
    ['REDIS://h/', {}],
    ['redis://h?', {}],
    ['redis://h:1234/5', { hosts: [{ host: 'h', port: 1234 }], database: 5 }],
    ['redis://[::1]:1234', { hosts: [{ host: '::1', port: 1234 }] }],
    ['redis://:p@h', { password: 'p' }],
    ['redis://u@h', { username: 'u' }],
    ['redis://u%3A1:p%40%2F%3F%23%25:x@h', { username: 'u:1', password: 'p@/?#%:x' }],
    ['redis://h?prefix=a%40b:', { prefix: 'a@b:' }],
    ['redis://h?prefix=a%20b%7Bc%7D%3A', { prefix: 'a b{c}:' }],
    ['redis://h?acknowledge=eviction', { acceptsEviction: true }],
    ['redis://h?cluster=true', { cluster: true }],
    ['redis://h?cluster=false', {}],
    [
      'redis://a,b:2,[::1]:3',
      {
        cluster: true,
        hosts: [
          { host: 'a', port: 6379 },
          { host: 'b', port: 2 },
          { host: '::1', port: 3 },
        ],
      },
    ],
    ['rediss://h', { tls: {} }],
    [
      'rediss://h?ca=%2Fa%20b.pem&cert=c.pem&key=k.pem&servername=n',
      { tls: { ca: '/a b.pem', cert: 'c.pem', key: 'k.pem', servername: 'n' } },
    ],
  ])('%s', (url, expected) => {
    expect(redisAddress(url)).toEqual({ ...plain, ...expected });
  });

  it.each([
    ['redis://', 'is written redis://'],
    ['redis:h', 'is written redis://'],
    ['redis:///0', 'is written redis://'],
    ['redis://u:s3cret@', 'is written redis://'],
    ['redis://u:s3c/ret@h', 'percent-encoded'],
    ['redis://u:s3c#ret@h', 'percent-encoded'],
    ['redis://u:s3c%ret@h', 'write % as %25'],
    ['redis://u:12?s3cret@h', 'percent-encoded'],
    ['redis://u:12/34?s3cret@h', 'percent-encoded'],
    ['redis://h/x', 'is written redis://'],
    ['redis://h/1/2', 'is written redis://'],
    ['redis://h:99999', 'is written redis://'],
    ['redis://h:', 'is written redis://'],
    ['redis://a,,b', 'is written redis://'],
    ['redis://::1', 'is written redis://'],
    ['redis://h?colour=s3cret', 'Unknown parameter "colour"'],
    ['redis://h?prefix=a&prefix=b', '"prefix" of a redis store is there twice'],
    ['redis://h?prefix=', 'is not empty'],
    ['redis://h?cluster=yes', '"cluster" of a redis store is true or false'],
    ['redis://h?acknowledge=single-process', '"acknowledge" of a redis store is eviction'],
    ['redis://a,b?cluster=false', 'several hosts is a cluster'],
    ['redis://a,b/1', 'database 0 alone'],
    ['redis://h?ca=x', '"ca" needs a rediss: URL'],
    ['rediss://h?cert=x', 'cert and key, or neither'],
  ])('refuses %s', (url, message) => {
    expect(() => redisAddress(url)).toThrow(message);
    try {
      redisAddress(url);
    } catch (error) {
      expect(String((error as Error).stack)).not.toMatch(/s3c/);
    }
  });
});
