import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { z } from 'zod';
import { commands } from '../../command-line/commands.js';
import { makeAuthorizationServer } from '../../example-app/authorization-server.js';
import { makeConfiguration } from '../../example-app/configuration/configuration.js';
import { configurationJsonSchema } from '../../example-app/configuration/json-schema.js';
import { Delivery } from '../../example-app/mail/delivery.js';
import { memoryStore } from '../../lib/stores/memory.js';

const page = readFileSync(new URL('../../docs/coming-from-cloudentity.md', import.meta.url), 'utf8');

type Schema = z.core.JSONSchema.BaseSchema;
const whole = configurationJsonSchema() as Schema;

/** Where the members of a section stand in the configuration. */
const places: Readonly<Record<string, string>> = {
  Workspace: 'tenants.*.workspaces.*',
  'Client application': 'tenants.*.workspaces.*.clients[]',
  'Identity pool': 'tenants.*.pools.*',
  Server: '',
  Paths: '',
  Administration: '',
};

/** What is written in the right column: each code span, and the section it stands in. */
function written(): { section: string; code: string }[] {
  return page.split(/^## /m).flatMap((part) => {
    const section = part.slice(0, part.indexOf('\n'));
    const rows = part.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
    return rows.slice(1).flatMap((row) => {
      const right = row.replace(/ \|$/, '').split(' | ').at(-1) ?? '';
      return [...right.matchAll(/`([^`]+)`/g)].map(([, code = '']) => ({ section, code }));
    });
  });
}

/** The schemas of a member: several where the parts of a union have it. */
function schemasAt(path: string, from: readonly Schema[] = [whole]): Schema[] {
  const steps = path.replaceAll('[]', '.[]').split('.').filter(Boolean);
  return steps.reduce<Schema[]>(
    (at, step) => at.flatMap(alternatives).flatMap((each) => member(each, step)),
    [...from],
  );
}

function alternatives(schema: Schema): Schema[] {
  return [schema, ...(schema.anyOf ?? [])] as Schema[];
}

function member({ properties, additionalProperties, propertyNames, items }: Schema, step: string): Schema[] {
  if (step === '[]') return items === undefined ? [] : [items as Schema];
  if (properties && Object.hasOwn(properties, step)) return [properties[step] as Schema];
  const names = (propertyNames as Schema | undefined)?.enum;
  const named = step === '*' || names?.includes(step);
  return named && typeof additionalProperties === 'object' ? [additionalProperties as Schema] : [];
}

const isPath = (code: string) => code.startsWith('/') || code.startsWith('{issuer}/');
const isCommand = (code: string) => code.startsWith('npx express-client-auth ');
const all = written();
const members = all.filter(({ code }) => !isPath(code) && !isCommand(code) && code !== 'npm start');
const paths = all.map(({ code }) => code).filter(isPath);

describe('docs/coming-from-cloudentity.md', () => {
  it('has a table in every section', () => {
    expect([...new Set(all.map(({ section }) => section))].sort()).toEqual(Object.keys(places).sort());
    expect(members.length).toBeGreaterThan(70);
  });

  it.each(members)('$section: $code is a member of the configuration', ({ section, code }) => {
    const place = places[section] ?? '';
    if (code === 'extended_code') return expect(section).toBe('Identity pool');
    const fragment = /^"(?<name>\w+)": (?<value>.+)$/.exec(code)?.groups;
    const name = fragment?.name ?? code;
    const found = schemasAt(name, schemasAt(place));
    expect(found).not.toEqual([]);
    if (fragment)
      expect(z.fromJSONSchema(found[0] as never).safeParse(JSON.parse(fragment.value ?? '')).success).toBe(true);
  });

  it('this spec can fail', () => {
    const workspace = schemasAt('tenants.*.workspaces.*');
    expect(schemasAt('enforce_pkce', workspace)).toEqual([]);
    expect(schemasAt('token_ttls.device_code', workspace)).toEqual([]);
    expect(schemasAt('otp_settings.mfa.length', schemasAt('tenants.*.pools.*'))).toEqual([]);
    const [pkce] = schemasAt('pkce', workspace);
    expect(z.fromJSONSchema(pkce as never).safeParse('plain').success).toBe(false);
  });

  it.each(all.map(({ code }) => code).filter(isCommand))('%s is a command', (code) => {
    const words = code.split(' ').slice(2);
    const name = words.filter((word) => !word.startsWith('-')).join(' ');
    const command = commands.find((each) => each.name === name);
    expect(command).toBeDefined();
    for (const option of words.filter((word) => word.startsWith('--'))) {
      expect(Object.keys(command?.options ?? {})).toContain(option.slice(2));
    }
  });

  describe('a server that serves all of it', () => {
    const configuration = makeConfiguration(
      {
        tenants: {
          acme: {
            pools: { staff: {} },
            workspaces: {
              system: {},
              demo: { pool: 'staff', registration: { enabled: true, initial_access_tokens: ['one'] } },
            },
          },
        },
      },
      '/',
    );
    const router = makeAuthorizationServer(configuration, {
      publicUrl: 'https://id.example.com',
      store: memoryStore(),
      secretKeys: [Buffer.alloc(32, 7).toString('base64')],
      delivery: new Delivery(
        { send: () => Promise.resolve(), ready: () => Promise.resolve(), close: () => undefined },
        () => undefined,
      ),
      log: { event: () => undefined, warning: () => undefined, error: () => undefined },
    });
    beforeAll(() => router.ready());
    afterAll(() => router.close());
    const real = (path: string) =>
      path
        .replace('{issuer}', '/acme/demo')
        .replace('{tenant}', 'acme')
        .replace('{workspace}', 'demo')
        .replace('{pool}', 'staff');
    const status = async (path: string) => {
      const [got, posted] = [await request(router).get(path), await request(router).post(path)];
      return [got.status, posted.status];
    };

    it.each(paths.filter((path) => path !== '/{tenant}/{workspace}'))('has %s', async (path) => {
      expect(await status(real(path))).not.toEqual([404, 404]);
    });

    it('and not what the left column has', async () => {
      expect(await status('/acme/demo/par')).toEqual([404, 404]);
    });
  });

  it('has configurations that are right', () => {
    const [first = '', second = ''] = [...page.matchAll(/^```json\n(.*?)^```$/gms)].map(([, text]) => text);
    const { tenants } = JSON.parse(first);
    expect(makeConfiguration({ ...JSON.parse(second), tenants }, '/').trustedProxies).toEqual([
      { cidr: '10.0.0.0/8', client_certificate: 'nginx', header: 'X-SSL-CERT' },
    ]);
  });
});
