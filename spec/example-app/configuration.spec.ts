import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makeConfiguration, readConfiguration } from '../../example-app/configuration/configuration.js';
import { DataDirectory } from '../../example-app/data-directory.js';
import { keepServerPki } from '../../example-app/pki/server-pki.js';
import { StartUpError } from '../../example-app/start-up-error.js';
import { Scratch } from './run-app.js';

const scratch = new Scratch();
afterEach(() => scratch.remove());

const client = {
  client_id: 'c',
  client_secret: 'a-secret-of-some-length',
  grant_types: ['client_credentials'],
  scope: 'read',
};
const user = { id: 'u1', username: 'johndoe' };

function tree() {
  return {
    tenants: {
      acme: {
        pools: { staff: { users: [user] as Record<string, unknown>[] } },
        workspaces: {
          demo: { pool: 'staff', scopes: { read: {} }, clients: [client] } as Record<string, unknown>,
        },
      },
    },
  } as Record<string, unknown> & { tenants: { acme: { workspaces: { demo: Record<string, unknown> } } } };
}

/** A configuration with some members of its own, and some of its workspace. */
function written(top: Record<string, unknown>, workspace: Record<string, unknown> = {}): unknown {
  const base = tree();
  Object.assign(base.tenants.acme.workspaces.demo, workspace);
  return { ...base, ...top };
}

describe('configuration', () => {
  it('fills in the defaults of the listener and leaves those of workspaces to the library', () => {
    const configuration = makeConfiguration(tree(), '/');
    expect(configuration).toMatchObject({
      publicUrl: undefined,
      host: '127.0.0.1',
      port: 8443,
      tls: undefined,
      store: undefined,
    });
    expect(configuration.workspaces[0]).toMatchObject({
      tenant: 'acme',
      workspace: 'demo',
      clients: [client],
      policy: { scopes: { read: {} } },
    });
    expect(configuration.workspaces[0]?.pool?.users.get('u1')).toEqual({ ...user, status: 'active' });
  });

  it('gives clock_tolerance to workspaces that do not say their own', () => {
    const [inherited] = makeConfiguration(written({ clock_tolerance: 30 }), '/').workspaces;
    const [own] = makeConfiguration(written({ clock_tolerance: 30 }, { clock_tolerance: 0 }), '/').workspaces;
    expect([inherited?.policy.clock_tolerance, own?.policy.clock_tolerance]).toEqual([30, 0]);
  });

  it('reads files relative to itself', async () => {
    const directory = scratch.directory();
    mkdirSync(join(directory, 'certs'));
    const { authority } = await keepServerPki(await DataDirectory.open(scratch.directory()), undefined);
    const pem = authority.certificate;
    writeFileSync(join(directory, 'certs/a.pem'), pem);
    const file = join(directory, 'as.json');
    writeFileSync(
      file,
      JSON.stringify(
        written(
          { tls: { cert: 'certs/a.pem', key: 'certs/a.pem' }, outbound: { ca: 'certs/a.pem' }, store: 'lmdb:./data' },
          { root_cas: ['certs/a.pem', pem] },
        ),
      ),
    );
    const configuration = readConfiguration(file);
    expect(configuration).toMatchObject({
      tls: { cert: pem, key: pem },
      outbound: { ca: pem },
      store: `lmdb:${join(directory, 'data')}`,
      workspaces: [{ policy: { root_cas: [pem, pem] } }],
    });
  });

  it.each<[string, unknown, string]>([
    ['an unknown member', written({ colour: 'red' }), 'colour: is not a known member'],
    ['an unknown member of a workspace', written({}, { pkse: 'required' }), 'tenants.acme.workspaces.demo.pkse: '],
    [
      'an unknown member of a client',
      written({}, { clients: [client, { ...client, client_id: 'd', jwk: {} }] }),
      'tenants.acme.workspaces.demo.clients[1].jwk: ',
    ],
    [
      'a client without what its method needs',
      written(
        {},
        { clients: [{ ...client, client_secret: undefined, token_endpoint_auth_method: 'private_key_jwt' }] },
      ),
      'tenants.acme.workspaces.demo.clients[0].jwks: ',
    ],
    [
      'a client_id twice',
      written({}, { clients: [client, client] }),
      'tenants.acme.workspaces.demo.clients[1].client_id: is taken',
    ],
    ['a pool that is not there', written({}, { pool: 'guests' }), 'tenants.acme.workspaces.demo.pool: '],
    [
      'a file that is not there',
      written({}, { root_cas: ['no-such.crt'] }),
      'tenants.acme.workspaces.demo.root_cas[0]: cannot be read',
    ],
    ['a key file that is not there', written({ tls: { cert: 'x.crt', key: 'x.key' } }), 'tls.key: cannot be read'],
    ['half a tls member', written({ tls: { cert: '-----BEGIN' } }), 'tls: must be false, or an object'],
    ['plain HTTP without a proxy', written({ tls: false }), 'tls: false is for a server behind a proxy'],
    ['a public URL with a slash at its end', written({ public_url: 'https://as.example.com/' }), 'public_url: '],
    ['a public URL without TLS', written({ public_url: 'http://as.example.com' }), 'public_url: must be an https URL'],
    ['a port that is none', written({ listen: { port: 70_000 } }), 'listen.port: '],
    ['a short secret key', written({ secret_keys: ['c2hvcnQ='] }), 'secret_keys[0]: '],
    ['a clock that is far off', written({ clock_tolerance: 61 }), 'clock_tolerance: '],
    ['a name with a slash', { tenants: { 'a/b': { workspaces: {} } } }, 'tenants.a/b: '],
    ['a name that is a directory', { tenants: { '..': { workspaces: {} } } }, 'tenants...: '],
    [
      'a name of our own',
      { tenants: { api: { workspaces: { hello: {} } } } },
      'tenants.api: is a name the server needs',
    ],
    ['no workspace', { tenants: { acme: { workspaces: {} } } }, 'tenants: must hold at least one workspace'],
    ['nothing', {}, 'tenants: '],
    [
      'a user twice',
      { tenants: { acme: { pools: { staff: { users: [user, user] } }, workspaces: { demo: {} } } } },
      'tenants.acme.pools.staff.users[1].username: is taken',
    ],
  ])('refuses %s, naming the path', (_what, input, message) => {
    const make = () => makeConfiguration(input, scratch.directory());
    expect(make).toThrow(StartUpError);
    expect(make).toThrow(message);
  });

  it.each<[string, unknown, string]>([
    ['redis', written({ store: 'redis://h' }), 'store: the redis: store is not part of this version'],
    [
      'a second name for certificates',
      written({ mtls: { public_url: 'https://m.example.com', listen: { port: 9443 } } }),
      'mtls: is not part of this version',
    ],
    ...['envoy-xfcc', 'traefik', 'alb'].map((preset): [string, unknown, string] => [
      preset,
      written({ trusted_proxies: [{ cidr: '10.0.0.0/8', client_certificate: preset }] }),
      `trusted_proxies[0].client_certificate: ${preset} is not part of this version`,
    ]),
    ...['tls_client_auth'].map((grant): [string, unknown, string] => [
      `the grant ${grant}`,
      written({}, { clients: [{ ...client, grant_types: ['client_credentials', grant] }] }),
      `tenants.acme.workspaces.demo.clients[0].grant_types[1]: ${grant} is not part of this version`,
    ]),
  ])('refuses %s as not built yet', (_what, input, message) => {
    expect(() => makeConfiguration(input, '/')).toThrow(message);
  });

  it('takes the URL of a mail server, and of nothing else', () => {
    expect(makeConfiguration(written({ mail: 'smtp://u:p@h:25' }), '/').mail).toBe('smtp://u:p@h:25');
    expect(makeConfiguration(written({}), '/').mail).toBe('outbox:');
    for (const mail of ['smtp:', 'http://h', 'outbox']) {
      const make = () => makeConfiguration(written({ mail }), '/');
      expect(make).toThrow('mail: must be outbox: or smtp://user:pass@host:port');
    }
  });

  it('accepts members whose features wait, as long as they switch nothing on', () => {
    const input = written(
      { rate_limits: { enabled: true }, admin_tokens: ['t'], mail: 'outbox:' },
      {
        profile: 'default',
        cors_origins: [],
        refresh_grace_seconds: 5,
        revocation: { crl: { mode: 'off', files: [], urls: [] }, ocsp: { mode: 'off' } },
        registration: { enabled: false, initial_access_tokens: [] },
        grant_types: ['client_credentials', 'refresh_token'],
      },
    );
    expect(makeConfiguration(input, '/').workspaces).toHaveLength(1);
  });

  it('tells where a file stops being JSON, without repeating it', () => {
    const file = join(scratch.directory(), 'as.json');
    writeFileSync(file, '{\n  "admin_tokens": ["hunter2"],\n  // comment\n}');
    expect(() => readConfiguration(file)).toThrow(`${file} is not JSON`);
    expect(() => readConfiguration(file)).not.toThrow(/hunter2/);
    expect(() => readConfiguration(`${file}.not`)).toThrow(`cannot read ${file}.not`);
  });

  it('tells every mistake at once', () => {
    const make = () => makeConfiguration(written({ colour: 'red' }, { pkce: 'maybe' }), '/');
    expect(make).toThrow(/colour: /);
    expect(make).toThrow(/demo\.pkce: /);
  });
});
