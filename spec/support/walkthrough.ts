import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformSync } from '@swc/core';
import { compiledLib } from './compiled-lib.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const name = 'express-client-auth';

/** A fenced block of a page, as a reader takes it. */
export type Step =
  /** A file that the reader writes: its first line is a comment with the name. */
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'commands'; readonly text: string }
  /** One command that goes on. */
  | { readonly kind: 'server'; readonly text: string }
  /** What the commands before it print. */
  | { readonly kind: 'output'; readonly text: string }
  /** What the server that was started last prints, and then what any server prints meanwhile. */
  | { readonly kind: 'started'; readonly text: string }
  | { readonly kind: 'log'; readonly text: string };

/** The steps of a page, in order. The first text shown after commands is their output, any other one a server's. */
export function stepsOf(page: string): Step[] {
  const steps: Step[] = [];
  for (const [, language = '', text = ''] of page.matchAll(/^```(sh|[jt]s|json|text)\n(.*?)^```$/gms)) {
    const file = /^\/\/ (\S+\.[a-z]+)\n/.exec(text)?.[1];
    if (file !== undefined) steps.push({ kind: 'file', name: file, text });
    else if (language === 'sh') steps.push({ kind: isServer(text) ? 'server' : 'commands', text });
    else if (language === 'json' || language === 'text') steps.push({ kind: shownAfter(steps.at(-1)?.kind), text });
    else throw new Error(`Code without the name of a file:\n${text}`);
  }
  return steps;
}

function shownAfter(kind: Step['kind'] | undefined): 'output' | 'started' | 'log' {
  if (kind === 'commands') return 'output';
  return kind === 'server' ? 'started' : 'log';
}

const isServer = (text: string) => /^(?:[A-Z_]+=\S+ )*(?:node [\w./-]+\.js|npm run start)\n$/.test(text);

/** Whether `real` is, somewhere, what a page shows: blanks do not count, and `...` stands for anything. */
export function isAsShown(shown: string, real: string): boolean {
  const bare = (text: string) => text.replace(/\s+/g, '');
  const pieces = bare(shown)
    .split('...')
    .map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(pieces.join('.*')).test(bare(real));
}

/** Somebody with a shell in an empty directory, who does what a page says. */
export class Walkthrough {
  readonly #directory = mkdtempSync(join(realpathSync(tmpdir()), 'walkthrough-'));
  readonly #replacements: Map<string, string>;
  readonly #shell: ChildProcess;
  #stdout = '';
  #stderr = '';
  #servers = 0;

  /** @param replacements What stands on the page for something that is elsewhere here, such as the URL of a store. */
  constructor(replacements: Readonly<Record<string, string>> = {}) {
    this.#replacements = new Map(Object.entries(replacements));
    // A process group of its own, so that servers end with it.
    this.#shell = spawn('bash', [], {
      cwd: this.#directory,
      detached: true,
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    });
    this.#shell.stdout!.on('data', (chunk: Buffer) => {
      this.#stdout += chunk.toString();
    });
    this.#shell.stderr!.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
    this.#shell.stdin!.write('npm() { [ "$1" = install ] || command npm "$@"; }\n');
  }

  /** Begins in a Nest application, whose sources are in src/. */
  beginInNest(): void {
    for (const each of ['common', 'core', 'platform-express']) this.#link(`@nestjs/${each}`);
    this.#link('reflect-metadata');
    const application = { name: 'shop', type: 'module', scripts: { start: 'node dist/main.js' } };
    writeFileSync(join(this.#directory, 'package.json'), JSON.stringify(application));
  }

  /** Takes each step. Rejects at the first that does not give what is shown. */
  async follow(page: string): Promise<void> {
    this.#linkPackages(page);
    const text = await this.#replaced(page);
    let output = '';
    for (const step of stepsOf(text)) {
      if (step.kind === 'file') await this.#write(step.name, step.text);
      else if (step.kind === 'commands') output = await this.#run(step.text);
      else if (step.kind === 'server') await this.#start(step.text);
      else if (step.kind === 'started') await this.#logged(step.text, `server-${this.#servers}.log`);
      else if (step.kind === 'log') await this.#logged(step.text, 'server-*.log');
      else if (!isAsShown(step.text, output))
        throw new Error(`Not as shown:\n${step.text}\n${output}\n${this.#stderr}`);
    }
  }

  close(): void {
    if (this.#shell.pid !== undefined) process.kill(-this.#shell.pid, 'SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** What the page installs is there, above the directory that it makes; anything else is not. */
  #linkPackages(page: string): void {
    const modules = join(this.#directory, 'node_modules');
    const installed = [...page.matchAll(/^npm install (.*)$/gm)].flatMap(([, names = '']) => names.split(' '));
    for (const each of installed.filter((word) => word !== name && !word.startsWith('-'))) this.#link(each);
    mkdirSync(join(modules, name), { recursive: true });
    mkdirSync(join(modules, '.bin'));
    copyFileSync(join(root, 'package.json'), join(modules, name, 'package.json'));
    symlinkSync(compiledLib(), join(modules, name, 'dist'));
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const program = join(modules, name, bin[name]);
    writeFileSync(join(modules, '.bin', name), `#!/bin/sh\nexec node ${program} "$@"\n`, { mode: 0o755 });
  }

  #link(each: string): void {
    const path = join(this.#directory, 'node_modules', each);
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(join(root, 'node_modules', each), path);
  }

  /** With ports that are free. */
  async #replaced(page: string): Promise<string> {
    for (const [port] of page.matchAll(/\b(?:8443|300\d)\b/g)) {
      if (!this.#replacements.has(port)) this.#replacements.set(port, String(await freePort()));
    }
    return [...this.#replacements].reduce((text, [from, to]) => text.replaceAll(from, to), page);
  }

  async #write(file: string, text: string): Promise<void> {
    const path = join((await this.#run('pwd')).trim(), file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    if (path.endsWith('.ts')) writeCompiled(path, text);
  }

  async #start(command: string): Promise<void> {
    this.#servers += 1;
    await this.#run(`${command.trim()} > ${this.#directory}/server-${this.#servers}.log 2>&1 &`);
  }

  async #logged(shown: string, file: string): Promise<void> {
    const deadline = Date.now() + 30_000;
    for (;;) {
      const said = await this.#run(`cat ${this.#directory}/${file}`);
      if (isAsShown(shown, said)) return;
      if (Date.now() > deadline) throw new Error(`No server said:\n${shown}\nbut:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What commands print to stdout. */
  async #run(commands: string): Promise<string> {
    const end = `<end ${process.hrtime.bigint()}>`;
    const from = this.#stdout.length;
    this.#shell.stdin!.write(`${commands.trimEnd()}\nprintf '%s' '${end}'\n`);
    const deadline = Date.now() + 60_000;
    while (!this.#stdout.includes(end, from)) {
      if (Date.now() > deadline)
        throw new Error(`No end of:\n${commands}\n${this.#stdout.slice(from)}\n${this.#stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return this.#stdout.slice(from, this.#stdout.indexOf(end, from));
  }
}

/** As the compiler of a Nest application does: decorators, and the types of parameters with them. */
function writeCompiled(path: string, source: string): void {
  const target = path.replace('/src/', '/dist/').replace(/\.ts$/, '.js');
  mkdirSync(dirname(target), { recursive: true });
  const { code } = transformSync(source, {
    swcrc: false,
    jsc: {
      parser: { syntax: 'typescript', decorators: true },
      target: 'es2022',
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
  });
  writeFileSync(target, code);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
