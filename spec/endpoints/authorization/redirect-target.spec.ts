import { describe, expect, it } from '@jest/globals';
import { isRegistered } from '../../../lib/endpoints/authorization/redirect-target.js';

describe('redirect URI matching', () => {
  const web = 'https://app.example/cb?a=1';

  it('AUT-03 accepts the registered string', () => {
    expect(isRegistered(web, ['https://other.example/', web])).toBe(true);
    expect(isRegistered('com.example.app:/cb', ['com.example.app:/cb'])).toBe(true);
  });

  it.each([
    'https://app.example/cb',
    'https://app.example/cb?a=1&b=2',
    'https://app.example/cb/?a=1',
    'https://app.example:443/cb?a=1',
    'https://APP.example/cb?a=1',
    'HTTPS://app.example/cb?a=1',
    'https://app.example/c%62?a=1',
    'https://app.example/x/../cb?a=1',
    'https://app.example/cb?a=1#',
    ' https://app.example/cb?a=1',
    'https://app.example/cb?a=1\n',
    'https://app.example.evil.example/cb?a=1',
    'https://evil@app.example/cb?a=1',
    'https://app.example\\@evil.example/cb?a=1',
    'http://app.example/cb?a=1',
  ])('AUT-03 refuses %j', (uri) => {
    expect(isRegistered(uri, [web])).toBe(false);
  });

  it('AUT-03 compares with nothing when nothing is registered', () => {
    expect(isRegistered(web, [])).toBe(false);
  });

  it('AUT-04 a loopback IP literal may have any port', () => {
    expect(isRegistered('http://127.0.0.1:51004/cb', ['http://127.0.0.1/cb'])).toBe(true);
    expect(isRegistered('http://127.0.0.1/cb', ['http://127.0.0.1:80/cb'])).toBe(true);
    expect(isRegistered('http://[::1]:9/cb?x=1', ['http://[::1]:3000/cb?x=1'])).toBe(true);
  });

  it.each([
    ['http://127.0.0.1:51004/other', 'http://127.0.0.1/cb'],
    ['http://127.0.0.1:51004/cb?x=1', 'http://127.0.0.1/cb'],
    ['http://127.0.0.1:51004/cb', 'http://[::1]/cb'],
    ['http://127.0.0.2:51004/cb', 'http://127.0.0.1/cb'],
    ['http://127.0.0.1:80@evil.example/cb', 'http://127.0.0.1/cb'],
    ['http://127.0.0.1:x/cb', 'http://127.0.0.1/cb'],
    ['http://127.0.0.1:99999/cb', 'http://127.0.0.1/cb'],
    ['https://127.0.0.1:51004/cb', 'https://127.0.0.1/cb'],
    ['https://app.example:8443/cb', 'https://app.example/cb'],
    ['http://localhost:51004/cb', 'http://localhost/cb'],
  ])('AUT-04 %s does not match %s', (uri, registered) => {
    expect(isRegistered(uri, [registered])).toBe(false);
  });

  it('AUT-05 refuses plain http and fragments even where a registry lets them through', () => {
    for (const uri of ['http://app.example/cb', 'https://app.example/cb#f', 'javascript:alert(1)']) {
      expect(isRegistered(uri, [uri])).toBe(false);
    }
  });
});
