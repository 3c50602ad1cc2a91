import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { makeConfiguration, readConfiguration } from '../../example-app/configuration/configuration.js';
import { findDoubts } from '../../example-app/configuration/doubts.js';
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
const certified = {
  client_id: 'd',
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_san_dns: 'd.example.com',
  trusted_cas: ['certs/a.pem'],
  intermediate_cas: ['certs/a.pem'],
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
    const { authority } = await keepServerPki(await DataDirectory.open(scratch.directory()));
    const pem = authority.certificate;
    writeFileSync(join(directory, 'certs/a.pem'), pem);
    const file = join(directory, 'as.json');
    writeFileSync(
      file,
      JSON.stringify(
        written(
          { tls: { cert: 'certs/a.pem', key: 'certs/a.pem' }, outbound: { ca: 'certs/a.pem' }, store: 'lmdb:./data' },
          {
            root_cas: ['certs/a.pem', pem],
            intermediate_cas: ['certs/a.pem'],
            revocation: {
              crl: { mode: 'prefer', files: ['certs/ca.crl', '/etc/ca.crl'] },
              ocsp: { responder_certificate: 'certs/a.pem' },
            },
            clients: [certified],
          },
        ),
      ),
    );
    const configuration = readConfiguration(file);
    expect(configuration).toMatchObject({
      tls: { cert: pem, key: pem },
      outbound: { ca: pem },
      store: `lmdb:${join(directory, 'data')}`,
      workspaces: [
        {
          policy: {
            root_cas: [pem, pem],
            intermediate_cas: [pem],
            revocation: {
              crl: { files: [join(directory, 'certs/ca.crl'), '/etc/ca.crl'] },
              ocsp: { responder_certificate: pem },
            },
          },
          clients: [{ trusted_cas: [pem], intermediate_cas: [pem] }],
        },
      ],
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
      'tenants.acme.workspaces.demo.root_cas[0]: cannot be read: there is no file /',
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
    [
      'a second name with a path',
      written({ mtls: { public_url: 'https://m.example.com/as', listen: { port: 9443 } } }),
      'mtls.public_url: must have no path',
    ],
    ['a second name without a listener', written({ mtls: { public_url: 'https://m.example.com' } }), 'mtls.listen: '],
    [
      'nobody who asks for certificates',
      written({ listen: { client_certificates: false } }),
      'listen.client_certificates: false needs mtls',
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

  it('takes the URL of a mail server, and of nothing else', () => {
    expect(makeConfiguration(written({ mail: 'smtp://u:p@h:25' }), '/').mail).toBe('smtp://u:p@h:25');
    expect(makeConfiguration(written({ mail: 'outbox:' }), '/').mail).toBe('outbox:');
    expect(makeConfiguration(written({}), '/').mail).toBeUndefined();
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

  it('tells every mistake in one round: of shape, of files, and between members', () => {
    const input = {
      ...(written({ colour: 'red' }, { pkce: 'maybe', pool: 'guests', root_cas: ['no-such.crt'] }) as object),
      outbound: { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
    } as Record<string, unknown>;
    const { tenants } = input as { tenants: Record<string, { workspaces: Record<string, unknown> }> };
    tenants.acme!.workspaces.other = { clients: [{ ...client, jwk: {} }, client, 'no client'] };
    const told = () => makeConfiguration(input, scratch.directory());
    for (const line of [
      /^colour: is not a known member$/m,
      /^tenants\.acme\.workspaces\.demo\.pkce: /m,
      /^tenants\.acme\.workspaces\.demo\.pool: there is no pool "guests"/m,
      /^tenants\.acme\.workspaces\.demo\.root_cas\[0\]: cannot be read/m,
      /^tenants\.acme\.workspaces\.other\.clients\[0\]\.jwk: /m,
      /^tenants\.acme\.workspaces\.other\.clients\[1\]\.client_id: is taken/m,
      /^tenants\.acme\.workspaces\.other\.clients\[2\]: /m,
      /^outbound\.ca: must hold PEM certificates/m,
    ]) {
      expect(told).toThrow(line);
    }
    // A file that cannot be read is one mistake, not also a wrong PEM text.
    expect(told).not.toThrow(/root_cas\[0\][\s\S]*root_cas\[0\]/);
  });

  it.each([
    [[]],
    ['text'],
    [{ tenants: [] }],
    [{ tenants: { acme: 'text' } }],
    [{ tenants: { acme: { pools: 1, workspaces: { demo: null } } } }],
    [
      {
        tenants: { acme: { workspaces: { demo: { clients: 'none', root_cas: [1], intermediate_cas: 'x' } } } },
        trusted_proxies: 'all',
      },
    ],
    [{ tenants: { acme: { pools: { p: { users: {} } }, workspaces: {} } }, outbound: { ca: 7 }, tls: 3 }],
    [{ tenants: {}, mtls: 'no', listen: 7 }],
    [{ tenants: {}, mtls: { public_url: 'no' }, listen: { client_certificates: false } }],
    [null],
  ])('refuses %j with words, and never with a crash', (input) => {
    expect(() => makeConfiguration(input, '/')).toThrow(StartUpError);
  });
});

describe('doubts about a configuration', () => {
  const doubts = (workspace: Record<string, unknown>) => findDoubts(makeConfiguration(written({}, workspace), '/'));

  it('are none about one that makes sense', () => {
    expect(doubts({})).toEqual([]);
    expect(doubts({ clients: [{ ...client, scope: 'read introspect_tokens revoke_tokens' }] })).toEqual([]);
    expect(doubts({ scopes: { 'a.*': {} }, clients: [{ ...client, scope: 'a.* a.b' }] })).toEqual([]);
  });

  it('are about a client whose method the workspace does not have', () => {
    const post = { ...client, client_id: 'd', token_endpoint_auth_method: 'client_secret_post' };
    expect(doubts({ token_endpoint_auth_methods: ['client_secret_post'], clients: [client, post] })).toEqual([
      {
        name: 'client_method_not_enabled',
        tenant: 'acme',
        workspace: 'demo',
        detail: {
          client_id: 'c',
          method: 'client_secret_basic',
          enabled: ['client_secret_post'],
          effect: expect.any(String),
        },
      },
    ]);
  });

  it('are about tls_client_auth without an authority in reach', async () => {
    const { client_secret: _secret, ...rest } = client;
    const tls = { ...rest, token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'a.example' };
    expect(doubts({ clients: [tls] })).toEqual([
      expect.objectContaining({
        name: 'client_without_authorities',
        detail: expect.objectContaining({ client_id: 'c' }),
      }),
    ]);
    const { authority } = await keepServerPki(await DataDirectory.open(scratch.directory()), undefined);
    expect(doubts({ clients: [tls], root_cas: [authority.certificate] })).toEqual([]);
  });

  it('are about scopes the workspace does not know', () => {
    const asked = { ...client, scope: 'read write a.b identity' };
    expect(doubts({ scopes: { read: {}, 'a.*': {} }, clients: [asked] })).toEqual([
      expect.objectContaining({
        name: 'client_scope_unknown',
        detail: expect.objectContaining({ client_id: 'c', unknown: ['write', 'identity'] }),
      }),
    ]);
  });
});
