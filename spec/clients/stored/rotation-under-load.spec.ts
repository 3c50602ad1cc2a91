import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import type { GrantRouter } from '../../../index.js';
import { memoryStore } from '../../../lib/stores/memory.js';
import { certificateJwk, clientKey } from '../../support/client-keys.js';
import { assertionType, issuer } from '../../support/methods.js';
import { selfSigned } from '../../support/pki.js';
import { specServer } from '../../support/spec-server.js';
import { noteSecret } from '../../support/suite-log.js';

const secretKeys = [noteSecret(randomBytes(32).toString('base64'))];
const machine = { grant_types: ['client_credentials'], scope: 'read' };

/** Two machines that share a store. */
const store = memoryStore();
const nodes = [0, 1].map(() =>
  specServer({
    store,
    secret_keys: secretKeys,
    trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }],
  }),
);
const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

async function listening(router: GrantRouter): Promise<string> {
  const server = createServer(router);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth2/token`;
}

type Credential = () => Promise<{ form: Record<string, string>; headers?: Record<string, string> }>;

/** Callers that ask for tokens without a pause, each at both machines in turn, until told to stop. */
function load(urls: readonly string[], credentials: Record<string, Credential>) {
  const statuses: Record<string, number[]> = {};
  let stopped = false;
  const callers = Object.entries(credentials).flatMap(([clientId, credential]) =>
    urls.map(async (url) => {
      const answers: number[] = [];
      statuses[`${clientId} at ${url}`] = answers;
      while (!stopped) {
        const { form, headers = {} } = await credential();
        const body = new URLSearchParams({ grant_type: 'client_credentials', ...form });
        const reply = await fetch(url, { method: 'POST', headers, body });
        await reply.arrayBuffer();
        answers.push(reply.status);
      }
    }),
  );
  return {
    statuses,
    /** Once every caller has been answered some more. */
    async more(count = 3): Promise<void> {
      const goals = Object.values(statuses).map((answers) => [answers, answers.length + count] as const);
      while (goals.some(([answers, goal]) => answers.length < goal)) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
    async stop(): Promise<void> {
      stopped = true;
      await Promise.all(callers);
    },
  };
}

it('rotating secret, key and certificate fails no request, at any machine', async () => {
  const directory = nodes[0]!.router.workspaces[0]!.directory;
  const other = nodes[1]!.router.workspaces[0]!.directory;
  const added = await directory.add({ ...machine, client_id: 's', token_endpoint_auth_method: 'client_secret_post' });
  const used = {
    secret: added.secret!,
    key: clientKey('P-256', { kid: 'k0' }),
    certificate: selfSigned({ subject: 'CN=c0' }),
  };
  noteSecret(used.secret.value);
  let kid = 'k0';
  await directory.add({
    ...machine,
    client_id: 'k',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [used.key.jwk] },
  });
  await directory.add({
    ...machine,
    client_id: 'c',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    jwks: { keys: [certificateJwk(used.certificate)] },
  });
  const urls = await Promise.all(nodes.map(({ router }) => listening(router)));
  const running = load(urls, {
    s: async () => ({ form: { client_id: 's', client_secret: used.secret.value } }),
    k: async () => {
      const client_assertion = await new SignJWT({
        iss: 'k',
        sub: 'k',
        aud: issuer,
        jti: randomBytes(12).toString('hex'),
      })
        .setProtectedHeader({ alg: 'ES256', kid })
        .setIssuedAt()
        .setExpirationTime('1m')
        .sign(used.key.privateKey);
      return { form: { client_assertion: noteSecret(client_assertion), client_assertion_type: assertionType } };
    },
    c: async () => ({
      form: { client_id: 'c' },
      headers: { 'X-SSL-Client-Cert': encodeURIComponent(used.certificate.cert) },
    }),
  });
  for (let round = 1; round <= 3; round += 1) {
    await running.more();
    const old = { ...used, kid, digest: (await directory.describe('c'))!.keys[0]!.id };
    const key = clientKey('P-256', { kid: `k${round}` });
    const certificate = selfSigned({ subject: `CN=c${round}` });
    // Each at another machine than the one before.
    const [at, then] = round % 2 === 0 ? [directory, other] : [other, directory];
    const secret = await at.secrets.rotate('s', { overlap: 3600 });
    noteSecret(secret.value);
    await at.keys.add('k', key.jwk);
    await at.keys.importCertificate('c', certificate.cert);
    // At once, without giving anybody time to notice.
    kid = `k${round}`;
    Object.assign(used, { secret, key, certificate });
    await running.more(4);
    await then.secrets.revoke('s', old.secret.id);
    await then.keys.remove('k', old.kid);
    await then.keys.remove('c', old.digest);
  }
  await running.more();
  await running.stop();
  for (const [id, statuses] of Object.entries(running.statuses)) {
    expect([id, statuses.length > 20, new Set(statuses)]).toEqual([id, true, new Set([200])]);
  }
  expect((await directory.describe('s'))?.secrets).toHaveLength(1);
  expect((await directory.describe('k'))?.keys).toHaveLength(1);
  expect((await directory.describe('c'))?.keys).toHaveLength(1);
}, 30_000);
