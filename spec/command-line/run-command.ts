import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ended } from '../example-app/run-app.js';
import { compiledLib } from '../support/compiled-lib.js';

/** Runs the command line as a process of its own, in a directory that is not the server's. */
export function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(compiledLib(), 'command-line', 'main.js'), ...args], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment },
      cwd: tmpdir(),
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The lines of a log, read. */
export function events(stderr: string): { readonly name?: string; readonly detail?: Record<string, unknown> }[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
