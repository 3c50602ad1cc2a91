import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { postgresStore } from '../../lib/stores/postgres.js';
import { makeCa } from '../support/pki.js';

const directory = mkdtempSync(join(tmpdir(), 'postgres-tls-'));
const ca = makeCa();
const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const trusted = file('ca.pem', ca.cert);
const stranger = file('stranger.pem', makeCa().cert);

/** The message by which a server ends a connection. */
function fatal(message: string): Buffer {
  const fields = Buffer.from(`SFATAL\0C28000\0M${message}\0\0`);
  const length = Buffer.alloc(4);
  length.writeInt32BE(fields.length + 4);
  return Buffer.concat([Buffer.from('E'), length, fields]);
}

const SSL_REQUEST = 80_877_103;

/** A server that takes connections, with TLS where that is asked for, and tells whoever came so far how. */
async function listen(san: string): Promise<Server> {
  const { cert, key } = ca.issue({ subject: 'CN=db', san: [san] });
  const refuse = (socket: Socket, message: string) => socket.on('error', () => undefined).end(fatal(message));
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (greeting) => {
      if (greeting.readInt32BE(4) !== SSL_REQUEST) return refuse(socket, 'met without TLS');
      socket.write('S');
      const secured = new TLSSocket(socket, { isServer: true, cert, key });
      secured.on('error', () => undefined).once('data', () => refuse(secured, 'met on TLS'));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

let byAddress: Server;
let byName: Server;
beforeAll(async () => {
  [byAddress, byName] = await Promise.all([listen('IP:127.0.0.1'), listen('DNS:db.example')]);
});
afterAll(() => {
  for (const server of [byAddress, byName]) server.close();
  rmSync(directory, { recursive: true });
});

async function told(server: Server, parameters: Record<string, string>): Promise<string> {
  const { port } = server.address() as AddressInfo;
  const url = `postgres://as:hunter2@127.0.0.1:${port}/as?${new URLSearchParams(parameters)}`;
  const outcome = await postgresStore(url).catch((error: unknown) => error);
  if (!(outcome instanceof Error)) throw new Error('it was opened');
  expect(outcome.message).not.toContain('hunter2');
  return outcome.message;
}

describe('sslmode of a postgres store, as docs/stores.md says', () => {
  it.each(['prefer', 'require', 'verify-ca', 'verify-full'])('%s checks the CA and the name', async (sslmode) => {
    expect(await told(byAddress, { sslmode, sslrootcert: trusted })).toContain('met on TLS');
    expect(await told(byAddress, { sslmode, sslrootcert: stranger })).toMatch(/certificate/);
    expect(await told(byAddress, { sslmode })).toMatch(/certificate/);
    expect(await told(byName, { sslmode, sslrootcert: trusted })).toContain("127.0.0.1 is not in the cert's list");
  });

  it('no-verify checks neither', async () => {
    expect(await told(byName, { sslmode: 'no-verify' })).toContain('met on TLS');
  });

  it('without it, and with disable, there is no TLS', async () => {
    expect(await told(byAddress, {})).toContain('met without TLS');
    expect(await told(byAddress, { sslmode: 'disable' })).toContain('met without TLS');
  });

  it('a word that is none is refused, and so is a file that is not there', async () => {
    expect(await told(byAddress, { sslmode: 'requrie' })).toMatch(/^\?sslmode= /);
    expect(await told(byAddress, { sslmode: 'require', sslrootcert: join(directory, 'absent') })).toContain('ENOENT');
  });
});
