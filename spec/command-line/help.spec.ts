import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, jest } from '@jest/globals';
import { commands } from '../../command-line/commands.js';
import { flagNames } from '../../example-app/flags.js';
import { run } from './run-command.js';
import { runHere } from './run-here.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Each command is a process that starts.
jest.setTimeout(60_000);

const names = commands.map(({ name }) => name);

describe('help', () => {
  it('lists every command with what it does', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { name, summary } of commands) expect(stdout).toMatch(new RegExp(`^ {2}${name} +${summary}$`, 'm'));
    expect(stdout).toContain('Exit codes: 0 it is done, 1 it failed, 2 the command line is wrong.');
  });

  it('of a group lists its commands alone', async () => {
    const { code, stdout } = await run(['keys', '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain('  keys rotate  ');
    expect(stdout).not.toContain('  tokens revoke  ');
  });

  it.each(names)('of %s teaches its options and shows how it is used', async (name) => {
    const { code, out: stdout, error } = await runHere(...name.split(' '), '-h');
    expect({ code, error }).toEqual({ code: 0, error: '' });
    const { options = {}, summary } = commands.find((each) => each.name === name) ?? {};
    expect(stdout).toMatch(new RegExp(`^express-client-auth ${name}( [A-Z]+)* \\[OPTIONS\\]\n\n`));
    expect(stdout).toContain(`\n${summary}.\n`);
    for (const option of [...Object.keys(options), 'json', 'help']) {
      expect(stdout).toMatch(new RegExp(`^ {2}--${option}( [A-Z/]+)? {2,}\\S`, 'm'));
    }
    expect(stdout).toContain(`\nExamples\n  express-client-auth ${name}`);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(120);
  });

  it('serve takes every flag of the app', () => {
    const { options = {} } = commands.find(({ name }) => name === 'serve') ?? {};
    expect(Object.keys(options).sort()).toEqual([...flagNames].sort());
  });

  it('no option takes a secret', () => {
    const every = commands.flatMap(({ options }) => Object.keys(options));
    expect(every.filter((name) => /secret|password|token|key/.test(name))).toEqual([]);
  });

  it('is on a page, command by command and option by option', () => {
    const page = readFileSync(join(root, 'docs/command-line.md'), 'utf8');
    for (const { name, options } of commands) {
      expect(page).toContain(`\`${name}\``);
      for (const option of Object.keys(options)) expect(page).toContain(`--${option}`);
    }
  });
});

describe('a wrong command line', () => {
  it.each<[string, string[], string]>([
    ['a command nobody knows', ['key', 'list'], 'There is no command "key list".\nHelp: express-client-auth --help\n'],
    ['half a command', ['keys'], 'There is no command "keys".'],
    ['an option nobody knows', ['keys', 'list', '--colour'], "Unknown option '--colour'"],
    ['an option of another command', ['keys', 'list', '--now'], "Unknown option '--now'"],
    ['a word too many', ['keys', 'list', 'acme/demo'], "Unexpected argument 'acme/demo'"],
    ['an option without its value', ['keys', 'list', '--config'], "Option '--config <value>' argument missing"],
    ['an empty value', ['keys', 'list', '--config='], '--config must not be empty.'],
    ['two values', ['keys', 'list', '--store', 'memory:', '--store=memory:'], '--store stands there twice.'],
    ['a store of no known kind', ['keys', 'list', '--store', 'file:x'], '--store: must be'],
    ['nobody to revoke', ['tokens', 'revoke', '--workspace', 'a/b'], 'Whose tokens?'],
    ['two to revoke', ['tokens', 'revoke', '--subject', 'a', '--client', 'b', '--workspace', 'a/b'], 'Whose tokens?'],
    ['nowhere to revoke', ['tokens', 'revoke', '--subject', 'a'], 'Where? Give --workspace'],
  ])('%s: exit code 2, nothing on stdout, and where help is', async (_name, args, expected) => {
    const { code, stdout, stderr } = await run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(expected);
    expect(stderr).toMatch(/\nHelp: express-client-auth .*--help\n$/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('nothing at all: help on stderr, exit code 2', async () => {
    const { code, stdout, stderr } = await run([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('keys rotate');
  });
});
