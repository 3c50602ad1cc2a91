/**
 * The app cannot start, and the person who started it can mend that. `message` names the member, flag or file that is
 * wrong, one per line; it never holds a secret. The process ends with exit code 1.
 */
export class StartUpError extends Error {
  override readonly name = 'StartUpError';
}

/** The words of something thrown, for a message. */
export function reasonOf(thrown: unknown): string {
  const { code, path, syscall } = Object(thrown) as Partial<NodeJS.ErrnoException>;
  if (code === 'ENOENT' && syscall === 'open') return `there is no file ${path}`;
  return thrown instanceof Error ? thrown.message : String(thrown);
}
