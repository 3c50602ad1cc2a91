import type { ClientRegistry, RegisteredClient } from './client.js';

/** Looks in one registry, and only for a client that is not there in the other. */
export class LayeredRegistry implements ClientRegistry {
  readonly #first: ClientRegistry;
  readonly #second: ClientRegistry;

  constructor(first: ClientRegistry, second: ClientRegistry) {
    this.#first = first;
    this.#second = second;
  }

  find(clientId: string): Promise<RegisteredClient | undefined> | RegisteredClient | undefined {
    const found = this.#first.find(clientId);
    if (found instanceof Promise) return found.then((client) => client ?? this.#second.find(clientId));
    return found ?? this.#second.find(clientId);
  }

  async newer(client: RegisteredClient): Promise<RegisteredClient | undefined> {
    return (await this.#first.newer?.(client)) ?? this.#second.newer?.(client);
  }

  noteUse(clientId: string, secretId: string, now: number): void {
    this.#first.noteUse?.(clientId, secretId, now);
    this.#second.noteUse?.(clientId, secretId, now);
  }
}
