import { existsSync } from 'node:fs';
import { eventLine, type GrantRouter, type Store } from '../index.js';
import { makeAuthorizationServer } from './authorization-server.js';
import { DataDirectory } from './data-directory.js';
import type { Settings } from './flags.js';
import { makeLog } from './log.js';
import { openState, prepare } from './start.js';
import { StartUpError } from './start-up-error.js';

/**
 * The protocol side of a server that was started before with these settings, and may be running: for operators. It
 * listens nowhere and makes nothing. What the work on it tells goes to stderr as JSON lines. Close it. Rejects with
 * StartUpError.
 */
export async function openExisting(settings: Settings): Promise<GrantRouter> {
  const prepared = await prepare(settings, DataDirectory.existing);
  const port = settings.port ?? prepared.file?.port ?? 8443;
  const publicUrl = settings.publicUrl ?? prepared.file?.publicUrl ?? new URL(`https://localhost:${port}`).origin;
  const { configuration, secretKeys, store } = await openState(prepared, publicUrl, refuseAbsentStore(settings));
  try {
    // What a server warns of when it starts was said when it started.
    let working = false;
    const event: ReturnType<typeof makeLog>['event'] = (told) => {
      if (working) process.stderr.write(`${eventLine(told)}\n`);
    };
    const log = { ...makeLog(), event };
    const router = makeAuthorizationServer(configuration, { publicUrl, store, secretKeys, delivery: undefined, log });
    working = true;
    return router;
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}

/** The store of such a server alone. Close it. Rejects with StartUpError. */
export async function openExistingStore(settings: Settings): Promise<Store> {
  const prepared = await prepare(settings, DataDirectory.existing);
  // Issuers stand in no key of what is looked for, so any public URL does.
  const publicUrl = settings.publicUrl ?? prepared.file?.publicUrl ?? 'https://localhost';
  const { store } = await openState(prepared, publicUrl, refuseAbsentStore(settings));
  return store;
}

const refuseAbsentStore = (settings: Settings) => (url: string) => {
  if (url.startsWith('memory:')) {
    throw new StartUpError('store: memory: is inside the process that serves, and nobody else can reach it.');
  }
  const directory = /^lmdb:(.*)$/.exec(url)?.[1];
  if (directory !== undefined && !existsSync(directory)) {
    // Each configuration has a store of its own, beside the demo's in the same data directory.
    const otherwise = settings.config === undefined ? ' With --config? Name it here, too.' : '';
    throw new StartUpError(`store: there is none at ${directory}. Has the server been started?${otherwise}`);
  }
};
