import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Settings } from '../flags.js';
import type { Log } from '../log.js';
import { StartUpError } from '../start-up-error.js';
import { gatherMetrics, isMetricsMessage, type MetricsMessage } from './gathered-metrics.js';
import type { WorkerOrder, WorkerReport } from './messages.js';

/** Milliseconds until a worker that ended is replaced; the longer the more often it ends. */
const shortestDelay = 100;
const longestDelay = 10_000;
/** Milliseconds after which a worker counts as sound. */
const trialMilliseconds = 30_000;

/** One of the workers, and whoever follows it when it ends. */
export class WorkerPlace {
  readonly #settings: Settings;
  readonly #log: Log;
  #worker: Worker | undefined;
  #opened = false;
  #closing = false;
  #delay = shortestDelay;
  #replacement: NodeJS.Timeout | undefined;

  constructor(settings: Settings, log: Log) {
    this.#settings = settings;
    this.#log = log;
  }

  /** Starts the first worker, and resolves with its banner when it listens. Rejects with StartUpError. */
  async open(tellsDoubts: boolean): Promise<string> {
    const banner = await this.#start(tellsDoubts);
    this.#opened = true;
    return banner;
  }

  /** Resolves when the worker has answered what it had in hand, and ended. */
  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#replacement);
    const worker = this.#worker;
    if (!worker || worker.isDead()) return;
    const ended = once(worker, 'exit');
    worker.process.kill('SIGTERM');
    await ended;
  }

  #start(tellsDoubts: boolean): Promise<string> {
    const worker = cluster.fork();
    const begun = Date.now();
    this.#worker = worker;
    const order: WorkerOrder = { settings: this.#settings, tellsDoubts };
    return new Promise((resolve, reject) => {
      let reason: string | undefined;
      worker.on('message', (report: WorkerReport | MetricsMessage) => {
        if (isMetricsMessage(report)) void gatherMetrics(report, worker);
        // What goes wrong with the order shows by the worker's end.
        else if ('waits' in report) worker.send(order, () => undefined);
        else if ('ready' in report) resolve(report.ready);
        else if ('failed' in report) reason = report.failed;
      });
      worker.on('error', (cause) => reject(new StartUpError(`A worker cannot be run: ${cause.message}`, { cause })));
      worker.once('exit', (code, signal) => {
        const how = signal ?? `exit code ${code}`;
        reject(new StartUpError(reason ?? `A worker ended before it listened: ${how}`));
        if (this.#opened && !this.#closing) this.#replaceLater(begun, reason ?? how);
      });
    });
  }

  #replaceLater(begun: number, reason: string): void {
    if (Date.now() - begun >= trialMilliseconds) this.#delay = shortestDelay;
    const detail = { pid: this.#worker?.process.pid, reason, replaced_in: this.#delay / 1000 };
    this.#log.warning('worker_ended', { detail });
    // Its failure has been told above, and is followed by another try.
    this.#replacement = setTimeout(() => void this.#start(false).catch(() => undefined), this.#delay);
    this.#delay = Math.min(2 * this.#delay, longestDelay);
  }
}
