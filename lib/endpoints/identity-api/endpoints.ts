import type { CodeOrder } from '../../codes/one-time-codes.js';
import type { OtpType } from '../../codes/otp-settings.js';
import { OAuthError } from '../../errors.js';
import { readJsonObject } from '../../http/json-body.js';
import { sendError, sendJson } from '../../http/reply.js';
import type { IdentityPool } from '../../identity/pool.js';
import { isOfProof, refuseBearer } from '../../tokens/bearer-challenge.js';
import type { Workspace } from '../../workspaces/workspace.js';
import type { Endpoint, Exchange } from '../exchange.js';
import { bearerClient } from '../token-caller.js';
import { findOneUser, type Members, namedUsers, nobodyNamed, optionalMember, requiredMember } from './members.js';

/** The types of codes that something here redeems. */
const offeredTypes: ReadonlySet<string> = new Set<OtpType>(['authentication']);

/** What one operation of the API does once its caller may call it. */
type Operation = (pool: IdentityPool, members: Members, exchange: Exchange) => Promise<void>;

/**
 * `POST .../user/code/generate`, the vendor's Generate Code of Specific Type: a code for a user of the pool, told to a
 * client of the tenant's `system` workspace that has `identity_self_registration`. It delivers the code itself.
 * `pool` undefined: there is none of this name, which only a caller with that scope is told. `workspaces`: where codes
 * of the pool may be used.
 */
export function generateEndpoint(pool: IdentityPool | undefined, workspaces: readonly Workspace[]): Endpoint {
  const generate: Operation = (...call) => generateFor(workspaces, ...call);
  return endpoint('code_generate', 'identity_self_registration', pool, generate);
}

/**
 * `POST .../user/authentication-code/verify`: whose code it is, using it up. Scope `identity`. Whatever is wrong with
 * user or code is answered 422, as one.
 */
export function verifyEndpoint(pool: IdentityPool | undefined): Endpoint {
  return endpoint('code_verify', 'identity', pool, verify);
}

async function generateFor(
  workspaces: readonly Workspace[],
  pool: IdentityPool,
  members: Members,
  { response, facts }: Exchange,
): Promise<void> {
  const type = requiredMember(members, 'type');
  if (!offeredTypes.has(type)) {
    throw new OAuthError('code_type_unsupported', { detail: { type, offered: [...offeredTypes] } });
  }
  const user = await findOneUser(pool, namedUsers(members));
  facts.subject = user.id;
  const { code, extendedCode } = await pool.codes.generate({
    type: type as OtpType,
    user,
    ...(await bindingOf(members, workspaces)),
  });
  sendJson(response, 201, { code, extended_code: extendedCode });
}

/**
 * Who may use the code, and where. A client of the same name in another workspace is another client, so a `client_id`
 * that one workspace alone knows binds to that workspace too.
 */
async function bindingOf(
  members: Members,
  workspaces: readonly Workspace[],
): Promise<Pick<CodeOrder, 'clientId' | 'workspace'>> {
  const clientId = optionalMember(members, 'client_id');
  const workspace = optionalMember(members, 'workspace');
  if (clientId === undefined || workspace !== undefined) return { clientId, workspace };
  const found = await Promise.all(workspaces.map(({ clients }) => clients.find(clientId)));
  const homes = workspaces.filter((_each, index) => found[index] !== undefined).map(({ name }) => name);
  return { clientId, workspace: homes.length === 1 ? homes[0] : undefined };
}

const verify: Operation = async (pool, members, { response, workspace, facts }) => {
  const code = requiredMember(members, 'code');
  const [user, ...others] = namedUsers(members);
  if (others.length > 0) throw new OAuthError('user_ambiguous');
  if (!user && /^\d*$/.test(code)) throw nobodyNamed();
  const attempt = { type: 'authentication', code, user, clientId: facts.client_id, workspace: workspace.name } as const;
  const { id } = await pool.codes.redeem(attempt);
  facts.subject = id;
  sendJson(response, 200, { id });
};

function endpoint(
  event: Endpoint['event'],
  scope: string,
  pool: IdentityPool | undefined,
  operation: Operation,
): Endpoint {
  return {
    event,
    methods: ['POST'],
    async handle(exchange) {
      await bearerClient(exchange, scope);
      if (!pool) throw new OAuthError('pool_unknown');
      await operation(pool, await readJsonObject(exchange.request), exchange);
      return undefined;
    },
    refuse: ({ response, workspace }, failure) => {
      const { issuer: realm, dpop } = workspace;
      if (isTokenFailure(failure))
        refuseBearer(response, failure, { realm, scope, algorithms: dpop.resourceServer.algorithms });
      else refuse(response, failure);
    },
  };
}

function isTokenFailure(failure: OAuthError): boolean {
  const { error, reason } = failure;
  if (error === 'invalid_token' || error === 'insufficient_scope') return true;
  return reason === 'token_in_several_places' || isOfProof(failure);
}

function refuse(response: Exchange['response'], failure: OAuthError): void {
  const { error, status, detail } = failure;
  // The vendor answers a wrong code with 422; 400 is for requests that make no sense.
  if (error === 'invalid_grant') sendError(response, failure, {}, 422);
  else sendError(response, failure, status === 429 ? { 'Retry-After': String(detail.retry_after) } : {});
}
