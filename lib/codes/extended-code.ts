/** A code together with the person it is for. */
export interface ExtendedCode {
  readonly userId: string;
  readonly code: string;
}

/** Unpadded base64url of `<user id>:<code>`. It hides nothing: it only spares the person a name to type. */
export function writeExtendedCode({ userId, code }: ExtendedCode): string {
  return Buffer.from(`${userId}:${code}`).toString('base64url');
}

/** What `writeExtendedCode` wrote, or undefined. A plain code is never one: digits decode to no printable text. */
export function readExtendedCode(text: string): ExtendedCode | undefined {
  const bytes = Buffer.from(text, 'base64url');
  // Buffer skips foreign characters; only the one way to write a code counts.
  if (bytes.toString('base64url') !== text) return undefined;
  // The last colon: a user id may have colons of its own.
  const [, userId, code] = /^([\x21-\x7E]{1,255}):(\d+)$/.exec(bytes.toString('latin1')) ?? [];
  return userId === undefined || code === undefined ? undefined : { userId, code };
}
