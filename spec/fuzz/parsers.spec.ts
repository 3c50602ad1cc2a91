import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inputs, runFor, seconds, seed, timed } from './fuzz-run.js';
import { isRefusal, parsers } from './parsers.js';

const share = (seconds * 600) / parsers.length;

describe(`every parser, FUZZ_SEED=${seed}`, () => {
  it.each(parsers.map((parser) => [parser.name, parser] as const))(
    '%s neither crashes nor hangs',
    async (_name, { samples, read }) => {
      const attempt = (octets: Buffer) => {
        try {
          read(octets);
        } catch (thrown) {
          if (!isRefusal(thrown)) throw thrown;
        }
      };
      expect(samples.map((sample) => Boolean(read(Buffer.from(sample as Buffer))))).toContain(true);
      await runFor(
        share,
        fc.asyncProperty(inputs(samples), async (octets) => timed(() => attempt(octets))),
      );
    },
    share * 4 + 30_000,
  );
});
