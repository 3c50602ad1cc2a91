import { readFile } from 'node:fs/promises';
import type { RedisClientOptions } from 'redis';
import type { RedisAddress } from './redis-address.js';
import { RedisCluster } from './redis-cluster.js';
import { RedisServer } from './redis-server.js';
import { CONNECT_TIME, type RedisWire, reasonOf } from './redis-wire.js';

/** The major version since which SET knows NX and GET together. */
const OLDEST = 7;

/**
 * Connects to what the address names, and looks at whether it is fit for a store.
 *
 * Rejects with an Error that says what is wrong: the `redis` package is missing, a file of `ca`, `cert` or `key` cannot
 * be read, the server cannot be reached or refuses us, is too old or a replica, or may evict keys. None repeats the user or the password.
 */
export async function connectRedis(address: RedisAddress): Promise<RedisWire> {
  const redis = await loadRedis();
  const options = {
    username: address.username,
    password: address.password,
    name: 'express-client-auth',
    maintNotifications: 'disabled',
    socket: { connectTimeout: CONNECT_TIME, ...(address.tls && { tls: true, ...(await readTls(address.tls)) }) },
  } as const;
  let wire: RedisWire;
  try {
    wire = address.cluster
      ? await RedisCluster.connect(redis, {
          rootNodes: address.hosts.map((socket) => ({ socket })),
          defaults: options as object,
        })
      : await RedisServer.connect(redis, {
          ...options,
          database: address.database,
          socket: { ...options.socket, ...address.hosts[0] },
        } as RedisClientOptions);
  } catch (cause) {
    throw new Error(`The redis: store cannot connect: ${reasonOf(cause)}`, { cause });
  }
  try {
    for (const send of await wire.primaries()) await inspect(send, address);
    return wire;
  } catch (error) {
    wire.destroy();
    throw error;
  }
}

async function loadRedis() {
  try {
    return await import('redis');
  } catch (cause) {
    throw new Error('The redis: store needs the package redis, which cannot be loaded: npm install redis', { cause });
  }
}

async function readTls({ servername, ...files }: NonNullable<RedisAddress['tls']>): Promise<Record<string, unknown>> {
  const read = async ([name, path]: [string, string]) => {
    try {
      return [name, await readFile(path)] as const;
    } catch (cause) {
      throw new Error(`The ${name} file of the redis: store cannot be read: ${reasonOf(cause)}`, { cause });
    }
  };
  return {
    ...(servername !== undefined && { servername }),
    ...Object.fromEntries(await Promise.all(Object.entries(files).map(read))),
  };
}

/** Rejects when the server is not fit. Where INFO is forbidden nobody can know, and docs/stores.md has the settings. */
async function inspect(send: (command: string[]) => Promise<unknown>, address: RedisAddress): Promise<void> {
  const info = String(await send(['INFO']).catch(() => ''));
  const told = (name: string) => new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1];
  const version = told('redis_version');
  if (version !== undefined && Number.parseInt(version, 10) < OLDEST) {
    throw new Error(`The redis: store needs Redis ${OLDEST} or newer, and the server is ${version}`);
  }
  // Some replicas take writes, and lose them.
  if (told('role') === 'slave') throw new Error('The redis: store refuses a replica: it needs the primary');
  const policy = told('maxmemory_policy') ?? 'noeviction';
  // A full server that evicts keys would forget which codes and assertions were used.
  if (address.acceptsEviction || Number(told('maxmemory') ?? 0) === 0 || policy === 'noeviction') return;
  throw new Error(
    `The redis: store refuses a server that evicts keys when it is full (maxmemory-policy ${policy}): used codes would ` +
      'be forgotten and could be used again. Set maxmemory-policy noeviction, or accept that with ?acknowledge=eviction',
  );
}
