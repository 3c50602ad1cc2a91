import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openStore } from '../../lib/stores/open.js';
import { makeCa } from '../support/pki.js';
import { freePort, RedisProcess } from '../support/redis-process.js';

const directory = mkdtempSync(join(tmpdir(), 'redis-tls-'));
const ca = makeCa();
const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const files = { ca: file('ca.pem', ca.cert), stranger: file('stranger.pem', makeCa().cert) };

/** A server that speaks TLS alone on `port`, and plainly on its own. */
async function secured(san: string, settings: Readonly<Record<string, string>> = {}) {
  const { cert, key } = ca.issue({ subject: 'CN=redis', san: [san], eku: ['serverAuth', 'clientAuth'] });
  const port = await freePort();
  const server = await RedisProcess.start({
    'tls-port': String(port),
    'tls-cert-file': file(`${port}.pem`, cert),
    'tls-key-file': file(`${port}.key`, key),
    'tls-ca-cert-file': files.ca,
    'tls-auth-clients': 'no',
    ...settings,
  });
  return { server, port };
}

type Secured = Awaited<ReturnType<typeof secured>>;

let byAddress: Secured;
let byName: Secured;
let suspicious: Secured;
beforeAll(async () => {
  [byAddress, byName, suspicious] = await Promise.all([
    secured('IP:127.0.0.1'),
    secured('DNS:redis.example'),
    secured('IP:127.0.0.1', { 'tls-auth-clients': 'yes', requirepass: 's3cret' }),
  ]);
});
afterAll(async () => {
  await Promise.all([byAddress, byName, suspicious].map(({ server }) => server.remove()));
  rmSync(directory, { recursive: true });
});

const url = ({ port }: Secured, parameters: Record<string, string>, credentials = '') =>
  `rediss://${credentials}127.0.0.1:${port}?${new URLSearchParams(parameters)}`;

async function works(at: string): Promise<void> {
  const store = await openStore(at);
  try {
    expect(await store.claim('code', 'one', 60)).toEqual({ first: true });
    expect(await store.claim('code', 'two', 60)).toEqual({ first: false, value: 'one' });
    expect(await store.increment('n', 60)).toBe(1);
    for await (const { key } of store.scan('')) await store.delete(key);
    await store.ping();
  } finally {
    await store.close();
  }
}

async function refusal(at: string): Promise<string> {
  const outcome = await openStore(at).catch((error: unknown) => error);
  if (outcome instanceof Error) return outcome.message;
  throw new Error('it was opened');
}

describe('a redis store on TLS', () => {
  it('works where the CA and the name are right', async () => {
    await works(url(byAddress, { ca: files.ca }));
    await works(url(byName, { ca: files.ca, servername: 'redis.example' }));
  });

  it('refuses a server of another CA, and one of none that the system knows', async () => {
    expect(await refusal(url(byAddress, { ca: files.stranger }))).toMatch(
      /^The redis: store cannot connect: .*certificate/,
    );
    expect(await refusal(url(byAddress, {}))).toMatch(/^The redis: store cannot connect: .*certificate/);
  });

  it('refuses a certificate of another name or address', async () => {
    expect(await refusal(url(byName, { ca: files.ca }))).toMatch(/IP: 127\.0\.0\.1 is not in the cert's list/);
    const other = { ca: files.ca, servername: 'other.example' };
    expect(await refusal(url(byName, other))).toMatch(/Host: other\.example\. is not in the cert's altnames/);
    expect(await refusal(url(byAddress, other))).toMatch(/other\.example/);
  });

  it('shows its own certificate, and says what is wrong without one', async () => {
    const own = ca.issue({ subject: 'CN=as' });
    const pair = { cert: file('as.pem', own.cert), key: file('as.key', own.key) };
    await works(url(suspicious, { ca: files.ca, ...pair }, ':s3cret@'));
    const message = await refusal(url(suspicious, { ca: files.ca }, ':s3cret@'));
    expect(message).toMatch(/^The redis: store cannot connect: /);
    expect(message).not.toContain('s3cret');
  });

  it('refuses a server that speaks no TLS, and speaks none to one that does only without being asked', async () => {
    const { server, port } = byAddress;
    expect(await refusal(url({ server, port: server.port }, { ca: files.ca }))).toMatch(/cannot connect: /);
    expect(await refusal(`redis://127.0.0.1:${port}`)).toMatch(/cannot connect: /);
  });

  it('says which file cannot be read', async () => {
    expect(await refusal(url(byAddress, { ca: join(directory, 'absent') }))).toMatch(/^The ca file .* ENOENT/);
  });
});
