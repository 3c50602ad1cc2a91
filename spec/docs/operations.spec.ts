import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from '@jest/globals';
import { safeLoad } from 'js-yaml';
import { readConfiguration } from '../../example-app/configuration/configuration.js';
import { readSettings } from '../../example-app/flags.js';
import { writeProxyFiles } from '../support/proxy.js';
import { localHaproxy } from '../support/two-instances.js';

const docs = join(dirname(fileURLToPath(import.meta.url)), '../../docs');
const page = readFileSync(join(docs, 'operations.md'), 'utf8');

interface Compose {
  readonly services: Readonly<
    Record<
      string,
      {
        readonly image: string;
        readonly command?: string[];
        readonly environment?: Record<string, string>;
        readonly networks: string[];
      }
    >
  >;
  readonly networks: { readonly inside: { readonly ipam: { readonly config: [{ readonly subnet: string }] } } };
}
const compose = safeLoad(readFileSync(join(docs, 'compose.yaml'), 'utf8')) as Compose;

it('docs/haproxy.cfg is one', () => {
  const directory = mkdtempSync(join(tmpdir(), 'haproxy-'));
  writeProxyFiles(directory);
  const file = join(directory, 'haproxy.cfg');
  const check = () =>
    spawnSync('haproxy', ['-c', '-f', file], { env: { PATH: `${process.env.PATH}:/usr/sbin` } }).status;
  writeFileSync(file, localHaproxy(directory, 8443, [8444, 8445]));
  expect(check()).toBe(0);
  writeFileSync(file, `${localHaproxy(directory, 8443, [8444, 8445])}\n  balance anyhow\n`);
  expect(check()).toBe(1);
  rmSync(directory, { recursive: true });
});

it('docs/compose.yaml has two nodes, and starts them with settings that there are', () => {
  const { services } = compose;
  expect(Object.keys(services)).toEqual(['app1', 'app2', 'redis', 'haproxy']);
  for (const { networks } of Object.values(services)) expect(networks).toEqual(['inside']);
  const { command = [], environment = {} } = services.app1!;
  expect(services.app2).toEqual(services.app1);
  expect(readSettings(command.slice(2), environment)).toMatchObject({
    config: '/app/as.json',
    store: 'redis://redis:6379',
    host: '0.0.0.0',
    port: 8443,
  });
  expect(services.redis?.command).toEqual(expect.arrayContaining(['--appendonly', 'yes', 'noeviction']));
});

it('the configuration of docs/operations.md is one, and trusts the network of docs/compose.yaml', () => {
  const text = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
  const directory = mkdtempSync(join(tmpdir(), 'operations-'));
  const file = join(directory, 'as.json');
  writeFileSync(file, text.replace('BASE64', Buffer.alloc(32, 1).toString('base64')));
  const [{ subnet }] = compose.networks.inside.ipam.config;
  expect(readConfiguration(file)).toMatchObject({
    tls: false,
    trustedProxies: [{ cidr: subnet, client_certificate: 'haproxy' }],
  });
  rmSync(directory, { recursive: true });
});
