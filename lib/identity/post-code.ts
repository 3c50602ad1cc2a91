import { otpSetting } from '../codes/otp-settings.js';
import { OAuthError } from '../errors.js';
import type { WorkspaceServices } from '../workspaces/services.js';
import { findActiveUser } from './active-user.js';
import { normalizeAddress } from './addresses.js';
import type { CodeDelivery, DeliverCode } from './deliver-code.js';
import type { IdentityPool } from './pool.js';
import type { User } from './users.js';

/** A code and a link to be made and sent, if somebody here has this address. */
export interface CodePost {
  /** As `normalizeAddress` writes it. */
  readonly address: string;
  readonly clientName: string | undefined;
  /** The browser that asks: the code may be typed there alone. */
  readonly browser: string;
  /** What the page behind the link has to know. */
  readonly contents: string;
  /** The URL for the mail. */
  link(secret: string): string;
}

/** Who makes codes and who sends them. */
export interface PostingWorkspace extends Pick<WorkspaceServices, 'issuer' | 'tenant' | 'name' | 'now' | 'warn'> {
  readonly pool: IdentityPool;
  readonly deliverCode: DeliverCode;
}

/** Deliveries under way at once in one pool; more would be somebody's flood. */
const mostAtOnce = 200;
const underWay = new WeakMap<IdentityPool, number>();
/** Milliseconds. A delivery that takes longer counts as failed and gives its place back. */
const longest = 30_000;

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
    const facts: DeliveryFacts = {};
    inTime((signal) => deliver(workspace, post, facts, signal))
      // Not its message: what a mailer says of a mail may hold the mail.
      .catch((thrown: unknown) => workspace.warn('code_delivery_failed', { what: nameOf(thrown), ...facts }))
      .finally(() => underWay.set(pool, (underWay.get(pool) ?? 1) - 1));
  });
}

/** For the warning, filled in as it becomes known. */
interface DeliveryFacts {
  subject?: string;
}

class TimedOut extends Error {}
class NoPlainAddress extends Error {}

/** Waits no longer than `longest`, and tells the work to end then. What it may do later is nobody's concern. */
async function inTime(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const timedOut = new TimedOut();
      reject(timedOut);
      controller.abort(timedOut);
    }, longest).unref();
  });
  try {
    await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function deliver(
  workspace: PostingWorkspace,
  { address, clientName, browser, contents, link }: CodePost,
  facts: DeliveryFacts,
  signal: AbortSignal,
): Promise<void> {
  const { pool, issuer, tenant, name } = workspace;
  const user = await knownPerson(pool, address);
  // The address of the account, and not the one that was typed in.
  if (user?.email === undefined) return;
  facts.subject = user.id;
  // A host's record may hold anything, and mailers read lists and names out of strings.
  if (normalizeAddress(user.email) !== user.email.toLowerCase()) throw new NoPlainAddress();
  const { codeId, ...typed } = await codeToType(workspace, user, browser);
  const expiresIn = otpSetting(pool.otpSettings, 'authentication').ttl;
  const secret = await pool.loginLinks.issue({ user, issuer, browser, contents, codeId, expiresIn });
  const delivery = {
    ...typed,
    to: user.email,
    link: link(secret),
    expiresIn,
    issuer,
    tenant,
    workspace: name,
    clientName,
  };
  // The directory or the store took all the time there was.
  if (!signal.aborted) await workspace.deliverCode(delivery, { signal });
}

/** A code for the asking browser; or none, while wrong guesses or other browsers' codes leave no room for one. */
async function codeToType(
  { pool, name, now, warn }: PostingWorkspace,
  user: User,
  browser: string,
): Promise<Pick<CodeDelivery, 'code' | 'typingPausedUntil'> & { readonly codeId: string | undefined }> {
  try {
    const { id, code } = await pool.codes.generate({ type: 'authentication', user, workspace: name, browser });
    return { code, codeId: id, typingPausedUntil: undefined };
  } catch (thrown) {
    if (!(thrown instanceof OAuthError) || thrown.error !== 'too_many_requests') throw thrown;
    const seconds = Number(thrown.detail.retry_after);
    warn('code_typing_paused', { subject: user.id, why: thrown.reason, retry_after: seconds });
    return { code: undefined, codeId: undefined, typingPausedUntil: Math.ceil(now() / 1000) + seconds };
  }
}

async function knownPerson({ users }: IdentityPool, address: string): Promise<User | undefined> {
  const user = await users.find({ email: address });
  return user && findActiveUser(undefined, user);
}

/** The reason of a failure of ours; the name and code of any other. */
function nameOf(thrown: unknown): string {
  if (thrown instanceof TimedOut) return 'timed out';
  if (thrown instanceof NoPlainAddress) return 'the account has no plain e-mail address';
  if (thrown instanceof OAuthError) return thrown.reason;
  if (!(thrown instanceof Error)) return 'unknown';
  const { code } = thrown as NodeJS.ErrnoException;
  return code === undefined ? thrown.name : `${thrown.name} ${code}`;
}
