import type { IncomingMessage, ServerResponse } from 'node:http';
import { browserNamedBy, browserOf } from '../../http/browser-cookie.js';
import type { Workspace } from '../../workspaces/workspace.js';

/** What a form of ours carries, and until when (milliseconds since 1970). */
type Sealed<T> = T & { readonly expiresAt: number };

type SealingWorkspace = Pick<Workspace, 'issuer' | 'secretKeys' | 'now'>;

/** Which form it is: what is sealed for one is no other's. */
export type FormPurpose = 'consent' | 'login' | 'login link' | 'logout' | 'consents';

/**
 * Seals the contents of a form for the browser that asks, which gets a cookie if it has none. Whoever posts it back
 * proves that our page was shown in this browser (RFC 6749 10.12). `lifetime` in seconds. Writes nothing to the store,
 * which a flood of requests could otherwise fill. Call it once per page: each new browser gets one name.
 */
export function sealForm<T extends object>(
  purpose: FormPurpose,
  contents: T,
  lifetime: number,
  workspace: SealingWorkspace,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
): string {
  const sealed: Sealed<T> = { ...contents, expiresAt: workspace.now() + lifetime * 1000 };
  const browser = browserNamedBy(request, response);
  return workspace.secretKeys.seal(purpose, JSON.stringify(sealed), boundTo(workspace, browser));
}

/** What `sealForm` sealed; undefined when it is not of this browser, issuer and purpose, was changed, or is over. */
export function openForm<T extends object>(
  purpose: FormPurpose,
  sealed: string | undefined,
  workspace: SealingWorkspace,
  request: IncomingMessage,
): Sealed<T> | undefined {
  const browser = browserOf(request);
  if (browser === undefined || sealed === undefined) return undefined;
  const opened = workspace.secretKeys.open(purpose, sealed, boundTo(workspace, browser));
  if (opened === undefined) return undefined;
  const contents = JSON.parse(opened) as Sealed<T>;
  return contents.expiresAt > workspace.now() ? contents : undefined;
}

function boundTo({ issuer }: SealingWorkspace, browser: string): string {
  return JSON.stringify([issuer, browser]);
}
