import type { RegisteredClient } from '../../clients/client.js';
import type { CodeBinding } from '../../codes/authorization-codes.js';
import { OAuthError } from '../../errors.js';
import { isCodeChallenge } from '../../grants/pkce.js';
import { requestedResources, scopesAt } from '../../grants/resource.js';
import { narrowScopes } from '../../grants/scope.js';
import type { Form } from '../../http/form.js';
import type { Workspace } from '../../workspaces/workspace.js';
import type { PushedReference } from './pushed-request.js';
import type { Recipient } from './redirect-target.js';

/** An authorization request that may be put before the person. */
export interface AuthorizationRequest {
  readonly recipient: Recipient;
  readonly binding: CodeBinding;
  /** OpenID Connect Core 3.1.2.1: of `none` (then alone), `login`, `consent`, `select_account`. */
  readonly prompt: ReadonlySet<string>;
  /** Seconds since the person signed in, at most: `max_age`, or the client's `default_max_age`. */
  readonly maxAge: number | undefined;
  readonly loginHint: string | undefined;
  /** OpenID Connect Core 3.1.2.1: an ID token of ours, about the person the client expects. Not verified yet. */
  readonly idTokenHint: string | undefined;
  /** Ours: an extended one-time code that stands in for a sign-in. Not verified yet. */
  readonly authenticationCode: string | undefined;
  /** Where it was pushed (RFC 9126), to be used up when the client is answered. */
  readonly pushed: PushedReference | undefined;
}

/** `resource` alone may be sent several times (RFC 8707 2). */
const singleParameters = [
  'response_type',
  'response_mode',
  'scope',
  'state',
  'nonce',
  'code_challenge',
  'code_challenge_method',
  'prompt',
  'max_age',
  'login_hint',
  'id_token_hint',
  'authentication_code',
  'dpop_jkt',
  'request',
  'request_uri',
];

/** What a pushed authorization request may hold (RFC 9126 2.1), without what proves who the client is. */
export const pushableParameters: readonly string[] = ['client_id', 'redirect_uri', 'resource', ...singleParameters];

const promptValues: ReadonlySet<string> = new Set(['none', 'login', 'consent', 'select_account']);

/** Checks everything but client and redirect URI. What it throws is for the client's redirect URI (RFC 6749 4.1.2.1). */
export function readAuthorizationRequest(
  form: Form,
  recipient: Recipient,
  workspace: Workspace,
  pushed?: PushedReference,
): AuthorizationRequest {
  const { client, redirectUri, redirectUriWasSent } = recipient;
  form.refuseRepeated(singleParameters);
  refuseRequestObjects(form);
  checkResponseType(form, client, workspace);
  const resources = requestedResources(form, workspace);
  const narrowed = narrowScopes(form.get('scope'), client, workspace);
  const scopes = scopesAt(resources, narrowed.scopes, { byName: form.has('scope') }, workspace);
  const binding: CodeBinding = {
    clientId: client.id,
    redirectUri,
    redirectUriWasSent,
    codeChallenge: readCodeChallenge(form, client, workspace),
    scopes,
    askedScopes: [...scopes, ...narrowed.dropped],
    resources,
    nonce: form.get('nonce'),
    dpopJkt: readDpopThumbprint(form),
  };
  return {
    recipient,
    binding,
    prompt: readPrompt(form),
    maxAge: readMaxAge(form) ?? client.metadata.default_max_age,
    loginHint: form.get('login_hint'),
    idTokenHint: form.get('id_token_hint'),
    authenticationCode: form.get('authentication_code'),
    pushed,
  };
}

/** OpenID Connect Core 3.1.2.6. Nothing is fetched from anywhere. */
function refuseRequestObjects(form: Form): void {
  if (form.has('request')) throw new OAuthError('request_object_unsupported');
  if (form.has('request_uri')) throw new OAuthError('request_uri_unsupported');
}

function checkResponseType(form: Form, { metadata, grantTypes }: RegisteredClient, { grants }: Workspace): void {
  const responseType = form.get('response_type');
  if (responseType === undefined) throw missing('response_type');
  if (responseType !== 'code' || !grants.has('authorization_code')) {
    throw new OAuthError('response_type_unsupported', { detail: { response_type: responseType } });
  }
  if (!grantTypes.has('authorization_code') || !metadata.response_types.includes('code')) {
    throw new OAuthError('response_type_not_allowed', { detail: { response_type: responseType } });
  }
  const responseMode = form.get('response_mode') ?? 'query';
  if (responseMode !== 'query') throw invalid('response_mode', responseMode);
}

/** RFC 7636 4.3, of which S256 is the only method here; RFC 9700 2.1.1 for who must use it. */
function readCodeChallenge(form: Form, client: RegisteredClient, { policy }: Workspace): string | undefined {
  const challenge = form.get('code_challenge');
  const method = form.get('code_challenge_method');
  if (challenge === undefined && method === undefined) {
    if (policy.pkce === 'required' || client.method === 'none') throw new OAuthError('challenge_missing');
    return undefined;
  }
  // Without a method the challenge would be `plain`, and the verifier would stand in the URL.
  if (challenge === undefined || method !== 'S256' || !isCodeChallenge(challenge)) {
    throw new OAuthError('challenge_invalid', { detail: { code_challenge_method: method, length: challenge?.length } });
  }
  return challenge;
}

/** RFC 9449 10: the SHA-256 thumbprint of a public key, base64url. */
function readDpopThumbprint(form: Form): string | undefined {
  const thumbprint = form.get('dpop_jkt');
  if (thumbprint !== undefined && !/^[A-Za-z0-9_-]{43}$/.test(thumbprint)) throw invalid('dpop_jkt', thumbprint);
  return thumbprint;
}

function readPrompt(form: Form): ReadonlySet<string> {
  const sent = form.get('prompt');
  const prompt = new Set(sent?.split(' ').filter((value) => value !== ''));
  const unknown = [...prompt].some((value) => !promptValues.has(value));
  if (unknown || (prompt.has('none') && prompt.size > 1)) throw invalid('prompt', sent);
  return prompt;
}

function readMaxAge(form: Form): number | undefined {
  const sent = form.get('max_age');
  if (sent === undefined) return undefined;
  if (!/^\d{1,10}$/.test(sent)) throw invalid('max_age', sent);
  return Number(sent);
}

function missing(parameter: string): OAuthError {
  return new OAuthError('parameter_missing', {
    description: `The parameter ${parameter} is missing.`,
    detail: { parameter },
  });
}

function invalid(parameter: string, value: string | undefined): OAuthError {
  return new OAuthError('parameter_invalid', {
    description: `The parameter ${parameter} has an invalid value.`,
    detail: { parameter, value },
  });
}
