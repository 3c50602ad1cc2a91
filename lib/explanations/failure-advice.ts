import type { FailureReason } from '../errors.js';

/** What a private reason means, and what mends it. Code words are in backticks. */
export interface FailureAdvice {
  readonly happened: string;
  readonly remedy: string;
}

/** The advice of one section of docs/failure-reasons.md. */
export type Advice = Partial<Readonly<Record<FailureReason, FailureAdvice>>>;
