import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { assertion, assertionType, clientPerMethod } from '../support/methods.js';
import { freePort } from '../support/redis-process.js';
import { type StorePlace, storeKinds } from '../support/store-kinds.js';
import { noteLogged } from '../support/suite-log.js';
import { type HttpReply, send } from '../support/two-processes.js';
import { AppProcess, killAll, Scratch } from './run-app.js';

const issuer = 'https://as.example.com/acme/demo';
const scratch = new Scratch();
const redis = storeKinds.find(({ name }) => name === 'redis')!;
let place: StorePlace;
let app: AppProcess;
let origin: string;
beforeAll(async () => {
  place = await redis.newPlace();
  const port = await freePort();
  const file = join(scratch.directory(), 'as.json');
  const demo = { clients: [{ ...clientPerMethod.private_key_jwt, scope: 'read' }], scopes: { read: {} } };
  const configuration = {
    public_url: 'https://as.example.com',
    tls: false,
    trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'haproxy' }],
    tenants: { acme: { workspaces: { demo } } },
  };
  writeFileSync(file, JSON.stringify(configuration));
  const args = ['--config', file, '--port', String(port), '--data-dir', scratch.directory(), '--store', place.url];
  app = new AppProcess([...args, '--workers', '2']);
  await app.listening();
  origin = `http://127.0.0.1:${port}`;
}, 60_000);
afterAll(async () => {
  await killAll();
  noteLogged(app.stderr);
  scratch.remove();
  await place.remove();
});

const times = (count: number, ask: () => Promise<HttpReply>) => Promise.all(Array.from({ length: count }, ask));

describe('--workers on redis', () => {
  it('both publish the keys of one first start', async () => {
    expect(readFileSync(`/proc/${app.pid}/task/${app.pid}/children`, 'utf8').trim().split(' ')).toHaveLength(2);
    const sets = await times(6, () => send(`${origin}/acme/demo/.well-known/jwks.json`));
    expect(sets[0]?.body?.keys).toHaveLength(2);
    expect(new Set(sets.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });

  it('AST-10 an assertion is taken once, whoever hears it', async () => {
    const client_assertion = await assertion('private-key-client', { claims: { aud: issuer } });
    const form = { grant_type: 'client_credentials', client_assertion, client_assertion_type: assertionType };
    const replies = await times(50, () => send(`${origin}/acme/demo/oauth2/token`, form));
    expect(replies.map(({ status }) => status).sort()).toEqual([200, ...Array(49).fill(401)]);
  });

  it('SIGTERM ends both, with exit code 0', async () => {
    expect((await app.kill('SIGTERM')).code).toBe(0);
  }, 20_000);
});
