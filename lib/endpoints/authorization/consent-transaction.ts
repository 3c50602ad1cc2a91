import { randomBytes } from 'node:crypto';
import type { CodeBinding } from '../../codes/authorization-codes.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { openForm, sealForm } from '../account/sealed-form.js';
import type { Exchange } from '../exchange.js';

/**
 * Why a code may be given: `ask` the person on this very page; a `standing` consent of theirs; a `trusted` client; what
 * the `host` has asked them.
 */
export type ConsentBasis = 'ask' | 'standing' | 'trusted' | 'host';

/** What a page asks of one person. */
export interface AskedConsent {
  readonly binding: CodeBinding;
  readonly basis: ConsentBasis;
  readonly state?: string;
  readonly userId: string;
  /** Seconds since 1970. */
  readonly authTime?: number;
  /** A one-time code that the answer uses up, instead of a session, and where to sign in when it is no longer good. */
  readonly presented?: { readonly code: string; readonly returnTo: string };
  /** The pushed request that the answer uses up. */
  readonly pushedId?: string | undefined;
}

/** One question to one person, from the page to the answer. It lives in the page's form alone, sealed. */
export interface ConsentTransaction extends AskedConsent {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/** Seconds. */
const lifetime = 600;

/** Seals a transaction for the browser that asks. */
export function sealConsent(exchange: Exchange, question: AskedConsent): string {
  const contents = { ...question, id: randomBytes(16).toString('base64url') };
  return sealForm('consent', contents, lifetime, exchange.workspace, exchange);
}

/** The transaction of a form, or undefined when it is not of this browser and issuer, was changed, or is over. */
export function openConsent(
  { workspace, request }: Exchange,
  sealed: string | undefined,
): ConsentTransaction | undefined {
  return openForm<Omit<ConsentTransaction, 'expiresAt'>>('consent', sealed, workspace, request);
}

/** Uses the transaction up. Of all answers to one page, exactly one is told true. */
export async function claimConsent(
  { store }: Pick<Workspace, 'store'>,
  { id }: Pick<ConsentTransaction, 'id'>,
): Promise<boolean> {
  const { first } = await store.claim(`consent:${id}`, '1', 2 * lifetime);
  return first;
}
