import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';

/** A redis-server of a spec's own, which it may stop, freeze and start again. */
export class RedisProcess {
  readonly port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'spec-redis-'));
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;

  private constructor(port: number, settings: Readonly<Record<string, string>>) {
    this.port = port;
    this.#settings = { port: String(port), bind: '127.0.0.1', save: '', dir: this.#directory, ...settings };
  }

  /** `settings` are those of redis.conf. */
  static async start(settings: Readonly<Record<string, string>> = {}): Promise<RedisProcess> {
    const server = new RedisProcess(await freePort(), settings);
    await server.start();
    return server;
  }

  /** `/` with what follows it may be appended. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const words = Object.entries(this.#settings).flatMap(([name, value]) => [`--${name}`, value]);
    const started = spawn('redis-server', words, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = started;
    await new Promise<void>((resolve, reject) => {
      started.once('error', reject).once('close', (code) => reject(new Error(`redis-server ended with ${code}`)));
      createInterface({ input: started.stdout }).on('line', (line) => {
        if (line.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Ends the process in the middle of whatever it does; its files stay. */
  async kill(): Promise<void> {
    const ending = this.#process;
    this.#process = undefined;
    if (ending === undefined) return;
    const closed = once(ending, 'close');
    ending.kill('SIGKILL');
    await closed;
  }

  /** The process keeps its connections and does nothing. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true });
  }

  /** Sends a command of the spec's own. */
  async command(...words: string[]): Promise<unknown> {
    const client = createClient({ url: this.url, disableClientInfo: true, maintNotifications: 'disabled' });
    await client.connect();
    try {
      return await client.sendCommand(words);
    } finally {
      client.destroy();
    }
  }

  /** How often each command was called since the last `CONFIG RESETSTAT`. */
  async calls(): Promise<Record<string, number>> {
    const lines = String(await this.command('INFO', 'commandstats')).matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm);
    const own = ['info', 'hello', 'config|resetstat', 'auth', 'client|setname', 'select', 'client|setinfo'];
    return Object.fromEntries(
      [...lines].map(([, name, calls]) => [name!, Number(calls)] as const).filter(([name]) => !own.includes(name)),
    );
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
