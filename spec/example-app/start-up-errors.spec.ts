import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { afterAll, describe, expect, it } from '@jest/globals';
import { DataDirectory } from '../../example-app/data-directory.js';
import { help } from '../../example-app/help.js';
import { keepServerPki } from '../../example-app/pki/server-pki.js';
import { freePort } from '../support/demo-site.js';
import { passwordlessConfiguration } from '../support/passwordless-configuration.js';
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
      'lets clients register scopes that are none',
      configuration({ registration: { enabled: true, scopes: ['fly'] } }),
      'tenants.acme.workspaces.demo.registration.scopes[0]: is not one of `scopes`',
    ],
    [
      'has what its profile forbids',
      configuration({ profile: 'fapi2', pkce: 'public-clients' }),
      'tenants.acme.workspaces.demo.pkce: must be required (FAPI 2.0 5.3.2.2): profile fapi2',
    ],
    [
      'has a client that its profile forbids',
      configuration({
        profile: 'fapi2',
        clients: [{ client_id: 'a', client_secret: 'x'.repeat(32), grant_types: ['client_credentials'] }],
      }),
      'tenants.acme.workspaces.demo.clients[0].token_endpoint_auth_method: must be private_key_jwt',
    ],
    [
      'has a role with a scope that there is not',
      configuration({ app_roles: { Reader: ['erase'] } }),
      'tenants.acme.workspaces.demo.app_roles.Reader[0]: is not one of `scopes`',
    ],
    [
      'has an anchor that is none',
      configuration({ root_cas: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'] }),
      'tenants.acme.workspaces.demo.root_cas[0]',
    ],
    [
      'has a revocation list that is not there',
      configuration({ revocation: { crl: { mode: 'prefer', files: ['no-such.crl'] } } }),
      'tenants.acme.workspaces.demo.revocation.crl.files[0]: cannot be used: ENOENT',
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
    const stderr = await failure(['--prot', '1']);
    expect(stderr).toMatch(/^Unknown option '--prot'\. All flags: --help$/m);
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

describe('--help', () => {
  it('tells flags, environment and defaults, starts nothing, and is no failure', async () => {
    const directory = join(scratch.directory(), 'data');
    const { code, stdout, stderr } = await new AppProcess(['--data-dir', directory, '--prot', '--help']).ended();
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: help });
    expect(existsSync(directory)).toBe(false);
  });
});

describe('a configuration of one’s own', () => {
  it('has no mail within reach of others unless it says so: the pages and the log tell, and nobody can log in', async () => {
    const port = await freePort();
    const file = writeConfiguration({
      ...passwordlessConfiguration(`https://localhost:${port}`, ['somebody']),
      mail: undefined,
    });
    const args = ['--config', file, '--data-dir', scratch.directory(), '--port', String(port), '--host', '0.0.0.0'];
    const app = new AppProcess(args);
    const url = await app.listening();
    expect(app.stdout).toContain('\nMail\n  none: login by mail is off\n');
    expect(JSON.parse(await app.logged('mail_not_set_up'))).toMatchObject({
      level: 'warn',
      event: 'warning',
      detail: {
        effect: expect.stringMatching(/^Login by mail is off\. There is no outbox/),
        fix: expect.stringContaining('smtp://'),
      },
    });
    for (const path of ['/sign-in', '/sign-in/link?extended_code=YTpi', '/sign-in/code']) {
      const { stdout } = await shell(`curl -sk -w '%{http_code}' -H 'Accept: text/html' '${url}${path}'`);
      expect(stdout).toContain('<h1>Mail is not set up</h1>');
      expect(stdout).toMatch(/503$/);
    }
    const status = (path: string) => shell(`curl -sk -o /dev/null -w '%{http_code}' ${url}${path}`);
    expect((await status('/outbox')).stdout).toBe('404');
    expect((await status('/acme/demo/login')).stdout).toBe('404');
    await app.kill('SIGTERM');
  }, 30_000);

  it('has an outbox without being asked on this machine alone, and with a warning elsewhere', async () => {
    const data = ['--data-dir', scratch.directory()];
    const run = async (mail: string | undefined, ...more: string[]) => {
      const app = new AppProcess(['--config', writeConfiguration(configuration({}, { mail })), ...data, ...more]);
      await app.listening();
      return app;
    };
    const outbox = async (app: AppProcess) => {
      const port = /:(\d+)$/m.exec((await app.listening()).trim())?.[1];
      return (await shell(`curl -sk -H 'Accept: application/json' https://localhost:${port}/outbox`)).stdout;
    };
    const local = await run(undefined);
    expect(await outbox(local)).toBe('[]');
    await local.kill('SIGTERM');
    const silent = await run(undefined, '--host', '0.0.0.0');
    expect(await outbox(silent)).toContain('not_found');
    await silent.kill('SIGTERM');
    const asked = await run('outbox:', '--host', '0.0.0.0');
    expect(await outbox(asked)).toBe('[]');
    expect(await asked.logged('outbox_within_reach')).toContain('the server listens on 0.0.0.0');
    await asked.kill('SIGTERM');
  }, 30_000);

  it('has a store of its own, and a written one where it is written', async () => {
    const directory = scratch.directory();
    const run = async (...more: string[]) => {
      const file = writeConfiguration({ ...configuration(), store: undefined });
      const app = new AppProcess(['--config', file, '--data-dir', directory, ...more]);
      await app.listening();
      await app.kill('SIGTERM');
      return /^Store\n {2}lmdb:(.*)$/m.exec(app.stdout)?.[1] ?? '';
    };
    const [one, other] = [await run(), await run()];
    expect(one).toMatch(new RegExp(`^${directory}/store-as-[\\da-f]{8}$`));
    expect(other).not.toBe(one);
    for (const place of [one, other]) expect(existsSync(join(place, 'data.mdb'))).toBe(true);
    const written = join(scratch.directory(), 'elsewhere');
    expect(await run('--store', `lmdb:${written}`)).toBe(written);
  }, 30_000);

  it('is warned of what can hardly be meant, a line of the log each', async () => {
    const content = configuration({
      token_endpoint_auth_methods: ['client_secret_post', 'tls_client_auth'],
      clients: [
        client,
        {
          client_id: 'machine',
          token_endpoint_auth_method: 'tls_client_auth',
          tls_client_auth_san_dns: 'machine.example.com',
          grant_types: ['client_credentials'],
          scope: 'read write',
        },
      ],
    });
    const app = new AppProcess(['--config', writeConfiguration(content), '--data-dir', scratch.directory()]);
    await app.listening();
    const seen = { level: 'warn', event: 'warning', tenant: 'acme', workspace: 'demo' };
    for (const [name, detail] of [
      ['client_method_not_enabled', { client_id: 'service', method: 'client_secret_basic' }],
      ['client_without_authorities', { client_id: 'machine' }],
      ['client_scope_unknown', { client_id: 'machine', unknown: ['write'] }],
    ] as const) {
      expect(JSON.parse(await app.logged(name))).toMatchObject({ ...seen, name, detail });
    }
    expect(app.stderr).not.toContain(client.client_secret);
    await app.kill('SIGTERM');
  }, 30_000);

  it('runs with its own certificate, shows no secret, and serves no sign-in in production', async () => {
    const pki = await keepServerPki(await DataDirectory.open(scratch.directory()));
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
    const { port } = new URL(url);
    const connection = tlsConnect({ port: Number(port), host: '127.0.0.1', rejectUnauthorized: false });
    const [begin, rest] = ['grant_type=client_', 'credentials'];
    connection.write(
      [
        'POST /acme/demo/oauth2/token HTTP/1.1',
        'Host: localhost',
        `Authorization: Basic ${Buffer.from('demo-basic:x').toString('base64')}`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${begin.length + rest.length}`,
        // The server says so when it has the request in hand.
        'Expect: 100-continue',
        '',
        begin,
      ].join('\r\n'),
    );
    const [interim] = await once(connection, 'data');
    expect(String(interim)).toMatch(/^HTTP\/1\.1 100 /);
    const ended = app.kill('SIGTERM');
    while (await accepts(Number(port))) await new Promise((resolve) => setTimeout(resolve, 20));
    connection.write(rest);
    const [answer] = await once(connection, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 401 /);
    connection.destroy();
    expect((await ended).code).toBe(0);
  });
});

/** Whether somebody listens at a port of this machine. */
async function accepts(port: number): Promise<boolean> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
