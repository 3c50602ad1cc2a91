import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppProcess } from '../example-app/run-app.js';
import { freePort, type RunningProxy, runProxy, writeProxyFiles } from './proxy.js';

const haproxyConfiguration = join(dirname(fileURLToPath(import.meta.url)), '../../docs/haproxy.cfg');

/** One example app, spoken to past the proxy, as the proxy speaks to it. */
export class Instance {
  readonly port: number;
  #app: AppProcess | undefined;
  readonly #args: readonly string[];

  constructor(port: number, args: readonly string[]) {
    this.port = port;
    this.#args = args;
  }

  async start(): Promise<void> {
    this.#app = new AppProcess([...this.#args, '--port', String(this.port)]);
    await this.#app.listening();
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    await this.#app?.kill(signal);
  }

  get log(): string {
    return this.#app?.stderr ?? '';
  }

  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, { redirect: 'manual', ...init });
  }
}

export interface TwoInstances {
  /** What clients see: HAProxy with docs/haproxy.cfg. */
  readonly origin: string;
  readonly one: Instance;
  readonly other: Instance;
  stop(): Promise<void>;
}

/** Two example apps on one store behind HAProxy, which have nothing else in common. */
export async function twoInstances(store: string, configuration: (publicUrl: string) => object): Promise<TwoInstances> {
  const directory = mkdtempSync(join(tmpdir(), 'two-instances-'));
  const [port, first, second] = [await freePort(), await freePort(), await freePort()];
  const file = join(directory, 'as.json');
  const behind = { tls: false, trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'haproxy' }] };
  writeFileSync(file, JSON.stringify({ ...configuration(`https://localhost:${port}`), ...behind }));
  const instance = (at: number) =>
    new Instance(at, ['--config', file, '--store', store, '--data-dir', join(directory, 'data')]);
  const [one, other] = [instance(first), instance(second)];
  // Both at once: each finds nothing made, and they must agree.
  await Promise.all([one.start(), other.start()]);
  const proxy = await startHaproxy(directory, port, [first, second]);
  return {
    origin: `https://localhost:${port}`,
    one,
    other,
    stop: async () => {
      // Its directory goes with it.
      await Promise.all([one.kill('SIGTERM'), other.kill('SIGTERM')]);
      await proxy.stop();
    },
  };
}

/** HAProxy as the page on operations runs it; only names of hosts and files are others. */
async function startHaproxy(directory: string, port: number, nodes: readonly number[]): Promise<RunningProxy> {
  writeProxyFiles(directory);
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(file, localHaproxy(directory, port, nodes));
  return runProxy(['haproxy', '-db', '-f', file], directory, port);
}

/** docs/haproxy.cfg on this machine. Throws where the page no longer has what is replaced. */
export function localHaproxy(directory: string, port: number, nodes: readonly number[]): string {
  const replacements = [
    ['bind :8443', `bind 127.0.0.1:${port}`],
    ['/usr/local/etc/haproxy/as.pem', join(directory, 'as.pem')],
    ['/usr/local/etc/haproxy/clients-ca.crt', join(directory, 'clients-ca.crt')],
    ...nodes.map((node, index) => [`app${index + 1}:8443`, `127.0.0.1:${node}`]),
  ] as [string, string][];
  return replacements.reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`docs/haproxy.cfg does not have ${from}`);
      return text.replace(from, to);
    },
    readFileSync(haproxyConfiguration, 'utf8'),
  );
}
