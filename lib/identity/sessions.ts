import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expiredHostCookie, hostCookie, readCookie } from '../http/cookies.js';
import { randomToken } from '../http/random-token.js';
import { dateOfIssue, isRevoked } from '../tokens/revocation.js';
import type { WorkspaceServices } from '../workspaces/services.js';

/** A person's time at one browser with one issuer, from sign-in to sign-out. It lives in a cookie, sealed. */
export interface Session {
  /** 256 random bits, new at every sign-in: nobody can have fixed it beforehand. */
  readonly id: string;
  readonly userId: string;
  /** Seconds since 1970 at which the person proved who they are. */
  readonly authTime: number;
  /** Seconds since 1970, for revocation. */
  readonly issuedAt: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const purpose = 'session';
/** Seconds a session lasts, however busy it is. The cookie goes sooner, with the browser. */
const lifetime = 43_200;

type SessionWorkspace = Pick<WorkspaceServices, 'issuer' | 'secretKeys' | 'store' | 'now'>;

/** The session of this browser; undefined when it has none, it is over, or it was ended. Rejects as the store does. */
export async function currentSession(
  workspace: SessionWorkspace,
  request: IncomingMessage,
): Promise<Session | undefined> {
  const session = sessionIn(workspace, request);
  if (!session) return undefined;
  const [ended, revoked] = await Promise.all([
    workspace.store.get(endKey(session)),
    // What ends all tokens of a person ends their sessions too, or new tokens would follow without a word.
    isRevoked(workspace, { grant_id: session.id, sub: session.userId, iat: session.issuedAt }),
  ]);
  return ended === undefined && !revoked ? session : undefined;
}

/** A new session for a person who has just proved who they are. A former one of this browser is over with it. */
export async function startSession(
  workspace: SessionWorkspace,
  request: IncomingMessage,
  response: ServerResponse,
  userId: string,
): Promise<Session> {
  const former = sessionIn(workspace, request);
  if (former) await markEnded(workspace, former);
  const now = workspace.now();
  const issuedAt = await dateOfIssue(workspace, { sub: userId }, now);
  const authTime = Math.floor(now / 1000);
  const session = { id: randomToken(), userId, authTime, issuedAt, expiresAt: now + lifetime * 1000 };
  const name = cookieName(workspace);
  const sealed = workspace.secretKeys.seal(purpose, JSON.stringify(session), boundTo(workspace));
  response.appendHeader('Set-Cookie', hostCookie(name, sealed));
  return session;
}

/** Ends a session everywhere: a copy of its cookie is worth nothing from now on. */
export async function endSession(
  workspace: SessionWorkspace,
  response: ServerResponse,
  session: Session,
): Promise<void> {
  await markEnded(workspace, session);
  response.appendHeader('Set-Cookie', expiredHostCookie(cookieName(workspace)));
}

function sessionIn(workspace: SessionWorkspace, request: IncomingMessage): Session | undefined {
  const sealed = readCookie(request, cookieName(workspace));
  const opened = sealed === undefined ? undefined : workspace.secretKeys.open(purpose, sealed, boundTo(workspace));
  if (opened === undefined) return undefined;
  const session = JSON.parse(opened) as Session;
  return session.expiresAt > workspace.now() ? session : undefined;
}

async function markEnded({ store, now }: SessionWorkspace, session: Session): Promise<void> {
  // As long as the cookie could still be shown.
  await store.set(endKey(session), '1', Math.ceil((session.expiresAt - now()) / 1000) + 60);
}

function endKey({ id }: Session): string {
  return `session-ended/${createHash('sha256').update(id).digest('base64url')}`;
}

/** A `__Host-` cookie belongs to the whole host: issuers that share one tell theirs apart by name. */
function cookieName({ issuer }: SessionWorkspace): `__Host-${string}` {
  const digest = createHash('sha256').update(issuer).digest('base64url');
  return `__Host-session-${digest.slice(0, 12)}`;
}

function boundTo(workspace: SessionWorkspace): string {
  return JSON.stringify([workspace.issuer, cookieName(workspace)]);
}
