import { type CodeBinding, issueCode } from '../../codes/authorization-codes.js';
import { usePushedRequest } from '../../codes/pushed-requests.js';
import type { SignedInUser } from '../../identity/users.js';
import type { Exchange } from '../exchange.js';
import { redirectWithCode } from './authorization-response.js';
import { type ConsentRuling, consentBehind } from './consent-ruling.js';
import type { Recipient } from './redirect-target.js';

/** What a code answers. */
export interface Answerable {
  readonly recipient: Recipient;
  readonly binding: CodeBinding;
  /** Of the pushed request it was, to be used up. */
  readonly pushedId: string | undefined;
}

/**
 * Sends the browser back to the client with a code for what was granted, and remembers a consent that was given.
 * Rejects with `consent_required`, and with `request_uri_used` for a pushed request that has been answered.
 */
export async function grantCode(
  { workspace, response, facts, receivedAt: asOf }: Exchange,
  { recipient, binding, pushedId }: Answerable,
  user: SignedInUser,
  ruling: ConsentRuling,
): Promise<void> {
  const consentId = await consentBehind(workspace, user.id, binding, ruling);
  if (pushedId !== undefined) await usePushedRequest(workspace, pushedId);
  const granted = { ...binding, scopes: ruling.scopes };
  facts.scope = ruling.scopes.join(' ');
  redirectWithCode(
    response,
    workspace,
    recipient,
    await issueCode(workspace, recipient.client, granted, user, { consentId, asOf }),
  );
}
