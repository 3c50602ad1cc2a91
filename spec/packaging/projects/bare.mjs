// Every subpath without a single optional peer, and what is said where one is needed.
import { openStore } from 'express-client-auth';
import 'express-client-auth/strategies';
import 'express-client-auth/stores/memory';
import 'express-client-auth/stores/lmdb';
import 'express-client-auth/stores/redis';
import 'express-client-auth/stores/postgres';
import { client, methods } from 'express-client-auth/testing';

const said = {};
for (const url of ['memory:', 'lmdb:./data', 'redis://127.0.0.1:1', 'postgres://127.0.0.1:1/x']) {
  const opened = await openStore(url).catch((error) => error);
  said[url] = opened instanceof Error ? opened.message : 'opened';
}
process.stdout.write(JSON.stringify({ ...said, clients: methods.map((method) => client(method).method) }));
