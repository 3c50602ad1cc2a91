import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledLib } from '../support/compiled-lib.js';

/** The variables of the environment that the app reads are left out, unless a spec sets them. */
const quietEnvironment = { PATH: process.env.PATH, HOME: process.env.HOME };

/** How a process ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const running = new Set<AppProcess>();

/** Ends what a failed spec left behind. */
export async function killAll(): Promise<void> {
  await Promise.all([...running].map((app) => app.kill('SIGKILL')));
}

/** The example app as a process of its own. */
export class AppProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    program: 'example-app' | 'command-line' = 'example-app',
  ) {
    this.#child = spawn(process.execPath, [join(compiledLib(), program, 'main.js'), ...args], {
      env: { ...quietEnvironment, ...environment },
      cwd: tmpdir(),
    });
    this.#child.stdout!.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    this.#child.stderr!.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
    this.#ended = new Promise((resolve) => {
      running.add(this);
      this.#child.on('close', (code) => {
        running.delete(this);
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves with the public URL once the banner is there. */
  async listening(): Promise<string> {
    let over = false;
    void this.#ended.then(() => {
      over = true;
    });
    while (!over) {
      const url = /^Listening on (\S+)\n[\s\S]*\n$/.exec(this.stdout)?.[1];
      if (url !== undefined) return url;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`The app ended: ${this.stderr}`);
  }

  /** Resolves with the first whole line of the log that holds `text`: it may come after the reply. */
  async logged(text: string): Promise<string> {
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      const line = this.stderr
        .split('\n')
        .slice(0, -1)
        .find((each) => each.includes(text));
      if (line !== undefined) return line;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`No log line has ${text}`);
  }

  ended(): Promise<Ended> {
    return this.#ended;
  }

  kill(signal: NodeJS.Signals): Promise<Ended> {
    this.#child.kill(signal);
    return this.#ended;
  }
}

/** What a command line of the banner answered. */
export function shell(command: string): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn('bash', ['-c', command], { env: quietEnvironment, cwd: '/' });
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

/** Directories that go away with `remove()`. */
export class Scratch {
  readonly #made: string[] = [];

  directory(): string {
    const path = mkdtempSync(join(tmpdir(), 'example-app-'));
    this.#made.push(path);
    return path;
  }

  remove(): void {
    for (const path of this.#made.splice(0)) rmSync(path, { recursive: true, force: true });
  }
}
