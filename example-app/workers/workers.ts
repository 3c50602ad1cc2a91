import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { readConfiguration } from '../configuration/configuration.js';
import type { Settings } from '../flags.js';
import { Listener } from '../listener.js';
import { makeLog } from '../log.js';
import type { RunningServer } from '../run.js';
import { StartUpError } from '../start-up-error.js';
import { WorkerPlace } from './worker-place.js';

/**
 * Starts `count` processes that share each port, and goes on replacing those that end. Rejects with StartUpError, in
 * the words of the worker that could not start.
 */
export async function startWorkers(count: number, settings: Settings): Promise<RunningServer> {
  const shared = await settle(settings);
  cluster.setupPrimary({ exec: fileURLToPath(new URL('worker.js', import.meta.url)), args: [] });
  const log = makeLog();
  const places = Array.from({ length: count }, () => new WorkerPlace(shared, log));
  const stop = async () => {
    await Promise.all(places.map((place) => place.close()));
  };
  const [first, ...others] = places as [WorkerPlace, ...WorkerPlace[]];
  try {
    // Alone, because what is made on a first start is made by it: the others find keys and certificates.
    const banner = await first.open(true);
    await Promise.all(others.map((place) => place.open(false)));
    return { banner, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** What must be the same for all workers, whenever they begin. */
async function settle(settings: Settings): Promise<Settings> {
  const file = settings.config === undefined ? undefined : readConfiguration(settings.config);
  if ((settings.store ?? file?.store)?.startsWith('memory:')) {
    throw new StartUpError(
      'store: memory: is inside one process, and --workers starts several: each would accept the same code once. Choose lmdb:DIR, redis:// or postgres:// with --store, or leave --workers out.',
    );
  }
  if ((settings.port ?? file?.port) !== 0) return settings;
  // The issuer has the port in it: a worker that comes when all others have died must not get another one.
  const host = settings.host ?? file?.host ?? '127.0.0.1';
  const holder = await Listener.open({ host, port: 0, tls: false, clientCertificates: false, name: 'listen' });
  const { port } = holder;
  await holder.drain();
  return { ...settings, port };
}
