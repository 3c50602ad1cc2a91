import { describe, expect, it } from '@jest/globals';
import { responseUri } from '../../../lib/endpoints/authorization/authorization-response.js';

const issuer = 'https://id.example/acme/demo';
const iss = 'iss=https%3A%2F%2Fid.example%2Facme%2Fdemo';

describe('responseUri', () => {
  it('AUT-09 appends code, state and iss', () => {
    const to = { redirectUri: 'https://app.example/cb', state: 'xyz' };
    expect(responseUri(issuer, to, { code: 'c' })).toBe(`https://app.example/cb?code=c&state=xyz&${iss}`);
  });

  it('AUT-09 keeps the query of the redirect URI as it is', () => {
    const to = { redirectUri: 'https://app.example/cb?a=%7e&b', state: undefined };
    expect(responseUri(issuer, to, { code: 'c' })).toBe(`https://app.example/cb?a=%7e&b&code=c&${iss}`);
    expect(responseUri(issuer, { ...to, redirectUri: 'com.example.app:/cb?' }, { code: 'c' })).toBe(
      `com.example.app:/cb?code=c&${iss}`,
    );
  });

  it('AUT-09 state comes back byte for byte, and only if it was sent', () => {
    const state = 'a b+c%20&d=é"<>#\u{1F600}';
    const uri = new URL(responseUri(issuer, { redirectUri: 'https://app.example/cb', state }, { code: 'c' }));
    expect(uri.searchParams.get('state')).toBe(state);
    expect(decodeURIComponent(/state=([^&]*)/.exec(uri.href)![1]!)).toBe(state);
    expect(responseUri(issuer, { redirectUri: 'https://app.example/cb', state: undefined }, {})).not.toContain('state');
  });
});
