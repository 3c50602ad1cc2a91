import { parseArgs } from 'node:util';
import { type Command, type GivenOptions, UsageError } from './command.js';

/** Reads the options of a command. Throws UsageError. */
export function parseOptions(command: Command, args: readonly string[]): GivenOptions {
  const { values, operands } = parse(command, args);
  return {
    text: (name) => {
      const [text, second] = [values[name]].flat();
      if (second !== undefined) throw new UsageError(`--${name} stands there twice.`);
      if (text === '') throw new UsageError(`--${name} must not be empty.`);
      return typeof text === 'string' ? text : undefined;
    },
    has: (name) => values[name] !== undefined,
    operand: operands[0] ?? '',
    operands,
  };
}

function parse({ options, operand }: Command, args: readonly string[]) {
  const declared = Object.entries(options).map(([name, { value }]) => [
    name,
    // Of two values none may win in silence.
    value === undefined ? { type: 'boolean' as const } : { type: 'string' as const, multiple: true },
  ]);
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...Object.fromEntries(declared), json: { type: 'boolean' } },
      strict: true,
      allowPositionals: operand !== undefined,
    });
    const words: readonly string[] = positionals;
    const wanted = operand?.split(' ') ?? [];
    if (words.length !== wanted.length || words.includes('')) {
      throw new UsageError(
        wanted.length === 1 ? `There must be one ${operand}.` : `There must be ${wanted.join(' and ')}.`,
      );
    }
    return {
      values: values as Readonly<Record<string, string | boolean | string[] | undefined>>,
      operands: words,
    };
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}
