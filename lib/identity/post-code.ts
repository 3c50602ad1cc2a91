import { OAuthError } from '../errors.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import { findActiveUser } from './active-user.js';
import type { DeliverCode } from './deliver-code.js';
import type { IdentityPool } from './pool.js';
import type { User } from './users.js';

/** A code to be made and sent, if somebody here has this address. */
export interface CodePost {
  /** As `normalizeAddress` writes it. */
  readonly address: string;
  readonly clientName: string | undefined;
  /** The URL for the mail. `lifetime` in seconds. */
  link(extendedCode: string, lifetime: number): string;
}

/** Who makes codes and who sends them. */
export interface PostingWorkspace extends Pick<WorkspaceServices, 'issuer' | 'tenant' | 'name' | 'warn'> {
  readonly pool: IdentityPool;
  readonly deliverCode: DeliverCode;
}

/** Deliveries under way at once in one pool; more would be somebody's flood. */
const mostAtOnce = 200;
const underWay = new WeakMap<IdentityPool, number>();

/**
 * Starts a delivery and waits for nothing: whether the address is known shows neither in the answer nor in its time.
 * What goes wrong is told in a warning `code_delivery_failed`. Never throws.
 */
export function postCode(workspace: PostingWorkspace, post: CodePost): void {
  const { pool } = workspace;
  const count = underWay.get(pool) ?? 0;
  if (count >= mostAtOnce) {
    workspace.warn('code_delivery_failed', { what: 'too many deliveries are under way', at_once: mostAtOnce });
    return;
  }
  underWay.set(pool, count + 1);
  // After the answer is on its way: not even the first look into the directory may delay it.
  setImmediate(() => {
    deliver(workspace, post)
      .catch((thrown: unknown) => workspace.warn('code_delivery_failed', { what: nameOf(thrown) }))
      .finally(() => underWay.set(pool, (underWay.get(pool) ?? 1) - 1));
  });
}

async function deliver(workspace: PostingWorkspace, { address, clientName, link }: CodePost): Promise<void> {
  const user = await knownPerson(workspace, address);
  // The address of the account, and not the one that was typed in.
  if (user?.email === undefined) return;
  const { pool, issuer, tenant, name } = workspace;
  const order = { type: 'authentication', user, ...(name !== undefined && { workspace: name }) } as const;
  const { code, extendedCode, expiresIn } = await pool.codes.generate(order);
  const delivery = {
    code,
    link: link(extendedCode, expiresIn),
    expiresIn,
    issuer,
    tenant,
    workspace: name,
    clientName,
  };
  try {
    await workspace.deliverCode({ ...delivery, to: user.email });
  } catch (thrown) {
    // Not its message: what a mailer says of a mail may hold the mail.
    workspace.warn('code_delivery_failed', { what: nameOf(thrown), subject: user.id });
  }
}

async function knownPerson({ pool }: PostingWorkspace, address: string): Promise<User | undefined> {
  const user = await pool.users.find({ email: address });
  return user && findActiveUser(undefined, user);
}

/** The reason of a failure of ours; the name and code of any other. */
function nameOf(thrown: unknown): string {
  if (thrown instanceof OAuthError) return thrown.reason;
  if (!(thrown instanceof Error)) return 'unknown';
  const { code } = thrown as NodeJS.ErrnoException;
  return code === undefined ? thrown.name : `${thrown.name} ${code}`;
}
