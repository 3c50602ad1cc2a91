import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { configurationJsonSchema } from '../../example-app/configuration/json-schema.js';
import { noteSecret } from '../support/suite-log.js';
import { runHere } from './run-here.js';

const directory = mkdtempSync(join(tmpdir(), 'command-configuration-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
function file(configuration: unknown): string {
  files += 1;
  const path = join(directory, `${files}.json`);
  writeFileSync(path, JSON.stringify(configuration));
  return path;
}

const workspace = (more: Record<string, unknown>) => ({ tenants: { acme: { workspaces: { demo: more } } } });

describe('init', () => {
  const place = join(directory, 'auth');

  it('writes a configuration that a start takes, for its owner alone', async () => {
    const { code, out } = await runHere('init', place, '--json');
    expect(code).toBe(0);
    const { configuration, schema } = JSON.parse(out);
    expect([configuration, schema]).toEqual([join(place, 'as.json'), join(place, 'configuration.schema.json')]);
    expect(statSync(configuration).mode & 0o777).toBe(0o600);
    const written = JSON.parse(readFileSync(configuration, 'utf8'));
    const [client] = written.tenants.example.workspaces.main.clients;
    expect(noteSecret(client.client_secret)).toMatch(/^[\w-]{43}$/);
    expect(await runHere('config', 'check', configuration)).toEqual({ code: 0, out: 'It is sound.\n', error: '' });
  });

  it('overwrites nothing', async () => {
    const before = readFileSync(join(place, 'as.json'), 'utf8');
    expect(await runHere('init', place)).toMatchObject({
      code: 1,
      out: '',
      error: expect.stringContaining('as.json is there'),
    });
    expect(readFileSync(join(place, 'as.json'), 'utf8')).toBe(before);
  });

  it('gives every server secrets of its own', async () => {
    const { out } = await runHere('init', join(directory, 'other'));
    const secrets = ['auth', 'other'].map((name) => {
      const { secret_keys, tenants } = JSON.parse(readFileSync(join(directory, name, 'as.json'), 'utf8'));
      return [...secret_keys, tenants.example.workspaces.main.clients[0].client_secret];
    });
    expect(new Set(secrets.flat().map(noteSecret)).size).toBe(4);
    expect(out).toContain('\n  npx express-client-auth serve --config ');
    expect(out).toContain('\n  curl -sS --fail-with-body --cacert ');
    expect(out).toContain(` -u service:${secrets[1]?.at(-1)} -d grant_type=client_credentials `);
    expect(out).toContain(`--cacert ${join(directory, 'other/data/pki/ca.crt')}`);
  });
});

describe('config check', () => {
  it('tells every mistake by its path, of the shape and of what the library refuses', async () => {
    const shape = await runHere('config', 'check', file({ ...workspace({ pkce: 'maybe' }), colour: 'red' }));
    expect(shape).toMatchObject({ code: 1, out: '' });
    expect(shape.error).toContain('tenants.acme.workspaces.demo.pkce');
    expect(shape.error).toContain('colour: is not a known member');
    const client = {
      client_id: 'a',
      token_endpoint_auth_method: 'private_key_jwt',
      grant_types: ['client_credentials'],
    };
    const deep = await runHere('config', 'check', file(workspace({ clients: [client] })));
    expect(deep).toMatchObject({ code: 1, out: '' });
    expect(deep.error).toContain('tenants.acme.workspaces.demo.clients[0]');
  });

  it('tells what to look at in one that is sound', async () => {
    const client = {
      client_id: 'a',
      client_secret: 'x'.repeat(40),
      grant_types: ['client_credentials'],
      scope: 'read unknown',
    };
    const { code, out } = await runHere(
      'config',
      'check',
      file(workspace({ scopes: { read: {} }, clients: [client] })),
      '--json',
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ sound: true, warnings: [{ name: expect.any(String) }] });
  });

  it('says that a file is not there', async () => {
    expect(await runHere('config', 'check', join(directory, 'none'))).toMatchObject({ code: 1, out: '' });
    expect(await runHere('config', 'check')).toMatchObject({ code: 2, out: '' });
  });
});

describe('config schema', () => {
  const page = new URL('../../docs/configuration.schema.json', import.meta.url);

  it('prints what stands in docs/configuration.schema.json; npm run schema writes it anew', async () => {
    const { code, out } = await runHere('config', 'schema');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(JSON.parse(readFileSync(page, 'utf8')));
  });

  it('knows every member, and no other', () => {
    const { properties, additionalProperties } = configurationJsonSchema() as Record<string, Record<string, unknown>>;
    expect(Object.keys(properties ?? {})).toEqual(expect.arrayContaining(['$schema', 'public_url', 'tenants', 'mtls']));
    expect(additionalProperties).toBe(false);
  });
});
