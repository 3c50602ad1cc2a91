import { OAuthError } from '../errors.js';
import type { OutcomeEvent } from '../events.js';
import { failureAdvice } from './advice.js';
import type { FailureExplanation } from './failure-explanations.js';

/** A failure whose reply says why. */
export class ExplainedError extends OAuthError {
  readonly explanation: FailureExplanation;

  constructor({ reason, description, detail, cause }: OAuthError, explanation: FailureExplanation) {
    super(reason, { description, detail, cause });
    this.explanation = explanation;
  }
}

/** Makes a failure one whose reply says what its event would tell an operator. */
export type Explain = (failure: OAuthError, event: OutcomeEvent) => OAuthError;

/**
 * For the option `explain_in_reply`. Asked for each failure, as NODE_ENV may be set after the start: in production
 * nobody is told. What was thrown stays in the log, for it was written by others and may hold what they were given.
 */
export function explainer(now: () => number): Explain {
  return (failure, { outcome: _, cause: __, ...told }) => {
    if (process.env.NODE_ENV === 'production') return failure;
    try {
      const explanation = { time: new Date(now()).toISOString(), ...told, ...failureAdvice[failure.reason] };
      return new ExplainedError(failure, JSON.parse(JSON.stringify(explanation)));
    } catch {
      // A detail that is no JSON must not cost the reply.
      return failure;
    }
  };
}
