import type { Advice } from '../failure-advice.js';

export const identityApi = {
  pool_unknown: { happened: 'The tenant has no pool of this name (404).', remedy: 'Check the URL.' },
  user_unknown: { happened: 'The pool has no such user (404).', remedy: 'Check what `detail.named_by` lists.' },
  user_ambiguous: {
    happened: '`userID`, `identifier` and `address` do not all name the same user.',
    remedy: 'Send one of them.',
  },
  code_type_unsupported: { happened: 'The `type` is none that is redeemed here.', remedy: 'Send `authentication`.' },
  otc_budget_spent: {
    happened: 'No new code for a user whose codes were guessed wrong `daily_attempts` times within 24 hours (429).',
    remedy: 'Wait for `detail.retry_after` seconds; find out who guesses.',
  },
  otc_browsers_many: {
    happened:
      'Three browsers have a code of our login page for this person. The mail for a fourth has the link alone; see the warning `code_typing_paused`.',
    remedy: 'Nothing, unless it happens often.',
  },
} satisfies Advice;
