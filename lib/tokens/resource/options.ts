import { z } from 'zod';
import { OptionsError, parseOptions } from '../../options.js';
import type { GrantRouter } from '../../router.js';
import { serverOptionsSchema, serverResources } from '../../server-resources.js';
import { issuerSchema } from '../../workspaces/options.js';
import { scopeToken } from '../../workspaces/policy.js';
import { guardProofShape, guardProofs, type ProofHome } from '../dpop/guard-proofs.js';
import type { ProofVerifier } from '../dpop/proof-verifier.js';
import { inProcess } from './in-process.js';
import { introspectionSchema } from './introspection-client.js';
import { remoteIssuer } from './remote-issuer.js';
import { resourceSchema } from './resource-metadata.js';
import type { TokenSource } from './token-source.js';

function isScopeList(text: string): boolean {
  return text.split(' ').every((scope) => scope === '' || scopeToken.test(scope));
}

/** What is asked of a token, wherever it comes from. */
const routeSchema = z.strictObject({
  scope: z
    .string()
    .refine(isScopeList, 'must be scope tokens separated by blanks (RFC 6749 3.3)')
    .default('')
    .describe('Scope values a token must have, separated by blanks; all of them.'),
  resource: resourceSchema
    .optional()
    .describe('The https URL of this API: challenges then tell where its metadata stand (RFC 9728 5.1).'),
  ...guardProofShape,
});

/** Options beside the server. */
export const inProcessSchema = routeSchema.extend({
  authorizationServer: z
    .custom<Pick<GrantRouter, 'workspaces'>>(
      (value) => Array.isArray((value as Partial<GrantRouter> | undefined)?.workspaces),
      'must be what grantRouter() answered; for a server in another process name its issuer instead',
    )
    .describe('The router in this process: its keys and tokens are read directly.'),
  issuer: z
    .union([z.string(), z.array(z.string()).min(1)])
    .optional()
    .describe('The only issuers whose tokens are taken: one or several workspaces of the router. Absent: all of them.'),
  audience: z
    .string()
    .min(1)
    .optional()
    .describe('The `aud` a token must have. Absent: the default audience of the workspace that issued it.'),
});

/** Options for an issuer in another process. */
export const remoteSchema = z.strictObject({
  ...routeSchema.shape,
  ...serverOptionsSchema.shape,
  issuer: issuerSchema.describe(
    'The authorization server, in another process. Its metadata tell where keys and introspection are.',
  ),
  audience: z
    .string('is needed where the server is in another process: the aud of tokens for this API')
    .min(1)
    .describe('The `aud` a token must have.'),
  introspection: introspectionSchema
    .optional()
    .describe('As whom to ask about opaque tokens. Absent: they are refused.'),
  clock_tolerance: z.int().min(0).max(60).default(10).describe("Seconds the issuer's clock may be off."),
});

/** The server in this process, or the issuer in another. */
export type ProtectResourceOptions = z.input<typeof inProcessSchema> | z.input<typeof remoteSchema>;

/** What a guard needs, made ready. */
export interface Guarding {
  readonly source: TokenSource;
  readonly scope: string;
  readonly resource: string | undefined;
  /** Who verifies the DPoP proofs that come with the tokens of an issuer (RFC 9449 7). */
  proofsFor(home: ProofHome): ProofVerifier;
}

/** Throws OptionsError. */
export function openGuard(options: ProtectResourceOptions): Guarding {
  if ('authorizationServer' in options && options.authorizationServer !== undefined) {
    refuseRemoteMembers(options);
    const { authorizationServer, issuer, audience, ...route } = parseOptions(inProcessSchema, options);
    return { source: inProcess(authorizationServer.workspaces, issuer, audience), ...guardingRoute(route) };
  }
  const { authorizationServer: _, ...given } = options as { readonly authorizationServer?: undefined };
  if (!('issuer' in given)) {
    const message =
      'needs authorizationServer, what grantRouter() answered in this process, or the issuer of a server in another';
    throw new OptionsError([{ path: '', message }]);
  }
  const { issuer, audience, introspection, clock_tolerance, scope, resource, url, dpop_nonce, ...shared } =
    parseOptions(remoteSchema, given);
  const resources = serverResources(shared, { encryptsInStore: false, remembers: false });
  const source = remoteIssuer({ issuer, audience, introspection, clock_tolerance }, resources);
  return { source, ...guardingRoute({ scope, resource, url, dpop_nonce }) };
}

function guardingRoute({ scope, resource, ...dpop }: z.output<typeof routeSchema>): Omit<Guarding, 'source'> {
  return { scope, resource, proofsFor: guardProofs(dpop, resource) };
}

/** In one process they are the router's, and standing in both places they could differ. */
function refuseRemoteMembers(options: object): void {
  const own = new Set(Object.keys(inProcessSchema.shape));
  const mistakes = Object.keys(remoteSchema.shape)
    .filter((name) => !own.has(name) && name in options)
    .map((path) => ({ path, message: 'is for an issuer in another process; authorizationServer is asked directly' }));
  if (mistakes.length > 0) throw new OptionsError(mistakes);
}
