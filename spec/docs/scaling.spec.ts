import { spawnSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { createClient } from 'redis';
import request from 'supertest';
import { memoryStore } from '../../lib/stores/memory.js';
import { openStore } from '../../lib/stores/open.js';
import { type Asked, CountedStore } from '../support/counted-store.js';
import {
  assertion,
  assertionType,
  basicHeader,
  clientCertificate,
  clientPerMethod,
  macAssertion,
  newSecret,
  ownCertificate,
  secrets,
} from '../support/methods.js';
import { newPostgresPlace, sql } from '../support/postgres-place.js';
import { RefreshServer, redemption } from '../support/refresh-flow.js';
import { redisUrl, withoutStores } from '../support/services.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const page = readFileSync(join(root, 'docs/scaling.md'), 'utf8');
const rows = page.split('\n').filter((line) => /^\| [^|]+ \| (opaque|JWT|none) \|/.test(line));

/** The line of the page for what was asked. */
function row(what: string, token: 'opaque' | 'JWT' | 'none', { verbs, waits }: Asked): string {
  return `| ${what} | ${token} | ${verbs.length} | ${waits} | ${verbs.join(', ')} |`;
}

interface Credentials {
  readonly form: Record<string, string>;
  readonly headers?: Record<string, string>;
}

const byAssertion = async (signed: Promise<string>): Promise<Credentials> => ({
  form: { client_assertion: noteSecret(await signed), client_assertion_type: assertionType },
});
const byCertificate = (client_id: string, certificate: string): Credentials => ({
  form: { client_id },
  headers: { 'X-SSL-Client-Cert': encodeURIComponent(certificate), 'X-SSL-Client-Verify': 'SUCCESS' },
});
const post = { client_id: clientPerMethod.client_secret_post.client_id, client_secret: secrets.post };
const methods: Record<string, () => Promise<Credentials> | Credentials> = {
  client_secret_basic: () => ({ form: {}, headers: { Authorization: basicHeader('basic-client', secrets.basic) } }),
  client_secret_post: () => ({ form: post }),
  client_secret_jwt: () => byAssertion(macAssertion()),
  private_key_jwt: () => byAssertion(assertion('private-key-client')),
  tls_client_auth: () => byCertificate('tls-client', clientCertificate.cert),
  self_signed_tls_client_auth: () => byCertificate('self-signed-client', ownCertificate.cert),
};
const machine = { grant_type: 'client_credentials' };

/** A server whose store counts, and which reads certificates from headers or, without, knows where requests come from. */
function countedServer(token: 'opaque' | 'JWT', proxied: boolean) {
  const counted = new CountedStore(memoryStore());
  const spec = specServer({
    store: counted.store,
    access_token_format: token === 'JWT' ? 'jwt' : 'opaque',
    signing_keys: ['ES256'],
    ...(proxied && { trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' as const }] }),
  });
  const ask = async ({ form, headers }: Credentials, status: number) => {
    const reply = await spec.token({ ...machine, ...form }, headers);
    expect([reply.status, form]).toEqual([status, form]);
    if (reply.body.access_token) noteSecret(reply.body.access_token);
    return reply.body;
  };
  return { counted, spec, ask };
}

describe('what the page says that a request asks of the store', () => {
  const measured: string[] = [];

  it.each(['opaque', 'JWT'] as const)('machines, %s', async (token) => {
    const { counted, spec, ask } = countedServer(token, true);
    for (const [name, credentials] of Object.entries(methods)) {
      // Once, so that keys are made and certificates known.
      await ask(await credentials(), 200);
      const ready = await credentials();
      measured.push(row(`client_credentials, ${name}`, token, await counted.during(() => ask(ready, 200))));
    }
    const { access_token } = await ask({ form: post }, 200);
    const introspect = async () => {
      const reply = await request(spec.router)
        .post('/oauth2/introspect')
        .type('form')
        .send({ ...post, token: access_token });
      expect(reply.body.active).toBe(true);
    };
    measured.push(row('introspection', token, await counted.during(introspect)));
    await spec.router.close();
  });

  it.each(['opaque', 'JWT'] as const)('people, %s', async (token) => {
    const counted = new CountedStore(memoryStore());
    const server = new RefreshServer({ store: counted.store, access_token_format: token === 'JWT' ? 'jwt' : 'opaque' });
    await server.first();
    const redeem = async (name: string, scope: string) => {
      const code = await server.code({ scope });
      let body: Record<string, string> = {};
      const asked = await counted.during(async () => {
        const reply = await server.as('web', redemption(code));
        expect(reply.status).toBe(200);
        body = reply.body;
      });
      for (const each of ['access_token', 'refresh_token']) if (body[each]) noteSecret(body[each]);
      measured.push(row(name, token, asked));
      return body;
    };
    await redeem('authorization_code', 'openid read');
    const { refresh_token = '' } = await redeem(
      'authorization_code, with a refresh token',
      'openid offline_access read',
    );
    measured.push(row('refresh_token', token, await counted.during(() => server.next(refresh_token))));
    await server.spec.router.close();
  });

  it('failures, and clients of the store', async () => {
    const { counted, spec, ask } = countedServer('JWT', false);
    await ask({ form: post }, 200);
    const note = async (what: string, token: 'JWT' | 'none', work: () => Promise<unknown>) =>
      void measured.push(row(what, token, await counted.during(work)));
    const wrong = (client_id: string) => () => ask({ form: { client_id, client_secret: newSecret() } }, 401);
    await note('wrong secret', 'none', wrong(post.client_id));
    await note('unknown client', 'none', wrong('nobody'));
    const used = await byAssertion(assertion('private-key-client'));
    await ask(used, 200);
    await note('replayed assertion', 'none', () => ask(used, 401));
    const { parsed, secret } = await spec.router.workspaces[0]!.directory.add({
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
    });
    const stored = { form: { client_id: parsed.client_id, client_secret: noteSecret(secret?.value ?? '') } };
    await ask(stored, 200);
    await note('client_credentials, client of the store', 'JWT', () => ask(stored, 200));
    await note('wrong secret, client of the store', 'none', wrong(parsed.client_id));
    await spec.router.close();
  });

  it('is all that it says', () => {
    expect(rows).toEqual(measured);
  });
});

const simulated = (...args: string[]) => {
  const { stdout, stderr } = spawnSync(process.execPath, [join(root, 'bench/scaling.js'), ...args], {
    encoding: 'utf8',
  });
  expect(stderr.replaceAll(/^.*ExperimentalWarning.*\n.*\n/gm, '')).toBe('');
  return stdout.trim();
};

describe('how keys spread', () => {
  it('over the primaries of a cluster as the page says', () => {
    expect(page).toContain(simulated());
    expect(page).not.toContain(simulated('1000'));
  });

  const partitions = async () => {
    const place = await newPostgresPlace();
    const [statements = ''] = /```sql\n([^`]+)```/.exec(page)?.slice(1) ?? [];
    await sql(statements.replaceAll('express_client_auth', place.schema));
    const store = await openStore(place.url);
    try {
      const claims = await Promise.all(Array.from({ length: 50 }, () => store.claim('acme/demo/jti/one', '1', 60)));
      expect(claims.filter(({ first }) => first)).toHaveLength(1);
      expect([await store.increment('n', 60), await store.increment('n', 60)]).toEqual([1, 2]);
      await store.set('short', '1', 0.001);
      await sql('SELECT pg_sleep(0.01)');
      expect(await store.get('short')).toBeUndefined();
      await store.prune?.();
      await sql(`INSERT INTO ${place.schema}.entries (id, value, expires_at)
        SELECT convert_to('acme/demo/jti/' || translate(encode(sha256(i::text::bytea), 'base64'), '+/=', '-_'), 'UTF8'),
          '1', now() + interval '1 minute' FROM generate_series(1, 20000) AS i`);
      const sizes = await sql<{ n: number }>(
        `SELECT count(*)::int AS n FROM ${place.schema}.entries GROUP BY tableoid`,
      );
      expect(sizes).toHaveLength(16);
      const mean = 20_002 / 16;
      for (const { n } of sizes) expect(Math.abs(n / mean - 1)).toBeLessThan(0.15);
      const [{ bytes } = { bytes: 0 }] = await sql<{ bytes: number }>(`
        SELECT (sum(pg_total_relation_size(inhrelid)) / 20000)::int AS bytes
        FROM pg_inherits WHERE inhparent = '${place.schema}.entries'::regclass`);
      expectNear(bytes, 'PostgreSQL');
    } finally {
      await store.close();
      await place.remove();
    }
  };
  if (!withoutStores.includes('postgres')) {
    it('over partitions of PostgreSQL, and the store works on them as before', partitions);
  }
});

/** The page's bytes for one jti, within a fifth. */
function expectNear(bytes: number, store: string): void {
  const said = Number(new RegExp(`^\\| ${store} \\| (\\d+) \\|`, 'm').exec(page)?.[1]);
  expect([store, said, bytes, Math.abs(bytes / said - 1) < 0.2]).toEqual([store, said, bytes, true]);
}

const weighed = async () => {
  const prefix = `spec:${randomUUID().slice(0, 3)}:`;
  const key = `acme/demo/jti/${createHash('sha256').update(prefix).digest('base64url')}`;
  const store = await openStore(`${redisUrl}?prefix=${prefix}`);
  const client = createClient({ url: redisUrl });
  await client.connect();
  await store.claim(key, '1', 71);
  // What each key adds to the two tables of keys and times is not told: an entry and its place in either.
  const bytes = Number(await client.memoryUsage(prefix + key)) + 24 + 16;
  await store.delete(key);
  await client.close();
  await store.close();
  expectNear(bytes, 'Redis');
};
if (!withoutStores.includes('redis')) it('a jti takes as much of Redis as the page says', weighed);
