import { createHash } from 'node:crypto';
import { basename, extname } from 'node:path';

/**
 * The directory of the store nobody has named, within the data directory: `store` for the demo, and one of its own for
 * each configuration file, so that two servers do not mix what they keep. `config`: the file's absolute path.
 */
export function storeName(config: string | undefined): string {
  if (config === undefined) return 'store';
  const name = basename(config, extname(config)).replaceAll(/[^\w.-]/g, '-');
  return `store-${name}-${createHash('sha256').update(config).digest('hex').slice(0, 8)}`;
}

/** A URL that may be shown: whose servers it names, and no password. */
export function withoutCredentials(url: string): string {
  // Not the URL class: a Redis Cluster has several hosts.
  return url.replace(/^([^/]*:\/\/)(?:[^/?#]*@)?([^/?#]*)([^?#]*).*$/s, '$1$2$3');
}
