import type { WorkspaceSigningKey } from '../index.js';
import { columns, time } from './table.js';

/** Signing keys for people. */
export function keysTable(keys: readonly WorkspaceSigningKey[]): string[] {
  return columns([
    ['WORKSPACE', 'ALG', 'STATE', 'KID', 'SIGNS FROM', 'SIGNS UNTIL', 'REMOVED', 'SECRET KEY'],
    ...keys.map(({ tenant, workspace, alg, state, kid, activates_at, retires_at, removed_at, secret_key }) => [
      `${tenant}/${workspace}`,
      alg,
      state,
      kid,
      time(activates_at),
      time(retires_at),
      time(removed_at),
      secret_key,
    ]),
  ]);
}

/** The same for scripts. The issuer is left out: a demo's depends on the port that it listens at. */
export function keysJson(keys: readonly WorkspaceSigningKey[]): unknown {
  return { keys: keys.map(({ issuer: _, ...key }) => key) };
}
