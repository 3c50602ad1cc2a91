import { asksForHelp, readSettings } from './flags.js';
import { help } from './help.js';
import { type RunningServer, runUntilStopped } from './run.js';
import { start } from './start.js';
import { startWorkers } from './workers/workers.js';

/** Runs the app until a signal comes, or shows its help. Ends the process: 0 when it was told to stop, 1 when it cannot start. */
export async function serve(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<void> {
  if (asksForHelp(args)) {
    process.stdout.write(help);
    return;
  }
  // Who reads only the first lines of the banner must not end the server.
  process.stdout.on('error', () => undefined);
  await runUntilStopped({
    start: () => startAsTold(args, environment),
    announce: (banner) => void process.stdout.write(banner),
    refuse: (reason) => void process.stderr.write(`Cannot start.\n${reason}\n`),
  });
}

async function startAsTold(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<RunningServer> {
  const { workers = 1, ...settings } = readSettings(args, environment);
  return workers === 1 ? start(settings) : startWorkers(workers, settings);
}
