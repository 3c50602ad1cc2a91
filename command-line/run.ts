import { type Command, UsageError } from './command.js';
import { commands } from './commands.js';
import { failureText } from './failure-text.js';
import { commandHelp, overview, programName } from './help.js';
import { parseOptions } from './parse-options.js';
import { printableJson, printableText } from './printable.js';

/** Where a command's words go. */
export interface Streams {
  out(text: string): void;
  error(text: string): void;
}

const failure = 1;
const usage = 2;

/** Runs one command line, given without the program's name. Answers the exit code; never rejects. */
export async function run(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  { out, error }: Streams,
): Promise<number> {
  const words = args.slice(0, countWords(args));
  const command = commands.find((each) => startsWith(words, each.name));
  try {
    if (!command) {
      const help = overview(words);
      if (asksForHelp(args)) out(help);
      else if (words.length === 0) error(help);
      else throw new UsageError(`There is no command "${words.join(' ')}".`);
      return asksForHelp(args) ? 0 : usage;
    }
    return await runCommand(command, args.slice(command.name.split(' ').length), environment, out);
  } catch (thrown) {
    if (!(thrown instanceof UsageError)) {
      error(`${printableText(failureText(thrown))}\n`);
      return failure;
    }
    error(
      `${printableText(thrown.message)}\nHelp: ${[programName, command?.name, '--help'].filter(Boolean).join(' ')}\n`,
    );
    return usage;
  }
}

async function runCommand(
  command: Command,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  out: Streams['out'],
): Promise<number> {
  if (asksForHelp(args)) {
    out(commandHelp(command));
    return 0;
  }
  const given = parseOptions(command, args);
  const report = await command.run(given, environment);
  if (report) out(given.has('json') ? `${printableJson(report.json)}\n` : printableText(report.text));
  return report?.exitCode ?? 0;
}

function countWords(args: readonly string[]): number {
  const first = args.findIndex((arg) => arg.startsWith('-'));
  return first === -1 ? args.length : first;
}

function startsWith(words: readonly string[], name: string): boolean {
  return name.split(' ').every((word, index) => words[index] === word);
}

function asksForHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}
