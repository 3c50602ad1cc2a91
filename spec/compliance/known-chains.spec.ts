import { afterEach, describe, expect, it } from '@jest/globals';
import { memoryStore } from '../../lib/stores/memory.js';
import { storeFailure } from '../support/breakable-store.js';
import { ca, issuer } from '../support/methods.js';
import { type Certificate, makeCa } from '../support/pki.js';
import { type SpecServer, specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';
import { accepted, refused } from '../support/tls-world.js';

const subject = 'CN=tls.example.com,O=Example';
const hour = 3_600_000;
const ends = Math.ceil(Date.now() / 1000) * 1000 + hour;
const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true, notAfter: new Date(ends) });
const [one, two] = [intermediate.issue({ subject }), intermediate.issue({ subject })];
const untrusted = refused('certificate_untrusted');

type Options = Parameters<typeof specServer>[0];
const servers: SpecServer[] = [];
const trusted_proxies = [{ cidr: '127.0.0.1/32', client_certificate: 'haproxy' as const }];
function server(options: Options = {}): SpecServer {
  const made = specServer({ trusted_proxies, ...options });
  servers.push(made);
  return made;
}
afterEach(async () => {
  for (const { router } of servers.splice(0)) await router.close();
});

const base64 = (...certificates: Certificate[]) => Buffer.concat(certificates.map(({ der }) => der)).toString('base64');

/** What HAProxy sends: after a full handshake with the chain, of a resumed session without it. */
async function ask(spec: SpecServer, leaf: Certificate, ...chain: Certificate[]) {
  const headers = { 'X-SSL-Client-DER': base64(leaf), 'X-SSL-Client-Chain-DER': base64(...chain) };
  const parameters = { grant_type: 'client_credentials', client_id: 'tls-client' };
  const { status, body } = await spec.token(parameters, headers);
  if (body.access_token) noteSecret(body.access_token);
  return { status, error: body.error, reason: spec.last().reason };
}

describe('MTL-06 resumed sessions behind a proxy', () => {
  it('MTL-06 a certificate keeps the chain it was trusted with, and gives it to no other', async () => {
    const spec = server();
    expect(await ask(spec, one)).toEqual(untrusted);
    expect(await ask(spec, one, intermediate)).toEqual(accepted);
    expect(await ask(spec, one)).toEqual(accepted);
    expect(await ask(spec, two)).toEqual(untrusted);
  });

  it('MTL-06 also in another process that shares the store, and not for another issuer', async () => {
    const store = memoryStore();
    expect(await ask(server({ store }), one, intermediate)).toEqual(accepted);
    expect(await ask(server({ store }), one)).toEqual(accepted);
    expect(await ask(server({ store }), two)).toEqual(untrusted);
    expect(await ask(server({ store, issuer: `${issuer}:8443` }), one)).toEqual(untrusted);
  });

  it('MTL-06 the path is validated anew: a remembered chain ends like any other', async () => {
    let now = ends;
    const spec = server({ now: () => now });
    expect(await ask(spec, one, intermediate)).toEqual(accepted);
    now = ends + 1;
    expect(await ask(spec, one)).toEqual(refused('certificate_expired'));
    const store = memoryStore();
    expect(await ask(server({ store }), one, intermediate)).toEqual(accepted);
    expect(await ask(server({ store, root_cas: [makeCa().cert] }), one)).toEqual(untrusted);
  });

  it('MTL-06 what led nowhere is not remembered', async () => {
    const spec = server();
    const namesake = makeCa({ subject: 'CN=Intermediate' });
    expect(await ask(spec, one, namesake)).toEqual(untrusted);
    expect(await ask(spec, one)).toEqual(untrusted);
    expect(await ask(spec, one, intermediate)).toEqual(accepted);
    expect(await ask(spec, one, namesake)).toEqual(untrusted);
    expect(await ask(spec, one)).toEqual(accepted);
  });

  it('MTL-06 a store that is down for it, or holds something else, keeps nobody out who has the chain', async () => {
    const failing = (answer: () => Promise<string | undefined>) => {
      const store = memoryStore();
      const [get, set] = [store.get.bind(store), store.set.bind(store)];
      return Object.assign(store, {
        get: (key: string) => (key.includes('chain/') ? answer() : get(key)),
        set: (key: string, value: string, ttl: number) =>
          key.includes('chain/') ? Promise.reject(storeFailure()) : set(key, value, ttl),
      });
    };
    const answers = [
      () => Promise.reject(storeFailure()),
      () => Promise.resolve('no base64'),
      () => Promise.resolve(''),
    ];
    for (const answer of answers) {
      const spec = server({ store: failing(answer) });
      expect(await ask(spec, one)).toEqual(untrusted);
      expect(await ask(spec, one, intermediate)).toEqual(accepted);
      expect(await ask(spec, one)).toEqual(accepted);
    }
  });
});
