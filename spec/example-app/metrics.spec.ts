import { describe, expect, it } from '@jest/globals';
import { Metrics } from '../../example-app/admin/metrics.js';
import { clientCredentials, grantRouter, rotateSigningKeys, standardStrategies } from '../../index.js';
import { breakableStore } from '../support/breakable-store.js';

const start = 1_800_000_000;
const day = 86_400;

/** A router of two workspaces, one of which has no schedule, and what Prometheus reads of it. */
async function opened() {
  const clock = { now: start };
  const { store, broken } = breakableStore();
  const workspace = (name: string, interval: number) => ({
    issuer: `https://as.example.com/acme/${name}`,
    tenant: 'acme',
    workspace: name,
    clients: [],
    signing_keys: ['ES256' as const],
    signing_key_rotation: { interval, lead: 3600 },
  });
  const metrics = new Metrics([], []);
  const router = grantRouter({
    workspaces: [workspace('demo', 90 * day), workspace('still', 0)],
    strategies: standardStrategies(),
    grants: [clientCredentials()],
    store,
    now: () => clock.now * 1000,
    onEvent: metrics.listen,
  });
  await router.ready();
  metrics.watchKeys(router);
  const read = async () => {
    const lines = (await metrics.text()).split('\n').filter((line) => line.startsWith('oauth_signing_key_'));
    return lines.map((line) => line.replace('oauth_signing_key_', '').replace('_timestamp_seconds', '')).sort();
  };
  return { clock, router, read, broken, metrics };
}

const labels = (workspace: string, state?: string) =>
  `{alg="ES256",tenant="acme",workspace="${workspace}"${state === undefined ? '' : `,state="${state}"`}}`;

describe('the gauges of signing keys', () => {
  it('tell when each key was made, and when the schedule replaces it', async () => {
    const { read, router } = await opened();
    expect(await read()).toEqual([
      `creation${labels('demo', 'active')} ${start}`,
      `creation${labels('still', 'active')} ${start}`,
      `rotation${labels('demo')} ${start + 90 * day}`,
    ]);
    await router.close();
  });

  it('tell of a rotation under way, and of the key that leaves', async () => {
    const { read, router, clock } = await opened();
    clock.now += 10;
    await rotateSigningKeys(router);
    const rotates = start + 10 + 3600;
    const seen = await read();
    expect(seen).toEqual(
      expect.arrayContaining([
        `creation${labels('still', 'active')} ${start}`,
        `creation${labels('still', 'next')} ${start + 10}`,
        `rotation${labels('still')} ${rotates}`,
        `rotation${labels('demo')} ${rotates}`,
      ]),
    );
    const removal = seen.find((line) => line.startsWith(`removal${labels('still')}`));
    expect(Number(removal?.split(' ').at(-1))).toBeGreaterThanOrEqual(rotates + 300);
    clock.now = rotates;
    expect(await read()).toEqual(
      expect.arrayContaining([
        `creation${labels('still', 'retired')} ${start}`,
        `rotation${labels('demo')} ${rotates + 90 * day}`,
      ]),
    );
    expect((await read()).join()).not.toContain(`rotation${labels('still')}`);
    await router.close();
  });

  it('are left out while the store is away, and the other numbers stay', async () => {
    const { read, router, broken, metrics } = await opened();
    broken.add('get');
    expect(await read()).toEqual([]);
    expect(await metrics.text()).toContain('process_cpu_seconds_total');
    broken.delete('get');
    expect(await read()).toHaveLength(3);
    await router.close();
  });
});

describe('the gauge of credentials', () => {
  it.each<[string, string, object]>([
    ['certificate', 'certificate_expires_soon', { not_after: new Date(start * 1000) }],
    ['client_secret', 'client_secret_expires_soon', { expires_at: new Date(start * 1000) }],
  ])('tells when a %s in use ends', async (kind, name, detail) => {
    const metrics = new Metrics([], []);
    const event = { event: 'warning', name, issuer: 'https://as.example.com', tenant: 'acme', workspace: 'demo' };
    metrics.listen({ ...event, detail: { client_id: 'shop', days_left: 3, ...detail } } as never);
    const series = `{kind="${kind}",client_id="shop",tenant="acme",workspace="demo"} ${start}`;
    expect(await metrics.text()).toContain(`oauth_credential_expiry_timestamp_seconds${series}`);
  });
});
