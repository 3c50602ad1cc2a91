import { Gauge, type Registry } from 'prom-client';
import { type GrantRouter, listSigningKeys, type WorkspaceSigningKey } from '../../index.js';

type KeySource = Pick<GrantRouter, 'workspaces'>;

interface KeyTime {
  readonly name: string;
  readonly help: string;
  /** A further label. */
  readonly label?: 'state';
  /** Seconds since 1970. */
  of(key: WorkspaceSigningKey): number | undefined;
}

const times: readonly KeyTime[] = [
  {
    name: 'oauth_signing_key_rotation_timestamp_seconds',
    help: 'When the key that signs is replaced',
    of: ({ state, retires_at, rotates_at }) => (state === 'active' ? (retires_at ?? rotates_at) : undefined),
  },
  {
    name: 'oauth_signing_key_creation_timestamp_seconds',
    help: 'When a signing key was made, the oldest of its state',
    label: 'state',
    of: ({ created }) => created,
  },
  {
    name: 'oauth_signing_key_removal_timestamp_seconds',
    help: 'When the next signing key leaves the JWKS',
    of: ({ removed_at }) => removed_at,
  },
];

/** Gauges for the times of signing keys. They are asked for when Prometheus reads; a store that is away tells none. */
export function addKeyGauges(source: KeySource, registry: Registry): void {
  let reading: Promise<readonly WorkspaceSigningKey[]> | undefined;
  // Once for all gauges, which are read at the same time.
  const read = () => {
    reading ??= listSigningKeys(source)
      .catch(() => [])
      .finally(() => {
        reading = undefined;
      });
    return reading;
  };
  for (const time of times) addGauge(time, read, registry);
}

function addGauge(
  { name, help, label, of }: KeyTime,
  read: () => Promise<readonly WorkspaceSigningKey[]>,
  registry: Registry,
): void {
  new Gauge({
    name,
    help,
    labelNames: ['alg', 'tenant', 'workspace', ...(label ? [label] : [])],
    // Workers tell the same, but for what one has not heard yet.
    aggregator: 'min',
    registers: [registry],
    async collect() {
      const keys = await read();
      this.reset();
      // Of several with the same labels the earliest stays, which is set last.
      for (const key of [...keys].sort((one, other) => (of(other) ?? 0) - (of(one) ?? 0))) {
        const { alg, tenant = '', workspace = '', state } = key;
        const time = of(key);
        if (time !== undefined) this.set({ alg, tenant, workspace, ...(label && { state }) }, time);
      }
    },
  });
}
