import type { ClientMetadata } from '../clients/metadata.js';
import { OAuthError } from '../errors.js';
import type { TokenOrder } from './token-issuer.js';

/** What a host knows when it is asked for claims. */
export interface TokenClaimsRequest {
  /** Whether the tokens speak for a person or for the client itself. */
  readonly kind: 'user' | 'client';
  /** RFC 7591 names, without secrets. */
  readonly client: ClientMetadata;
  /** Absent where the client acts for itself. `authTime` is in seconds since 1970. */
  readonly user?: TokenOrder['user'];
  /** Granted to this access token. */
  readonly scopes: readonly string[];
  /** Absent where a grant of your own does not tell. */
  readonly grantType?: string | undefined;
  readonly workspace: { readonly issuer: string; readonly tenant?: string; readonly workspace?: string };
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
}

/** Claims by their names, in values that JSON has. */
export type AddedClaims = Readonly<Record<string, unknown>>;

/** What a host adds to tokens. */
export interface TokenClaimsAnswer {
  /** Also told by introspection, and in `req.auth.claims`. */
  readonly accessToken?: AddedClaims;
  /** Goes before what the person's record says of `name`, `preferred_username` and `email`. */
  readonly idToken?: AddedClaims;
}

/**
 * Adds claims to tokens. Asked once per token reply, before a code or a refresh token is used up, so it may be asked
 * again for the same code; it should only read.
 */
export type TokenClaims = {
  // A method, not a function type: then a host may write it with a narrower user of its own.
  hook(
    request: TokenClaimsRequest,
  ): Promise<TokenClaimsAnswer | undefined | null> | TokenClaimsAnswer | undefined | null;
}['hook'];

/** The host's hook, and how long it may take, in seconds. */
export interface TokenClaimsHook {
  readonly tokenClaims: TokenClaims;
  readonly timeout: number;
}

export type ClaimsOrder = Pick<TokenOrder, 'client' | 'user' | 'scopes' | 'grantType'>;

/** Octets of JSON, for each kind of token: it has to fit into a header beside everything else. */
const maximumSize = 4096;
const maximumDepth = 16;

/** Claims that say who issued a token to whom, for what and until when, and the words introspection answers with. */
const reserved: ReadonlySet<string> = new Set([
  ...['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'client_id', 'scope', 'cnf', 'grant_id', 'sub_type', 'dated'],
  ...['auth_time', 'nonce', 'acr', 'amr', 'azp', 'at_hash', 'c_hash', 's_hash', 'sid', 'act', 'may_act', 'events'],
  ...['active', 'token_type', 'token_introspection', '__proto__'],
]);

/**
 * What the host adds to the tokens of this order. Rejects with `token_claims_failed`, naming the claim where one is at
 * fault, or `token_claims_timeout`.
 */
export async function askForClaims(
  { client, user, scopes, grantType }: ClaimsOrder,
  workspace: TokenClaimsRequest['workspace'],
  { tokenClaims, timeout }: TokenClaimsHook,
): Promise<TokenClaimsAnswer> {
  const controller = new AbortController();
  const { signal } = controller;
  const kind = user ? 'user' : 'client';
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new OAuthError('token_claims_timeout', { detail: { timeout } }));
      controller.abort();
    }, timeout * 1000);
  });
  try {
    const request = { kind, client: client.metadata, user, scopes, grantType, workspace, signal } as const;
    return checked(await Promise.race([calling(tokenClaims, request), late]));
  } finally {
    clearTimeout(timer);
  }
}

async function calling(tokenClaims: TokenClaims, request: TokenClaimsRequest): Promise<unknown> {
  try {
    return await tokenClaims(request);
  } catch (cause) {
    throw new OAuthError('token_claims_failed', { cause });
  }
}

function checked(answer: unknown): TokenClaimsAnswer {
  if (answer === undefined || answer === null) return {};
  const { accessToken, idToken, ...others } = isPlain(answer) ? answer : { '': answer };
  const [stranger] = Object.keys(others);
  if (stranger !== undefined) throw failed({ fix: 'tokenClaims answers { accessToken, idToken }.', found: stranger });
  return {
    ...(accessToken !== undefined && { accessToken: checkedClaims('accessToken', accessToken) }),
    ...(idToken !== undefined && { idToken: checkedClaims('idToken', idToken) }),
  };
}

function checkedClaims(member: string, claims: unknown): AddedClaims {
  if (!isPlain(claims)) throw failed({ member, fix: 'must be an object of claims' });
  const names = Object.keys(claims);
  const taken = names.find((name) => reserved.has(name));
  if (taken !== undefined) throw failed({ member, claim: taken, fix: 'is ours to set' });
  const odd = names.find((name) => !isTree(claims[name]) || !isJson(claims[name], 0));
  if (odd !== undefined) throw failed({ member, claim: odd, fix: 'must be a value that JSON has' });
  const text = JSON.stringify(claims);
  const size = Buffer.byteLength(text);
  if (size > maximumSize) throw failed({ member, size, fix: `at most ${maximumSize} octets` });
  // A copy: what the host does to its objects later must not reach a token.
  return JSON.parse(text);
}

function failed(detail: Readonly<Record<string, unknown>>): OAuthError {
  return new OAuthError('token_claims_failed', { detail });
}

/** Not one that holds itself, which would keep `isJson` busy for long. */
function isTree(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (depth === maximumDepth || typeof value !== 'object') return false;
  const items = Array.isArray(value) ? value : isPlain(value) ? Object.values(value) : [undefined];
  return items.every((item) => isJson(item, depth + 1));
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}
