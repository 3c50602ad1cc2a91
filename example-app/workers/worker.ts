import { runUntilStopped } from '../run.js';
import { start } from '../start.js';
import type { WorkerOrder, WorkerReport } from './messages.js';

// A process that Workers has forked: one server among several on the same port.
process.once('message', ({ settings, tellsDoubts }: WorkerOrder) => {
  void runUntilStopped({
    start: () => start(settings, tellsDoubts),
    announce: (ready) => report({ ready }),
    refuse: (failed) => report({ failed }),
  });
});
// What is sent before anybody listens is lost.
void report({ waits: true });

/** Resolves when it has left this process, or there is nobody to hear it. */
function report(said: WorkerReport): Promise<void> {
  return new Promise((resolve) => {
    if (process.send) process.send(said, undefined, undefined, () => resolve());
    else resolve();
  });
}
