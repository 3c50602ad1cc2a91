// Our server in WORKERS processes that share a port.
import cluster from 'node:cluster';
import { join } from 'node:path';

cluster.setupPrimary({ exec: join(import.meta.dirname, 'express-client-auth.js') });
for (let count = Number(process.env.WORKERS); count > 0; count -= 1) cluster.fork();
process.on('SIGTERM', () => {
  for (const worker of Object.values(cluster.workers)) worker.process.kill('SIGTERM');
  cluster.disconnect(() => process.exit(0));
});
