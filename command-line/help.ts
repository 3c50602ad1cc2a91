import type { Command } from './command.js';
import { commands } from './commands.js';
import { columns } from './table.js';

export const programName = 'express-client-auth';

const exitCodes = 'Exit codes: 0 it is done, 1 it failed, 2 the command line is wrong.';

/** The commands that begin with these words, or all where none does. */
export function overview(words: readonly string[]): string {
  const group = commands.filter(({ name }) => words.length > 0 && name.startsWith(`${words.join(' ')} `));
  const listed = group.length > 0 ? group : commands;
  return text([
    `${programName} COMMAND [OPTIONS]`,
    '',
    'Runs the authorization server, and works on the keys and tokens of one that runs.',
    '',
    'Commands',
    ...columns(listed.map(({ name, summary }) => [`  ${name}`, summary])),
    '',
    `What a command does and takes: ${programName} ${listed.at(-1)?.name} --help`,
    'Secrets never stand on the command line: they are in the configuration, the data directory, a file or stdin.',
    exitCodes,
  ]);
}

/** All about one command. */
export function commandHelp({ name, operand, summary, options, details, examples }: Command): string {
  const every = { ...options, json: { description: 'answer with JSON' }, help: { description: 'show this' } };
  const rows = Object.entries(every).map(([option, { value, description }]: [string, Command['options'][string]]) => [
    `  --${option}${value === undefined ? '' : ` ${value}`}`,
    description,
  ]);
  return text([
    `${[programName, name, operand].filter(Boolean).join(' ')} [OPTIONS]`,
    '',
    `${summary}.`,
    ...(details.length > 0 ? ['', ...details] : []),
    '',
    'Options',
    ...columns(rows),
    '',
    'Examples',
    ...examples.map((example) => `  ${programName} ${example}`),
    '',
    exitCodes,
  ]);
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`;
}
