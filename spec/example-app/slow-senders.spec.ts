import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Listener } from '../../example-app/listener.js';
import { specServer } from '../support/spec-server.js';

let listener: Listener;
beforeAll(async () => {
  listener = await Listener.open({ host: '127.0.0.1', port: 0, tls: false, clientCertificates: false, name: 'listen' });
  listener.serve(specServer().router);
});
afterAll(() => listener.drain());

/** What came back until the connection was closed, and after how many seconds. */
function sending(octets: string): Promise<{ answer: string; seconds: number }> {
  const begin = performance.now();
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(listener.port, '127.0.0.1', () => socket.write(octets));
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve({ answer, seconds: (performance.now() - begin) / 1000 }));
  });
}

const head = 'POST /oauth2/token HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n';

describe('who sends slowly', () => {
  it('is let go: within 10 s without the end of the headers, within 15 s without the end of the body', async () => {
    const [headers, body, prompt] = await Promise.all([
      sending(head),
      sending(`${head}Content-Length: 50\r\n\r\ngrant_type=`),
      sending(`${head}Connection: close\r\nContent-Length: 10\r\n\r\nscope=read`),
    ]);
    expect(headers.answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(body.answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    // Node looks every two seconds; the rest is for a loaded machine.
    expect(headers.seconds).toBeLessThan(20);
    expect(body.seconds).toBeLessThan(25);
    expect(prompt.answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(prompt.seconds).toBeLessThan(9);
  }, 40_000);

  it('headers of more than 32 kB are refused, those of a chain of certificates are not', async () => {
    const padded = (octets: number) =>
      sending(`${head}Connection: close\r\nContent-Length: 0\r\nX-A: ${'a'.repeat(octets)}\r\n\r\n`);
    expect((await padded(40_000)).answer).toMatch(/^HTTP\/1\.1 431 /);
    expect((await padded(24_000)).answer).toMatch(/^HTTP\/1\.1 401 /);
  });
});
