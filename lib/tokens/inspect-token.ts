import type { GrantRouter } from '../router.js';
import type { Workspace } from '../workspaces/workspace.js';
import { workspacesOf } from '../workspaces/workspaces-of.js';
import { findToken } from './find-token.js';

/** What is known of a token that lives. */
export interface TokenInspection {
  readonly issuer: string;
  readonly tenant?: string;
  readonly workspace?: string;
  /** False: a refresh token that was used, and whose successor is out. */
  readonly active: boolean;
  /** As introspection tells them (RFC 7662 2.2). Times are seconds since 1970. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * What introspection would tell of a token, for operators: of any workspace, asked by nobody. Undefined when none knows
 * it: it never was a token, its time is over, or it was revoked. Rejects when the store cannot tell.
 */
export async function inspectToken(
  where: Pick<GrantRouter, 'workspaces'> | Workspace,
  token: string,
): Promise<TokenInspection | undefined> {
  for (const each of workspacesOf(where)) {
    const found = await findToken(token, undefined, each);
    if (!found) continue;
    const { issuer, tenant, name } = each;
    const names = { issuer, ...(tenant !== undefined && { tenant }), ...(name !== undefined && { workspace: name }) };
    return { ...names, active: found.active, claims: found.claims };
  }
  return undefined;
}
