import { readSettings } from './flags.js';
import { type RunningServer, start } from './start.js';
import { StartUpError } from './start-up-error.js';

/** Longer than a server takes to stop in order. */
const stopMilliseconds = 12_000;

async function main(): Promise<void> {
  let running: RunningServer | undefined;
  const stop = async () => {
    setTimeout(() => process.exit(1), stopMilliseconds).unref();
    await running?.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop());
  // Who reads only the first lines of the banner must not end the server.
  process.stdout.on('error', () => undefined);
  try {
    running = await start(readSettings(process.argv.slice(2), process.env));
    process.stdout.write(running.banner);
  } catch (thrown) {
    process.stderr.write(`Cannot start.\n${explain(thrown)}\n`);
    process.exit(1);
  }
}

function explain(thrown: unknown): string {
  if (thrown instanceof StartUpError) return thrown.message;
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
}

void main();
