import type { z } from 'zod';
import { optionWords } from './option-words.js';

/** A mistake in options, naming each wrong member by its path. */
export class OptionsError extends TypeError {
  override readonly name = 'OptionsError';
  /** One entry per mistake: `path` such as `clients[3].jwks`, and what is wrong with it. */
  readonly mistakes: readonly { readonly path: string; readonly message: string }[];

  constructor(mistakes: readonly { readonly path: string; readonly message: string }[]) {
    super(mistakes.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('\n'));
    this.mistakes = mistakes;
  }
}

/** `value` as `schema` understands it, defaults filled in. Throws OptionsError; `at` is put before every path. */
export function parseOptions<S extends z.ZodType>(schema: S, value: unknown, at = ''): z.output<S> {
  const result = schema.safeParse(value, { error: optionWords });
  if (result.success) return result.data;
  throw new OptionsError(result.error.issues.flatMap((issue) => describe(issue, at)));
}

function describe(issue: z.core.$ZodIssue, at: string): { path: string; message: string }[] {
  if (issue.code === 'unrecognized_keys') {
    const words = issue.message.split('\n');
    return issue.keys.map((key, index) => ({ path: joinPath(at, [...issue.path, key]), message: words[index] ?? '' }));
  }
  // Of a key in a record, what is wrong with it and not merely that it is.
  const [ofKey] = issue.code === 'invalid_key' ? issue.issues : [];
  return [{ path: joinPath(at, issue.path), message: ofKey?.message ?? issue.message }];
}

/** `tenants.acme.clients[3].jwks`, the way people write it. */
export function joinPath(at: string, path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, at);
}
