import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AppProcess, killAll, Scratch } from '../example-app/run-app.js';
import { type Curl, makeCurl } from '../support/curl.js';
import { ca, clientCertificate, clientPerMethod, newSecret, ownCertificate } from '../support/methods.js';
import { type Certificate, makeCa } from '../support/pki.js';
import { freePort, type RunningProxy, startProxy } from '../support/proxy.js';
import { noteSecret } from '../support/suite-log.js';

const scratch = new Scratch();
const foreign = makeCa({ subject: 'CN=Spec CA' }).issue({ subject: 'CN=tls.example.com,O=Example' });
const secret = newSecret();
let app: AppProcess;
let proxy: RunningProxy;
let curl: Curl;
let port: number;

beforeAll(async () => {
  const directory = scratch.directory();
  port = await freePort();
  const { tls_client_auth, self_signed_tls_client_auth } = clientPerMethod;
  const configuration = {
    public_url: 'https://as.example.com',
    listen: { port },
    tls: false,
    trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }],
    tenants: {
      acme: {
        workspaces: {
          demo: {
            root_cas: [ca.cert],
            scopes: { read: {}, write: {} },
            clients: [
              tls_client_auth,
              self_signed_tls_client_auth,
              { client_id: 'basic', client_secret: secret, grant_types: ['client_credentials'], scope: 'read' },
            ],
          },
        },
      },
    },
  };
  const file = join(directory, 'configuration.json');
  writeFileSync(file, JSON.stringify(configuration));
  app = new AppProcess(['--config', file, '--data-dir', join(directory, 'data')]);
  curl = await makeCurl();
  await app.listening();
  proxy = await startProxy('nginx', port);
}, 60_000);
afterAll(async () => {
  await proxy.stop();
  await killAll();
  await curl.close();
  scratch.remove();
});

async function ask(origin: string, clientId: string, as?: Certificate, more: readonly string[] = []) {
  const form = ['-d', 'grant_type=client_credentials', '-d', `client_id=${clientId}`];
  const shown = as ? await curl.certificate(as) : [];
  const [reply] = await curl.run(...form, ...shown, ...more, `${origin}/acme/demo/oauth2/token`);
  if (reply?.status === 200) noteSecret(String(reply.body.access_token));
  return reply?.status;
}

describe('the example app behind nginx, over plain HTTP', () => {
  it('MTL-03 knows clients by their certificates', async () => {
    expect(await ask(proxy.origin, 'tls-client', clientCertificate)).toBe(200);
    expect(await ask(proxy.origin, 'self-signed-client', ownCertificate)).toBe(200);
    expect(await ask(proxy.origin, 'tls-client', foreign)).toBe(401);
    expect(await ask(proxy.origin, 'self-signed-client', foreign)).toBe(401);
    expect(await ask(proxy.origin, 'basic', undefined, ['-u', `basic:${secret}`])).toBe(200);
  });

  it('MTL-03 takes no header of a client, through the proxy or past it', async () => {
    const forged = ['-H', `X-SSL-Client-Cert: ${encodeURIComponent(clientCertificate.cert)}`];
    expect(await ask(proxy.origin, 'tls-client', undefined, forged)).toBe(401);
    expect(JSON.parse(await app.logged('certificate_missing'))).toMatchObject({ client_id: 'tls-client' });
    // The reply is no JSON: strangers are turned away before OAuth begins.
    const past = ['--interface', '127.0.0.3', '--output', '/dev/null', '--write-out', '{}\n%{http_code} 0\n'];
    expect(await ask(`http://127.0.0.1:${port}`, 'tls-client', undefined, [...past, ...forged])).toBe(403);
  });
});
