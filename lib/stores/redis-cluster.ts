import type { RedisClusterOptions } from 'redis';
import { backOff, inTime, type RedisWire } from './redis-wire.js';

type Redis = typeof import('redis');
type Cluster = ReturnType<Redis['createCluster']>;
type Primary = Cluster['masters'][number];

/** Milliseconds in which a node that works answers PING. */
const PING_TIME = 300;
/** Milliseconds for which a node may be gone until the others are asked who has its slots. */
const REFRESH_AFTER = 500;

/** A Redis Cluster: each command goes to the primary that has its key's slot, over one connection per primary. */
export class RedisCluster implements RedisWire {
  readonly #cluster: Cluster;
  #reason: unknown;

  private constructor(redis: Redis, options: RedisClusterOptions) {
    this.#cluster = redis.createCluster({
      ...options,
      commandOptions: { timeout: 0 },
      defaults: {
        ...options.defaults,
        // What is meant for a lost node rejects at once; the other nodes go on.
        disableOfflineQueue: true,
        socket: { ...options.defaults?.socket, reconnectStrategy: backOff },
      } as NonNullable<RedisClusterOptions['defaults']>,
      // Otherwise one node that does not answer would hold up the discovery of all.
      minimizeConnections: true,
      topologyRefreshOnReconnectionAttemptStrategy: REFRESH_AFTER,
    } as RedisClusterOptions) as Cluster;
    this.#cluster
      .on('error', (error) => {
        this.#reason = error;
      })
      // An idle connection keeps no process alive; a command under way does, by its timer.
      .on('node-ready', ({ host, port }) => this.#cluster.nodeByAddress.get(`${host}:${port}`)?.client?.unref());
  }

  /** Rejects with the reason when no node can be reached, or a primary does not answer. */
  static async connect(redis: Redis, options: RedisClusterOptions): Promise<RedisCluster> {
    const cluster = new RedisCluster(redis, options);
    try {
      await inTime(cluster.#cluster.connect(), () => cluster.destroy());
      await Promise.all((await cluster.primaries()).map((send) => send(['PING'])));
    } catch (error) {
      cluster.destroy();
      throw cluster.#reason ?? error;
    }
    return cluster;
  }

  async send(key: string, command: string[]): Promise<unknown> {
    return inTime(this.#cluster.sendCommand(key, false, command), () => this.#dropTheSilent());
  }

  async primaries(): Promise<((command: string[]) => Promise<unknown>)[]> {
    return this.#cluster.masters.map(
      (primary) => (command) => inTime(this.#sendTo(primary, command), () => this.#dropTheSilent()),
    );
  }

  destroy(): void {
    this.#cluster.destroy();
  }

  async #sendTo(primary: Primary, command: string[]): Promise<unknown> {
    return (await this.#cluster.nodeClient(primary)).sendCommand(command);
  }

  /** The client does not say which node owed the answer: all are asked, and who is silent loses its connection. */
  #dropTheSilent(): void {
    for (const primary of this.#cluster.masters) {
      const { client } = primary;
      if (client === undefined) continue;
      const timer = setTimeout(() => {
        if (primary.client === client) primary.client = undefined;
        client.destroy();
      }, PING_TIME);
      client.sendCommand(['PING']).then(
        () => clearTimeout(timer),
        () => undefined,
      );
    }
  }
}
