import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { sendJson } from '../../http/reply.js';
import { parseOptions } from '../../options.js';
import type { GrantRouter } from '../../router.js';
import { issuerSchema } from '../../workspaces/options.js';
import { scopeToken } from '../../workspaces/policy.js';
import { standingProofAlgorithms } from '../dpop/guard-proofs.js';

/** The https URL of an API: its resource identifier (RFC 9728 1.2), without query and fragment. */
export const resourceSchema = z.string().superRefine((resource, context) => {
  if (isResource(resource)) return;
  context.addIssue({ code: 'custom', message: 'must be an https URL without query and fragment (RFC 9728 1.2)' });
});

function isResource(text: string): boolean {
  if (!URL.canParse(text) || /[?#"\\\s]/.test(text)) return false;
  const { protocol, username, password } = new URL(text);
  return protocol === 'https:' && username === '' && password === '';
}

const wellKnown = '/.well-known/oauth-protected-resource';

/** Where the metadata of a resource stand (RFC 9728 3.1): the well-known part comes between host and path. */
export function resourceMetadataUrl(resource: string): string {
  const { origin } = new URL(resource);
  return origin + metadataPath(resource);
}

function metadataPath(resource: string): string {
  const { pathname } = new URL(resource);
  return wellKnown + (pathname === '/' ? '' : pathname);
}

const url = z.string().refine((text) => URL.canParse(text), 'must be a URL');

/** What the metadata of an API are made of. */
export const optionsSchema = z.strictObject({
  resource: resourceSchema.describe('https URL of the API (RFC 9728 1.2).'),
  authorizationServer: z
    .custom<Pick<GrantRouter, 'workspaces'>>(
      (value) => Array.isArray((value as Partial<GrantRouter> | undefined)?.workspaces),
      'must be what grantRouter() answered',
    )
    .optional()
    .describe('The router in this process, all of whose issuers give tokens for the resource.'),
  authorization_servers: z
    .array(issuerSchema)
    .min(1)
    .optional()
    .describe('The issuers that give tokens for the resource; instead of `authorizationServer`.'),
  scopes_supported: z
    .array(z.string().regex(scopeToken, 'is not a scope token (RFC 6749 3.3)'))
    .optional()
    .describe('Scopes that clients may want here.'),
  bearer_methods_supported: z
    .array(z.enum(['header', 'body']))
    .default(['header'])
    .describe('`body` only where a form parser stands before `protectResource`.'),
  tls_client_certificate_bound_access_tokens: z
    .boolean()
    .default(true)
    .describe('Whether connections can carry a client certificate, from the listener or a trusted proxy (RFC 8705 3).'),
  resource_name: z.string().optional().describe('What people call it.'),
  resource_documentation: url.optional().describe('URL for developers.'),
  resource_policy_uri: url.optional().describe('URL of its policy.'),
  resource_tos_uri: url.optional().describe('URL of its terms.'),
});

export type ProtectedResourceMetadataOptions = z.input<typeof optionsSchema>;

/** The same for all, scripts of other sites included: clients in browsers start here (RFC 9728 5). */
const headers = { 'Cache-Control': 'public, max-age=300', 'Access-Control-Allow-Origin': '*' };

/**
 * Publishes the metadata of an API (RFC 9728 2, 3): a request handler that answers GET and HEAD of
 * `/.well-known/oauth-protected-resource{path of resource}` and hands everything else to `next`. Mount it at the root
 * of the resource's origin. Throws OptionsError.
 */
export function protectedResourceMetadata(
  options: ProtectedResourceMetadataOptions,
): (request: IncomingMessage, response: ServerResponse, next: () => void) => void {
  const { authorizationServer, authorization_servers, ...members } = parseOptions(optionsSchema, options);
  const algorithms = authorizationServer?.workspaces.flatMap(({ policy }) => policy.dpop_signing_alg_values);
  const issuers = authorization_servers ?? authorizationServer?.workspaces.map(({ issuer }) => issuer);
  const scopes = members.scopes_supported;
  const document = {
    ...members,
    authorization_servers: issuers,
    // What `protectResource` takes.
    dpop_signing_alg_values_supported: [...new Set(algorithms ?? standingProofAlgorithms)],
    // RFC 9728 2: what has no elements is left out.
    scopes_supported: scopes?.length === 0 ? undefined : scopes,
  };
  const path = metadataPath(members.resource);
  return (request: IncomingMessage & { readonly originalUrl?: string }, response, next) => {
    const [asked] = (request.originalUrl ?? request.url ?? '').split('?', 1);
    if (asked !== path || !['GET', 'HEAD'].includes(request.method ?? '')) next();
    else sendJson(response, 200, document, headers);
  };
}
