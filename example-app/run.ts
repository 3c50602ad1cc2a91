import { missingPackageText } from './missing-package.js';
import { StartUpError } from './start-up-error.js';

/** A server that runs. */
export interface RunningServer {
  /** For stdout. */
  readonly banner: string;
  /** Answers the requests in hand, ten seconds at most, and lets go of everything. */
  stop(): Promise<void>;
}

/** What is run, and who hears of it. */
export interface Run {
  /** Rejects with StartUpError. */
  start(): Promise<RunningServer>;
  announce(banner: string): Promise<void> | void;
  refuse(reason: string): Promise<void> | void;
}

/** Longer than a server takes to stop in order. */
const stopMilliseconds = 12_000;

/** Runs a server until a signal comes. Ends the process: 0 when it was told to stop, 1 when it cannot start. */
export async function runUntilStopped({ start, announce, refuse }: Run): Promise<void> {
  let running: RunningServer | undefined;
  const stop = async () => {
    setTimeout(() => process.exit(1), stopMilliseconds).unref();
    await running?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
  try {
    running = await start();
    await announce(running.banner);
  } catch (thrown) {
    await refuse(explain(thrown));
    process.exit(1);
  }
}

function explain(thrown: unknown): string {
  if (thrown instanceof StartUpError) return thrown.message;
  const missing = missingPackageText(thrown);
  if (missing !== undefined) return missing;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}
