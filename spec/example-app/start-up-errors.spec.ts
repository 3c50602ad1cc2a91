import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { DataDirectory } from '../../example-app/data-directory.js';
import { keepServerPki } from '../../example-app/pki/server-pki.js';
import { AppProcess, killAll, Scratch, shell } from './run-app.js';

const scratch = new Scratch();
afterAll(async () => {
  await killAll();
  scratch.remove();
});

const client = {
  client_id: 'service',
  client_secret: 'only-the-operator-knows-this',
  grant_types: ['client_credentials'],
  scope: 'read',
};

function configuration(workspace: Record<string, unknown> = {}, top: Record<string, unknown> = {}) {
  return {
    listen: { port: 0 },
    store: 'memory:',
    ...top,
    tenants: { acme: { workspaces: { demo: { scopes: { read: {} }, clients: [client], ...workspace } } } },
  };
}

function writeConfiguration(content: unknown): string {
  const file = join(scratch.directory(), 'as.json');
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Every file below a directory, with its content. */
function snapshot(directory: string): Record<string, string> {
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, `${statSync(path).mtimeMs} ${readFileSync(path, 'base64')}`];
    }),
  );
}

async function failure(args: readonly string[], environment: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await new AppProcess(args, environment).ended();
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).not.toMatch(/\n\s+at /);
  return stderr;
}

describe('start-up errors', () => {
  it.each<[string, unknown, string]>([
    ['is no JSON', '{', 'is not JSON'],
    ['has an unknown member', configuration({ colour: 1 }), 'tenants.acme.workspaces.demo.colour: '],
    [
      'has an unbuilt member',
      configuration({ profile: 'fapi2' }),
      'tenants.acme.workspaces.demo.profile: is not part of this version',
    ],
    [
      'has an unbuilt grant',
      configuration({ grant_types: ['tls_client_auth'] }),
      'tenants.acme.workspaces.demo.grant_types[0]: is not part',
    ],
    [
      'has an anchor that is none',
      configuration({ root_cas: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'] }),
      'tenants.acme.workspaces.demo.root_cas[0]',
    ],
    [
      'has a proxy network that is none',
      configuration({}, { trusted_proxies: [{ cidr: 'nowhere', client_certificate: 'nginx' }] }),
      'trusted_proxies[0]',
    ],
    [
      'has an outbound host that is none',
      configuration({}, { outbound: { allow_private_hosts: ['nowhere'] } }),
      'outbound.allow_private_hosts[0]: ',
    ],
    [
      'has an outbound authority that is none',
      configuration({}, { outbound: { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' } }),
      'outbound.ca',
    ],
    [
      'has a certificate that is none',
      configuration({}, { tls: { cert: '-----BEGIN x', key: '-----BEGIN y' } }),
      'tls: the certificate and key cannot be used together',
    ],
  ])('tells the path when the configuration %s', async (_what, content, message) => {
    const directory = join(scratch.directory(), 'data');
    const stderr = await failure(['--config', writeConfiguration(content), '--data-dir', directory]);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(client.client_secret);
  });

  it('tells an unknown flag, and a configuration that is not there', async () => {
    expect(await failure(['--prot', '1'])).toContain('--prot');
    expect(await failure([], { CONFIG: '/no/such.json' })).toContain('/no/such.json');
  });

  it('refuses a memory store in production', async () => {
    const args = ['--config', writeConfiguration(configuration()), '--data-dir', scratch.directory()];
    expect(await failure(args, { NODE_ENV: 'production' })).toMatch(/^store: .*production/m);
  });

  it('tells that a port is in use', async () => {
    const taken = createServer();
    const port = await new Promise<number>((resolve) => {
      taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port));
    });
    const stderr = await failure(['--port', String(port), '--data-dir', scratch.directory()]);
    expect(stderr).toContain(`listen: 127.0.0.1:${port}: the port is in use; choose another one with --port`);
    await new Promise((resolve) => taken.close(resolve));
  });

  it.each(['secret_keys.json', 'clients/secrets.json', 'pki/ca.crt', 'pki/client.key', 'store/data.mdb'])(
    'leaves a data directory with a damaged %s as it was',
    async (name) => {
      const directory = scratch.directory();
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), 'damaged by something '.repeat(500));
      const before = snapshot(directory)[join(directory, name)];
      const stderr = await failure(['--port', '0', '--data-dir', directory]);
      expect(stderr).toContain(join(directory, name));
      expect(snapshot(directory)[join(directory, name)]).toBe(before);
    },
  );

  it('tells that the store was written under another secret key', async () => {
    const directory = scratch.directory();
    const args = ['--port', '0', '--data-dir', directory];
    const first = new AppProcess(args);
    await first.listening();
    await first.kill('SIGTERM');
    writeFileSync(join(directory, 'secret_keys.json'), JSON.stringify([Buffer.alloc(32, 1).toString('base64')]));
    expect(await failure(args)).toMatch(/^The store cannot be used: .*secret_keys/m);
  });

  it('writes nothing into a read-only data directory', async () => {
    const directory = scratch.directory();
    chmodSync(directory, 0o500);
    expect(await failure(['--port', '0', '--data-dir', directory])).toContain(directory);
    expect(readdirSync(directory)).toEqual([]);
    chmodSync(directory, 0o700);
  });
});

describe('a configuration of one’s own', () => {
  it('runs with its own certificate, shows no secret, and serves no sign-in in production', async () => {
    const pki = await keepServerPki(await DataDirectory.open(scratch.directory()), undefined);
    const file = writeConfiguration({
      tenants: {
        acme: {
          pools: { staff: { users: [{ id: 'u1', username: 'johndoe' }] } },
          workspaces: {
            demo: {
              pool: 'staff',
              scopes: { read: {} },
              clients: [
                client,
                {
                  client_id: 'app',
                  token_endpoint_auth_method: 'client_secret_post',
                  client_secret: 'another-secret-of-the-app',
                  redirect_uris: ['https://app.example.com/cb'],
                },
              ],
              pkce: 'public-clients',
            },
          },
        },
      },
      tls: { cert: 'server.crt', key: 'server.key' },
      secret_keys: [Buffer.alloc(32, 7).toString('base64')],
      store: 'lmdb:./data',
      listen: { port: 0 },
    });
    const home = dirname(file);
    writeFileSync(join(home, 'server.crt'), pki.cert);
    writeFileSync(join(home, 'server.key'), pki.key);
    const untouched = join(home, 'unused');
    const app = new AppProcess(['--config', file, '--data-dir', untouched], { NODE_ENV: 'production' });
    const url = await app.listening();
    expect(app.stdout).toContain(`${url}/acme/demo/.well-known/openid-configuration`);
    expect(app.stdout).not.toMatch(/curl|secret/);
    expect(readdirSync(home).sort()).toEqual(['as.json', 'data', 'server.crt', 'server.key']);

    const curl = `curl -sS --cacert ${pki.authorityPath}`;
    const token = `${curl} -u service:${client.client_secret} -d grant_type=client_credentials ${url}/acme/demo/oauth2/token`;
    expect(JSON.parse((await shell(token)).stdout)).toMatchObject({ token_type: 'Bearer', scope: 'read' });
    const status = `${curl} -o /dev/null -w '%{http_code} %{redirect_url}'`;
    const query = 'response_type=code&client_id=app&redirect_uri=https://app.example.com/cb';
    const authorize = await shell(`${status} '${url}/acme/demo/oauth2/authorize?${query}'`);
    expect(authorize.stdout).not.toContain('/login');
    expect(JSON.parse(await app.logged('sign_in_unavailable'))).toMatchObject({
      event: 'authorize',
      outcome: 'failure',
    });
    expect((await shell(`${status} '${url}/acme/demo/login'`)).stdout).toBe('404 ');
    expect((await app.kill('SIGTERM')).code).toBe(0);
  });

  it('answers a request in hand before it ends', async () => {
    const app = new AppProcess(['--port', '0', '--data-dir', scratch.directory()]);
    const url = await app.listening();
    const slow = shell(
      `(printf 'grant_type=client_'; sleep 1; printf 'credentials') | curl -skS -T - -X POST -H 'Expect:' -H 'Content-Type: application/x-www-form-urlencoded' -u demo-basic:x -o /dev/null -w '%{http_code}' ${url}/acme/demo/oauth2/token`,
    );
    await new Promise((resolve) => setTimeout(resolve, 400));
    const ended = app.kill('SIGTERM');
    expect((await slow).stdout).toBe('401');
    expect((await ended).code).toBe(0);
  });
});
