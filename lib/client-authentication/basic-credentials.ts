import { isUtf8 } from 'node:buffer';
import { OAuthError } from '../errors.js';
import { formDecode } from '../http/form.js';

/** Basic credentials, decoded as RFC 6749 2.3.1 asks, and the secret as it was before that. */
export interface BasicCredentials {
  readonly clientId: string;
  /** Undefined when the secret is not form-encoded, such as `50%off`. */
  readonly secret: string | undefined;
  readonly rawSecret: string;
}

/**
 * Reads the Authorization headers of a request. Undefined when there is none or its scheme is another one; an
 * OAuthError for two headers, foreign characters in the base64, no colon, control characters or an empty half.
 */
export function parseBasicCredentials(authorization: readonly string[]): BasicCredentials | OAuthError | undefined {
  const [header = '', ...more] = authorization;
  // With `s`: whatever follows must match, or blanks before a line end are tried over and over.
  const basic = /^basic(?: +(.*))?$/is.exec(header);
  if (!basic) return undefined;
  if (more.length > 0) return malformed('there is more than one Authorization header');
  const bytes = decodeBase64(basic[1] ?? '');
  if (!bytes || !isUtf8(bytes)) return malformed('the credentials are not base64 of UTF-8 text');
  const text = bytes.toString('utf8');
  // RFC 7617 2: only the first colon separates; the secret may have more of them.
  const colon = text.indexOf(':');
  if (colon === -1) return malformed('the credentials have no colon');
  const [rawId, rawSecret] = [text.slice(0, colon), text.slice(colon + 1)];
  const clientId = decode(rawId);
  if (clientId === undefined || !/^[\x20-\x7E]+$/.test(clientId))
    return malformed('the client_id is not visible ASCII');
  if (rawSecret === '') return new OAuthError('secret_missing', { detail: { client_id: clientId } });
  const secret = decode(rawSecret);
  if (hasControls(secret ?? rawSecret)) return malformed('the secret has control characters');
  return { clientId, secret, rawSecret };
}

function decode(encoded: string): string | undefined {
  try {
    return formDecode(encoded);
  } catch {
    return undefined;
  }
}

// Node's decoder skips foreign characters and a missing end; only the canonical spelling comes back the same.
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined;
}

/** RFC 6749 App. A. */
const controls = /\p{Cc}/u;

function hasControls(text: string): boolean {
  return controls.test(text);
}

function malformed(what: string): OAuthError {
  return new OAuthError('authorization_header_malformed', { detail: { what } });
}
