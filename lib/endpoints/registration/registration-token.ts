import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ClientRecord } from '../../clients/stored/records.js';
import { OAuthError } from '../../errors.js';
import { randomToken } from '../../http/random-token.js';
import { presentedToken } from '../../tokens/presented-token.js';
import type { Workspace } from '../../workspaces/workspace.js';

/** Seconds for which the former token still works, for a client whose connection broke before our reply came. */
const grace = 300;

/** A registration access token (RFC 7592 3), and what is stored of it. */
export interface RegistrationToken {
  readonly value: string;
  readonly digest: string;
}

/** 256 random bits. */
export function newRegistrationToken(): RegistrationToken {
  const value = randomToken();
  return { value, digest: digestOf(value) };
}

/**
 * The record of the client that this request manages, and the token it came with. Rejects with `token_missing` or
 * `token_malformed`; with `registration_token_unknown` alike for a wrong token and for a client that is not there
 * (RFC 7592 2.1); with `token_client_inactive`.
 */
export async function managedClient(
  request: IncomingMessage,
  clientId: string,
  { directory, now }: Workspace,
): Promise<{ readonly record: ClientRecord; readonly token: RegistrationToken }> {
  const { value, scheme } = presentedToken(request, null);
  const token = { value, digest: digestOf(value) };
  const record = await directory.record(clientId);
  if (scheme !== 'Bearer' || !record || !opens(token, record, now())) {
    throw new OAuthError('registration_token_unknown', { detail: { client_id: clientId } });
  }
  if (record.metadata.status === 'inactive') {
    throw new OAuthError('token_client_inactive', { detail: { client_id: clientId } });
  }
  return { record, token };
}

/** What is stored once `fresh` takes the place of the token that came. */
export function replacedToken(
  came: RegistrationToken,
  fresh: RegistrationToken,
  now: number,
): NonNullable<ClientRecord['management']> {
  return { current: fresh.digest, previous: { digest: came.digest, until: Math.floor(now / 1000) + grace } };
}

/** Whether the token is the client's. `now` is in milliseconds since 1970. */
export function opens({ digest }: RegistrationToken, { management }: ClientRecord, now: number): boolean {
  if (!management) return false;
  const { current, previous } = management;
  const isCurrent = isSame(digest, current);
  return isCurrent || (previous !== undefined && isSame(digest, previous.digest) && now < previous.until * 1000);
}

function isSame(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}

function digestOf(value: string): string {
  return createHash('sha256').update(value).digest('base64url');
}
