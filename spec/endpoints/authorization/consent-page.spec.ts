import { describe, expect, it } from '@jest/globals';
import type { RegisteredClient } from '../../../lib/clients/client.js';
import { consentPage, describeScope, redirectSource } from '../../../lib/endpoints/authorization/consent-page.js';
import { workspacePolicySchema } from '../../../lib/workspaces/policy.js';
import type { Workspace } from '../../../lib/workspaces/workspace.js';

const policy = workspacePolicySchema.parse({
  scopes: {
    openid: {},
    email: { description: 'Your <email>' },
    'accounts.*': { description: 'One account' },
    plain: {},
  },
});
const workspace = { policy, urls: { consent: 'https://id.example/acme/oauth2/authorize/consent' } } as Workspace;

function page(over: { client_name?: string; name?: string; scopes?: string[]; redirectUri?: string } = {}) {
  const { client_name, name, scopes = ['openid'], redirectUri = 'https://app.example:8443/cb' } = over;
  const { heading, body, formAction } = consentPage(workspace, {
    client: { id: 'web', metadata: { client_name } } as unknown as RegisteredClient,
    user: { id: 'u1', name },
    binding: { clientId: 'web', redirectUri, redirectUriWasSent: true, scopes, resources: [] },
    transaction: 'sealed',
  });
  return { markup: `${heading?.markup}${body.markup}`, formAction };
}

describe('consentPage', () => {
  it('CON-02 names client, person, scopes and where the browser goes', () => {
    const { markup, formAction } = page({ client_name: 'Ledger', name: 'John', scopes: ['openid', 'accounts.7'] });
    for (const text of ['Ledger', 'John', 'Know who you are', 'One account', 'accounts.7', 'app.example:8443']) {
      expect(markup).toContain(text);
    }
    expect(markup).toContain('action="/acme/oauth2/authorize/consent"');
    expect(formAction).toEqual(["'self'", 'https://app.example:8443']);
  });

  it('CON-02 escapes what client, person and operator wrote', () => {
    const { markup } = page({ client_name: '<script>x</script>', name: '"><img src=x>', scopes: ['email'] });
    expect(markup).not.toMatch(/<script|<img|<email>/);
    expect(markup).toContain('&lt;script&gt;x&lt;/script&gt;');
    expect(markup).toContain('Your &lt;email&gt;');
  });

  it('CON-02 falls back to the client_id, and says so when nothing is asked', () => {
    const { markup } = page({ scopes: [] });
    expect(markup).toContain('<bdi>web</bdi>');
    expect(markup).toContain('no particular permission');
  });
});

describe('describeScope', () => {
  it('takes the scope itself before its pattern, and its pattern before nothing', () => {
    expect(describeScope('accounts.7', workspace)).toBe('One account');
    expect(describeScope('accountsX', workspace)).toBeUndefined();
    expect(describeScope('email', workspace)).toBe('Your <email>');
    expect(describeScope('profile', workspace)).toBe('See your name and user name');
    expect(describeScope('plain', workspace)).toBeUndefined();
    expect(describeScope('constructor', workspace)).toBeUndefined();
  });
});

describe('redirectSource', () => {
  it.each([
    ['https://app.example/cb', 'https://app.example'],
    ['http://127.0.0.1:9000/cb', 'http://127.0.0.1:9000'],
    ['http://[::1]:9000/cb', 'http:'],
    ['com.example.app:/cb', 'com.example.app:'],
  ])('of %s is %s', (uri, source) => {
    expect(redirectSource(uri)).toBe(source);
  });

  it('never lets a host write a directive of its own', () => {
    for (const uri of ["https://a;script-src'self'.example/cb", 'https://a,b.example/cb'])
      expect(redirectSource(uri)).toBe('https:');
  });
});
