import { describe, expect, it } from '@jest/globals';
import { onlyBehind } from '../../example-app/behind-proxy.js';
import { exchange } from '../support/http-exchange.js';

const answer = onlyBehind(['127.0.0.0/8', '::1'], (_request, response) => response.end('served'));
const refuse = onlyBehind(['10.0.0.1/32'], (_request, response) => response.end('served'));

describe('plain HTTP behind a proxy', () => {
  it('serves the proxy', async () => {
    expect((await exchange(answer, { path: '/acme/demo/oauth2/token' })).text).toBe('served');
  });

  it('refuses everybody else, but tells whether the process lives', async () => {
    expect((await exchange(refuse, { path: '/acme/demo/oauth2/token' })).status).toBe(403);
    expect((await exchange(refuse, { path: '/healthz' })).text).toBe('served');
    expect((await exchange(refuse, { path: '/readyz' })).text).toBe('served');
    expect((await exchange(refuse, { path: '/healthz/../acme' })).status).toBe(403);
  });
});
