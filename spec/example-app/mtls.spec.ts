import { readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Certificate, selfSigned } from '../support/pki.js';
import { AppProcess, killAll, Scratch } from './run-app.js';

const scratch = new Scratch();
const own = selfSigned({ subject: 'CN=service' });

let app: AppProcess;
let directory: string;
let usual: string;
let ca: string;
let port: number;
beforeAll(async () => {
  directory = scratch.directory();
  port = await freePort();
  app = new AppProcess(['--config', configuration(port), '--data-dir', directory]);
  usual = await app.listening();
  ca = readFileSync(join(directory, 'pki/ca.crt'), 'utf8');
}, 30_000);
afterAll(async () => {
  await killAll();
  scratch.remove();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

/** The path of a file in which only the second name asks for certificates. */
function configuration(mtlsPort: number): string {
  const file = join(scratch.directory(), 'as.json');
  const client = {
    client_id: 'service',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    certificate: own.cert,
    grant_types: ['client_credentials'],
  };
  const content = {
    listen: { port: 0, client_certificates: false },
    mtls: { public_url: `https://mtls.localhost:${mtlsPort}`, listen: { port: mtlsPort } },
    store: 'memory:',
    tenants: { acme: { workspaces: { demo: { clients: [client] } } } },
  };
  writeFileSync(file, JSON.stringify(content));
  return file;
}

/** A request at the port of a name, which need not be known to this machine's resolver. */
function ask(name: string, path: string, as?: Certificate, form?: Record<string, string>) {
  const { hostname: servername, port: at } = new URL(name);
  const body = form && new URLSearchParams(form).toString();
  return new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        servername,
        port: at,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: { host: new URL(name).host, ...(body && { 'content-type': 'application/x-www-form-urlencoded' }) },
        agent: new Agent({ ca, ...(as && { cert: as.cert, key: as.key }) }),
      },
      async (response) => {
        let text = '';
        for await (const chunk of response) text += chunk;
        resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('a second name for client certificates', () => {
  it('MET-07 MTL-07 stands in the banner and in the metadata, and serves what they say', async () => {
    const second = `https://mtls.localhost:${port}`;
    expect(app.stdout).toContain(`\nThe same for clients with certificates\n  ${second}\n`);
    const { body } = await ask(usual, '/acme/demo/.well-known/openid-configuration');
    expect(body.issuer).toBe(`${usual}/acme/demo`);
    expect(body.mtls_endpoint_aliases).toMatchObject({ token_endpoint: `${second}/acme/demo/oauth2/token` });
    const form = { grant_type: 'client_credentials', client_id: 'service' };
    const token = await ask(second, '/acme/demo/oauth2/token', own, form);
    expect([token.status, token.body.token_type]).toEqual([200, 'Bearer']);
    const other = await ask(second, '/acme/demo/oauth2/token', selfSigned({ subject: 'CN=service' }), form);
    expect([other.status, other.body.error]).toEqual([401, 'invalid_client']);
    expect(JSON.parse(await app.logged('certificate_not_registered'))).toMatchObject({ client_id: 'service' });
  });

  it('MTL-02 the first name asks nobody, where the file says so', async () => {
    const form = { grant_type: 'client_credentials', client_id: 'service' };
    const { status, body } = await ask(usual, '/acme/demo/oauth2/token', own, form);
    expect([status, body.error]).toEqual([401, 'invalid_client']);
    expect(JSON.parse(await app.logged('certificate_missing'))).toMatchObject({ client_id: 'service' });
  });

  it('MTL-06 a connection keeps its certificate: no renegotiation at either name', async () => {
    for (const name of [usual, `https://mtls.localhost:${port}`]) {
      const { hostname: servername, port: at } = new URL(name);
      const shown = { cert: own.cert, key: own.key };
      const socket = connect({ host: '127.0.0.1', port: Number(at), servername, ca, maxVersion: 'TLSv1.2', ...shown });
      const failure = await new Promise<Error | null>((resolve) => {
        socket.on('error', resolve);
        socket.on('secureConnect', () => socket.renegotiate({}, resolve));
      });
      socket.destroy();
      expect(failure?.message).toContain('no renegotiation');
    }
  });

  it('a port that is taken is named, and the first is let go of', async () => {
    const { code, stdout, stderr } = await new AppProcess([
      '--config',
      configuration(port),
      '--data-dir',
      directory,
    ]).ended();
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(`mtls.listen: 127.0.0.1:${port}: the port is in use; choose another one in the file`);
  });

  it('ends with the first', async () => {
    expect((await app.kill('SIGTERM')).code).toBe(0);
    await expect(ask(`https://mtls.localhost:${port}`, '/healthz')).rejects.toThrow('ECONNREFUSED');
  });
});
