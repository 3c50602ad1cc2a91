import { describe, expect, it } from '@jest/globals';
import { httpsOnly } from '../../example-app/https-only.js';
import { exchange } from '../support/http-exchange.js';

const answer = (host: string) =>
  exchange(
    httpsOnly(host, (_request, response) => response.writeHead(200, { 'Cache-Control': 'no-store' }).end('served')),
    { path: '/' },
  );

describe('Strict-Transport-Security', () => {
  it('stands on every answer of a public host, beside what the answer has', async () => {
    const { headers, text } = await answer('as.example.com');
    expect(headers).toMatchObject({ 'strict-transport-security': 'max-age=31536000', 'cache-control': 'no-store' });
    expect(text).toBe('served');
  });

  it.each(['localhost', 'as.localhost', '127.0.0.1', '[::1]'])('never stands on those of %s', async (host) => {
    const { headers, text } = await answer(host);
    expect(headers).not.toHaveProperty('strict-transport-security');
    expect(text).toBe('served');
  });
});
