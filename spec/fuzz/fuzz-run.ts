import fc from 'fast-check';
import { drawFrom, mutate } from './byte-mutator.js';

/** Printed in the names of the specs; set FUZZ_SEED to repeat a run. */
export const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 2_147_483_647);
/** Of the whole run; `npm run fuzz` sets more. */
export const seconds = Number(process.env.FUZZ_SECONDS ?? 11);
/** Milliseconds of the processor for one input. */
export const mostMilliseconds = 50;

/** Right inputs that were spoilt, and octets and text of no sense. */
export function inputs(samples: readonly (string | Buffer)[]): fc.Arbitrary<Buffer> {
  const originals = samples.map((sample) => Buffer.from(sample as Buffer));
  const spoilt = fc.tuple(fc.nat(originals.length - 1), fc.nat()).map(([index, draw]) => {
    return mutate(originals[index] as Buffer, originals, drawFrom(draw));
  });
  return fc.oneof(
    { arbitrary: spoilt, weight: 8 },
    { arbitrary: fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets)), weight: 1 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)), weight: 1 },
  );
}

const fewestRuns = 10;

/**
 * Ten runs, and then as many as fit into the time. What a failure throws tells its seed and path, and the smallest
 * input that still fails.
 */
export async function runFor<Input>(milliseconds: number, property: fc.IAsyncProperty<Input>): Promise<void> {
  await fc.assert(property, { seed, numRuns: fewestRuns });
  const details = await fc.check(property, {
    seed,
    interruptAfterTimeLimit: milliseconds,
    numRuns: Number.MAX_SAFE_INTEGER,
  });
  // A busy machine may not come to a single one.
  if (details.failed && details.counterexample !== null) throw new Error(fc.defaultReportMessage(details));
}

/**
 * Throws where one input takes too long. A busy machine makes anything look slow, so a slow one is tried three times
 * more, alone, by the time of the processor.
 */
export function timed(attempt: () => void): void {
  const begin = performance.now();
  attempt();
  if (performance.now() - begin <= mostMilliseconds) return;
  const quickest = Math.min(...[1, 2, 3].map(() => processorTime(attempt)));
  if (quickest > mostMilliseconds) throw new Error(`took ${quickest} ms`);
}

function processorTime(attempt: () => void): number {
  const before = process.cpuUsage();
  attempt();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
