import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

/** Where a whole run collects what was logged and which secrets were used; spec/support/run.js compares them. */
const directory = process.env.SPEC_LOG_DIRECTORY;

/** Something that would stand in an operator's log. */
export function noteLogged(entry: unknown): void {
  if (directory)
    appendFileSync(join(directory, 'logged'), `${inspect(entry, { depth: 12, maxStringLength: Infinity })}\n`);
}

/** A secret, code or token that must never be logged. Answers it. */
export function noteSecret(secret: string): string {
  if (directory) appendFileSync(join(directory, 'secrets'), `${secret}\n`);
  return secret;
}
