import type { Worker } from 'node:cluster';
import type { AggregatorRegistry } from 'prom-client';

/** A worker asks its primary for the numbers of all workers, and is answered under the same name. */
export interface MetricsMessage {
  readonly metricsFor: number;
  readonly text?: string;
}

export function isMetricsMessage(message: unknown): message is MetricsMessage {
  return typeof message === 'object' && message !== null && 'metricsFor' in message;
}

let asked = 0;

/** In a worker: the numbers of all workers. Rejects after five seconds. */
export function gatheredMetrics(): Promise<string> {
  asked += 1;
  const own = asked;
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timeout);
      process.off('message', hear);
      settle();
    };
    const hear = (message: unknown) => {
      if (!isMetricsMessage(message) || message.metricsFor !== own) return;
      const { text } = message;
      end(() => (text === undefined ? reject(new Error('The workers gave no metrics')) : resolve(text)));
    };
    const timeout = setTimeout(() => end(() => reject(new Error('The primary gave no metrics'))), 5000);
    process.on('message', hear);
    process.send?.({ metricsFor: own } satisfies MetricsMessage);
  });
}

let registry: Promise<AggregatorRegistry<'text/plain; version=0.0.4; charset=utf-8'>> | undefined;

/** In the primary: answers a worker that asked. */
export async function gatherMetrics({ metricsFor }: MetricsMessage, worker: Worker): Promise<void> {
  registry ??= import('prom-client').then((client) => new client.AggregatorRegistry());
  const text = await registry.then((all) => all.clusterMetrics()).catch(() => undefined);
  if (worker.isConnected()) worker.send({ metricsFor, ...(text !== undefined && { text }) });
}
