import { afterEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import {
  clientCredentials,
  type GrantRouter,
  type GrantRouterOptions,
  grantRouter,
  standardStrategies,
} from '../index.js';
import { requestHost } from '../lib/http/request-host.js';

const open: GrantRouter[] = [];
afterEach(async () => {
  for (const router of open.splice(0)) await router.close();
});

function serve(issuers: readonly string[], more: Partial<GrantRouterOptions> = {}): GrantRouter {
  const router = grantRouter({
    workspaces: issuers.map((issuer) => ({ issuer, clients: [] })),
    strategies: standardStrategies(),
    grants: [clientCredentials()],
    ...more,
  } as GrantRouterOptions);
  open.push(router);
  return router;
}

/** The issuer that answers, or the status. */
async function answers(router: GrantRouter, host: string, path = '') {
  const { status, body } = await request(router).get(`${path}/.well-known/openid-configuration`).set('Host', host);
  return status === 200 ? body.issuer : status;
}

const [one, two] = ['https://one.example', 'https://two.example:8443'] as const;

describe('issuers of several hosts', () => {
  it('are told apart by the host, whatever its case and default port', async () => {
    const router = serve([one, two]);
    expect(await answers(router, 'one.example')).toBe(one);
    expect(await answers(router, 'ONE.example:443')).toBe(one);
    expect(await answers(router, 'two.example:8443')).toBe(two);
  });

  it.each([
    'three.example',
    'two.example',
    '127.0.0.1',
    'one.example.',
    'one.example/x',
    'one.example@two.example:8443',
  ])('GEN-13 one path of two issuers is nobody’s at %s', async (host) => {
    expect(await answers(serve([one, two]), host)).toBe(404);
  });

  it('a host has its own issuers alone', async () => {
    const router = serve([`${one}/acme`, two]);
    expect(await answers(router, 'one.example', '/acme')).toBe(`${one}/acme`);
    expect(await answers(router, 'two.example:8443', '/acme')).toBe(404);
    expect(await answers(router, 'one.example')).toBe(404);
  });

  it('a name that is no issuer’s, as a proxy may use, is told by the path that one issuer has', async () => {
    const router = serve([`${one}/acme`, two]);
    expect(await answers(router, 'backend:3000', '/acme')).toBe(`${one}/acme`);
    expect(await answers(router, 'backend:3000')).toBe(two);
  });

  it('with one host the name does not matter', async () => {
    const router = serve([`${one}/acme`, `${one}/beta`]);
    expect(await answers(router, 'anything.example', '/acme')).toBe(`${one}/acme`);
  });

  it('may not share a path beside one name for mutual TLS', () => {
    const mtls = { public_url: 'https://mtls.example' };
    expect(() => serve([one, two], { mtls })).toThrow('workspaces[1]: has the same issuer path as workspaces[0]');
    expect(() => serve([`${one}/acme`, two], { mtls })).not.toThrow();
  });

  it('an issuer stands there once', () => {
    expect(() => serve([one, one])).toThrow('workspaces[1]: has the same issuer as workspaces[0]');
  });
});

describe('the host of a request', () => {
  it.each<[string | undefined, string | undefined]>([
    ['A.example', 'a.example'],
    ['a.example:443', 'a.example'],
    ['a.example:8443', 'a.example:8443'],
    ['[::1]:8443', '[::1]:8443'],
    ['', undefined],
    [undefined, undefined],
    ['a b', undefined],
    ['user@a.example', undefined],
    ['a.example:99999', undefined],
    [`${'a'.repeat(300)}.example`, undefined],
  ])('%s is %s', (host, expected) => {
    expect(requestHost({ headers: { host } } as never)).toBe(expected);
    // As node:http2 has it.
    expect(requestHost({ headers: { ':authority': host } } as never)).toBe(expected);
  });
});
