import { once } from 'node:events';
import { Agent, createServer, request, type Server } from 'node:https';
import { type AddressInfo, connect as connectPlain, createServer as createPlainServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { certificateFromSocket } from '../../lib/certificates/certificate-source.js';
import type { ClientCertificate } from '../../lib/certificates/client-certificate.js';
import { type Certificate, makeCa, selfSigned } from '../support/pki.js';

const ca = makeCa();
const serverCertificate = ca.issue({ subject: 'CN=localhost', san: ['DNS:localhost', 'IP:127.0.0.1'] });
const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true });

let server: Server;
let port: number;
const seen: { certificate: ClientCertificate | undefined; reused: boolean; socket: TLSSocket }[] = [];

beforeAll(async () => {
  const { cert, key } = serverCertificate;
  server = createServer({ cert, key, requestCert: true, rejectUnauthorized: false }, (incoming, reply) => {
    const socket = incoming.socket as TLSSocket;
    seen.push({ certificate: certificateFromSocket(socket), reused: socket.isSessionReused(), socket });
    reply.end('ok');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** One request on a connection of its own; gives what the server saw, and the session for the next one. */
async function exchange(
  options: ConnectionOptions,
): Promise<{ session: Buffer | undefined; last: (typeof seen)[number] }> {
  const socket = connect({ host: '127.0.0.1', port, ca: ca.cert, ...options });
  let session: Buffer | undefined;
  socket.on('session', (value: Buffer) => {
    session = value;
  });
  await once(socket, 'secureConnect');
  socket.end('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
  socket.resume();
  await once(socket, 'close');
  return { session, last: seen.at(-1)! };
}

function client(...chain: [Certificate, ...Certificate[]]): ConnectionOptions {
  return { cert: chain.map(({ cert }) => cert).join(''), key: chain[0].key };
}

describe('certificateFromSocket', () => {
  it('MTL-02 gives leaf and intermediates as presented, and nothing to a client without one', async () => {
    const leaf = intermediate.issue({ subject: 'CN=one' });
    const { last } = await exchange(client(leaf, intermediate));
    expect(last.certificate?.der).toEqual(leaf.der);
    expect(last.certificate?.chain).toEqual([intermediate.der]);
    expect(last.certificate?.proxyVerdict).toBeUndefined();
    expect((await exchange({})).last.certificate).toBeUndefined();
  });

  it('MTL-02 a self-signed certificate has no chain, even an expired one comes through', async () => {
    const leaf = selfSigned({ notBefore: new Date(Date.now() - 2e8), notAfter: new Date(Date.now() - 1e8) });
    const { last } = await exchange(client(leaf));
    expect([last.certificate?.der, last.certificate?.chain]).toEqual([leaf.der, []]);
  });

  it('a root that was sent along ends the chain', async () => {
    const leaf = intermediate.issue({ subject: 'CN=with root' });
    const { last } = await exchange(client(leaf, intermediate, ca));
    expect(last.certificate?.chain).toEqual([intermediate.der, ca.der]);
  });

  it.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])(
    'MTL-06 a resumed %s session has the same leaf and chain',
    async (version) => {
      const leaf = intermediate.issue({ subject: `CN=${version}` });
      const options = { ...client(leaf, intermediate), minVersion: version, maxVersion: version };
      const first = await exchange(options);
      const second = await exchange({ ...options, ...(first.session && { session: first.session }) });
      expect([first.last.reused, second.last.reused]).toEqual([false, true]);
      expect(second.last.socket).not.toBe(first.last.socket);
      expect(second.last.certificate?.digest).toBe(first.last.certificate?.digest);
      expect(second.last.certificate?.chain).toEqual([intermediate.der]);
    },
  );

  it('MTL-06 a full handshake without intermediates is not given any', async () => {
    const leaf = intermediate.issue({ subject: 'CN=both' });
    expect((await exchange(client(leaf, intermediate))).last.certificate?.chain).toHaveLength(1);
    expect((await exchange(client(leaf))).last.certificate?.chain).toEqual([]);
  });

  it('a second request on the connection gets the very same value', async () => {
    const leaf = intermediate.issue({ subject: 'CN=keep-alive' });
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca.cert, ...client(leaf, intermediate) });
    for (let round = 0; round < 2; round++) {
      const outgoing = request({ host: '127.0.0.1', port, agent }).end();
      const [reply] = await once(outgoing, 'response');
      reply.resume();
      await once(reply, 'end');
    }
    agent.destroy();
    const [first, second] = seen.slice(-2);
    expect(first?.socket).toBe(second?.socket);
    expect(first?.certificate?.chain).toEqual([intermediate.der]);
    expect(second?.certificate).toBe(first?.certificate);
  });

  it('a plain connection has none', async () => {
    const plain = createPlainServer().listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const outgoing = connectPlain((plain.address() as AddressInfo).port, '127.0.0.1');
    const [incoming] = (await once(plain, 'connection')) as [Socket];
    expect(certificateFromSocket(incoming)).toBeUndefined();
    outgoing.destroy();
    incoming.destroy();
    plain.close();
  });
});
