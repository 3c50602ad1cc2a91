import type { RedisClientOptions } from 'redis';
import { backOff, inTime, type RedisWire, reasonOf } from './redis-wire.js';

type Redis = typeof import('redis');
type Client = ReturnType<Redis['createClient']>;

/**
 * Milliseconds for which commands wait for a lost connection to come back: most losses are a load balancer's, and over at
 * once. After that they are refused without a wait, until the server is there again.
 */
const PATIENCE = 500;

/** Milliseconds between two connections that are given up because the server is no primary any more. */
const RELOCATION = 1000;

/** One Redis server, over one connection that is opened again whenever it breaks. */
export class RedisServer implements RedisWire {
  readonly #redis: Redis;
  readonly #options: RedisClientOptions;
  #client: Client;
  #met = false;
  #awaySince: number | undefined;
  #relocatedAt = Number.NEGATIVE_INFINITY;
  #reason: unknown;

  private constructor(redis: Redis, options: RedisClientOptions) {
    this.#redis = redis;
    this.#options = {
      ...options,
      // No timers of the client's own: it would stop theirs when a command is written, and ours run to the answer.
      commandOptions: { timeout: 0 },
      socket: {
        ...options.socket,
        reconnectStrategy: (tries: number) => (this.#met ? backOff(tries) : false),
      } as NonNullable<RedisClientOptions['socket']>,
    };
    this.#client = this.#newClient();
  }

  /** Rejects with the client's reason when the server cannot be reached now. */
  static async connect(redis: Redis, options: RedisClientOptions): Promise<RedisServer> {
    const server = new RedisServer(redis, options);
    try {
      await inTime(server.#client.connect(), () => server.destroy());
    } catch (error) {
      throw server.#reason ?? error;
    }
    server.#met = true;
    return server;
  }

  async send(_key: string, command: string[]): Promise<unknown> {
    return this.#send(command);
  }

  async primaries(): Promise<((command: string[]) => Promise<unknown>)[]> {
    return [(command) => this.#send(command)];
  }

  destroy(): void {
    this.#client.destroy();
  }

  async #send(command: string[]): Promise<unknown> {
    const client = this.#client;
    if (!client.isReady && Date.now() - (this.#awaySince ?? Number.POSITIVE_INFINITY) > PATIENCE) {
      throw new Error(`The redis: store is not connected: ${reasonOf(this.#reason)}`);
    }
    try {
      return await inTime(client.sendCommand(command), () => this.#abandon(client, 'it stopped answering'));
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('READONLY')) this.#relocate(client);
      if (client === this.#client || !(error instanceof this.#redis.DisconnectsClientError)) throw error;
      throw new Error('The redis: store gave up a connection that did not answer', { cause: error });
    }
  }

  /**
   * A server that does not answer may still hold the connection. Only destroying the client rejects what waits, and keeps
   * a command that its caller was told has failed from being sent later.
   */
  #abandon(client: Client, reason: string): void {
    if (client !== this.#client) return;
    this.#awaySince ??= Date.now();
    this.#reason = new Error(reason);
    this.#client = this.#newClient();
    client.destroy();
    this.#client.connect().catch(() => undefined);
  }

  /** Another server may have become the primary, and the name or the load balancer lead to it by now. */
  #relocate(client: Client): void {
    const now = performance.now();
    if (client !== this.#client || now < this.#relocatedAt + RELOCATION) return;
    this.#relocatedAt = now;
    this.#abandon(client, 'it has become a replica');
  }

  #newClient(): Client {
    const client = this.#redis.createClient(this.#options) as Client;
    // An idle connection keeps no process alive; a command under way does, by its timer.
    client.unref();
    return client
      .on('error', (error) => {
        if (client !== this.#client) return;
        this.#awaySince ??= Date.now();
        this.#reason = error;
      })
      .on('ready', () => {
        if (client === this.#client) this.#awaySince = undefined;
      });
  }
}
