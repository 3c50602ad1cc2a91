import { setTimeout as wait } from 'node:timers/promises';
import { freePort, RedisProcess } from './redis-process.js';

const SLOTS = 16_384;

/** Redis nodes that share the slots between them; no replicas. */
export class RedisClusterProcesses {
  readonly nodes: readonly RedisProcess[];

  private constructor(nodes: readonly RedisProcess[]) {
    this.nodes = nodes;
  }

  static async start(count: number, settings: Readonly<Record<string, string>> = {}): Promise<RedisClusterProcesses> {
    const bus = await Promise.all(Array.from({ length: count }, freePort));
    const nodes = await Promise.all(
      bus.map((port) =>
        RedisProcess.start({
          'cluster-enabled': 'yes',
          'cluster-port': String(port),
          'cluster-node-timeout': '1000',
          ...settings,
        }),
      ),
    );
    const cluster = new RedisClusterProcesses(nodes);
    const share = Math.ceil(SLOTS / count);
    for (const [index, node] of nodes.entries()) {
      const last = Math.min(SLOTS, (index + 1) * share) - 1;
      await node.command('CLUSTER', 'ADDSLOTSRANGE', String(index * share), String(last));
      await node.command('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
    }
    for (const [index, node] of nodes.entries()) {
      if (index > 0) await nodes[0]!.command('CLUSTER', 'MEET', '127.0.0.1', String(node.port), String(bus[index]));
    }
    await cluster.settled();
    return cluster;
  }

  /** `redis://` with every node. */
  get url(): string {
    return `redis://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  }

  /** Resolves when every node that runs finds the cluster whole. */
  async settled(nodes = this.nodes): Promise<void> {
    const deadline = Date.now() + 15_000;
    for (const node of nodes) {
      while (!String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
        if (Date.now() > deadline) throw new Error('the cluster did not come together');
        await wait(50);
      }
    }
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()));
  }
}
