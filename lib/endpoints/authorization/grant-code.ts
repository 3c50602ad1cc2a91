import { type CodeBinding, issueCode } from '../../codes/authorization-codes.js';
import type { SignedInUser } from '../../identity/users.js';
import type { Exchange } from '../exchange.js';
import { redirectWithCode } from './authorization-response.js';
import { type ConsentRuling, consentBehind } from './consent-ruling.js';
import type { Recipient } from './redirect-target.js';

/** Sends the browser back to the client with a code for what was granted, and remembers a consent that was given. */
export async function grantCode(
  { workspace, response, facts }: Exchange,
  recipient: Recipient,
  binding: CodeBinding,
  user: SignedInUser,
  ruling: ConsentRuling,
): Promise<void> {
  const consentId = await consentBehind(workspace, user.id, binding, ruling);
  const granted = { ...binding, scopes: ruling.scopes };
  facts.scope = ruling.scopes.join(' ');
  redirectWithCode(
    response,
    workspace,
    recipient,
    await issueCode(workspace, recipient.client, granted, user, consentId),
  );
}
