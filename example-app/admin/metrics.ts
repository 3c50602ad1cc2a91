import cluster from 'node:cluster';
import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { AuthorizationServerEvent, EventListener, GrantRouter } from '../../index.js';
import { gatheredMetrics } from '../workers/gathered-metrics.js';
import { addKeyGauges } from './key-gauges.js';

/** Counts what the events tell, for Prometheus. Labels come from closed lists: no caller can add time series. */
export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #requests = new Counter({
    name: 'oauth_requests_total',
    help: 'Requests at endpoints, by outcome and private reason',
    labelNames: ['event', 'outcome', 'error', 'reason', 'method', 'grant_type', 'tenant', 'workspace'] as const,
    registers: [this.#registry],
  });
  readonly #warnings = new Counter({
    name: 'oauth_warnings_total',
    help: 'Things an operator should look at',
    labelNames: ['name', 'tenant', 'workspace'] as const,
    registers: [this.#registry],
  });
  readonly #expiries = new Gauge({
    name: 'oauth_credential_expiry_timestamp_seconds',
    help: 'When a credential in use ends, for those that end within 30 days',
    labelNames: ['kind', 'client_id', 'tenant', 'workspace'] as const,
    aggregator: 'min',
    registers: [this.#registry],
  });
  readonly #durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'From the first byte of a request to the last of its reply',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    labelNames: ['status'] as const,
    registers: [this.#registry],
  });
  readonly #methods: ReadonlySet<string>;
  readonly #grants: ReadonlySet<string>;

  /** `methods` and `grants`: the names of all there are. */
  constructor(methods: Iterable<string>, grants: Iterable<string>) {
    this.#methods = new Set(methods);
    this.#grants = new Set(grants);
    this.contentType = this.#registry.contentType;
    collectDefaultMetrics({ register: this.#registry });
    // One of several workers answers the primary, which adds them up.
    if (cluster.isWorker) new AggregatorRegistry();
    AggregatorRegistry.setRegistries([this.#registry]);
  }

  readonly listen: EventListener = (event) => {
    const { tenant = '', workspace = '' } = event;
    if (event.event === 'warning') {
      this.#warnings.inc({ name: event.name, tenant, workspace });
      this.#noteExpiry(event);
      return;
    }
    const { outcome, error = '', reason = '', method, grant_type } = event;
    this.#requests.inc({
      event: event.event,
      outcome,
      error,
      reason,
      method: among(this.#methods, method),
      grant_type: among(this.#grants, grant_type),
      tenant,
      workspace,
    });
  };

  /** Takes the time of one answered request, in seconds. */
  noteDuration(status: number, seconds: number): void {
    this.#durations.observe({ status }, seconds);
  }

  /** Tells of the signing keys too. To be called once. */
  watchKeys(router: Pick<GrantRouter, 'workspaces'>): void {
    addKeyGauges(router, this.#registry);
  }

  /** The text Prometheus reads, of all workers. */
  text(): Promise<string> {
    return cluster.isWorker ? gatheredMetrics() : this.#registry.metrics();
  }

  #noteExpiry({ name, detail, tenant = '', workspace = '' }: AuthorizationServerEvent & { event: 'warning' }): void {
    const kind = /^(\w+)_expires_soon$/.exec(name)?.[1];
    const { client_id, not_after, expires_at } = detail;
    const end = not_after ?? expires_at;
    if (kind === undefined || !(end instanceof Date) || typeof client_id !== 'string') return;
    this.#expiries.set({ kind, client_id, tenant, workspace }, end.getTime() / 1000);
  }
}

function among(known: ReadonlySet<string>, value: string | undefined): string {
  if (value === undefined) return '';
  return known.has(value) ? value : 'other';
}
