import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CodeBinding } from '../codes/authorization-codes.js';
import { hostCookie, readCookie } from '../http/cookies.js';
import type { Workspace } from '../workspaces/workspace.js';

/** One question to one person, from the page to the answer. It lives in the page's form alone, sealed. */
export interface ConsentTransaction {
  readonly id: string;
  readonly binding: CodeBinding;
  readonly state?: string;
  readonly userId: string;
  /** Seconds since 1970. */
  readonly authTime?: number;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

const browserCookie = '__Host-authorization-browser';
const purpose = 'consent';
/** Seconds. */
const lifetime = 600;

type SealingWorkspace = Pick<Workspace, 'issuer' | 'secretKeys' | 'store' | 'now'>;

/**
 * Seals a transaction for the browser that asks, which gets a cookie if it has none: the same one for every tab, so
 * that one page does not spoil another. Writes nothing to the store, which a flood of requests could otherwise fill.
 */
export function sealConsent(
  workspace: SealingWorkspace,
  request: IncomingMessage,
  response: ServerResponse,
  question: Omit<ConsentTransaction, 'id' | 'expiresAt'>,
): string {
  const transaction: ConsentTransaction = {
    ...question,
    id: randomBytes(16).toString('base64url'),
    expiresAt: workspace.now() + lifetime * 1000,
  };
  const browser = browserOf(request) ?? newBrowser(response);
  return workspace.secretKeys.seal(purpose, JSON.stringify(transaction), boundTo(workspace, browser));
}

/** The transaction of a form, or undefined when it is not of this browser and issuer, was changed, or is over. */
export function openConsent(
  workspace: SealingWorkspace,
  request: IncomingMessage,
  sealed: string,
): ConsentTransaction | undefined {
  const browser = browserOf(request);
  if (browser === undefined) return undefined;
  const opened = workspace.secretKeys.open(purpose, sealed, boundTo(workspace, browser));
  if (opened === undefined) return undefined;
  const transaction = JSON.parse(opened) as ConsentTransaction;
  return transaction.expiresAt > workspace.now() ? transaction : undefined;
}

/** Uses the transaction up. Of all answers to one page, exactly one is told true. */
export async function claimConsent({ store }: SealingWorkspace, { id }: ConsentTransaction): Promise<boolean> {
  const { first } = await store.claim(`consent:${id}`, '1', 2 * lifetime);
  return first;
}

function browserOf(request: IncomingMessage): string | undefined {
  const value = readCookie(request, browserCookie);
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

function newBrowser(response: ServerResponse): string {
  const browser = randomBytes(32).toString('base64url');
  // Beside the cookies that the host's own hook has set.
  response.appendHeader('Set-Cookie', hostCookie(browserCookie, browser));
  return browser;
}

function boundTo({ issuer }: SealingWorkspace, browser: string): string {
  return JSON.stringify([issuer, browser]);
}
