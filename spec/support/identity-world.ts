import request, { type Response, type Test } from 'supertest';
import {
  type AuthorizationServerEvent,
  authorizationCode,
  type ClientMetadataInput,
  type ClientSource,
  clientCredentials,
  type Grant,
  type GrantRouter,
  grantRouter,
  type OtpSettingsInput,
  type OutcomeEvent,
  passwordless,
  type Store,
  standardStrategies,
  type User,
  type WorkspacePolicyInput,
} from '../../index.js';
import { newSecret } from './methods.js';
import { noteLogged, noteSecret } from './suite-log.js';

/** The person of seed 004. */
export const john: User = {
  id: '6833b9b9908740b2b1c68608054c1477',
  username: 'johndoe',
  email: 'johndoe@example.com',
  name: 'John Doe',
};
export const jane: User = { id: 'u-jane', username: 'jane', email: 'jane@example.com' };
export const gone: User = { id: 'u-gone', username: 'gone', email: 'gone@example.com', status: 'inactive' };

const secret = newSecret();

export const signin: ClientMetadataInput = {
  client_id: 'signin',
  client_secret: secret,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['client_credentials'],
  scope: 'identity_self_registration identity',
};

/** A trusted application that may use the password grant. */
export const app: ClientMetadataInput = {
  client_id: 'app',
  client_secret: secret,
  token_endpoint_auth_method: 'client_secret_post',
  grant_types: ['password'],
  scope: 'openid profile email offline_access read',
};
export const otherApp: ClientMetadataInput = { ...app, client_id: 'other-app' };
const onlyDemo: ClientMetadataInput = { ...app, client_id: 'only-demo' };

export interface Code {
  readonly code: string;
  readonly extended_code: string;
}

export interface IdentityWorld {
  readonly router: GrantRouter;
  readonly events: AuthorizationServerEvent[];
  /** Milliseconds the server's clock is ahead. */
  ahead: number;
  /** Further clients of `/acme/second`. */
  readonly lateClients: ClientMetadataInput[];
  last(): OutcomeEvent;
  /** A token request at `/acme/demo`, or another workspace. */
  token(parameters: Record<string, string>, workspace?: string): Test;
  /** The password grant of `app`. */
  password(password: string, more?: Record<string, string>): Test;
  /** An access token of a `system` workspace. */
  systemToken(scope?: string, tenant?: string): Promise<string>;
  /** A request to the identity API with a right token unless told otherwise. A text is sent as it is. */
  identity(operation: string, body: unknown, options?: { pool?: string; token?: string }): Promise<Response>;
  /** A new code. */
  generate(body?: Record<string, unknown>, pool?: string): Promise<Code>;
}

export interface WorldOptions {
  readonly otp?: OtpSettingsInput;
  readonly people?: readonly User[];
  /** Of `/acme/demo`. */
  readonly policy?: WorkspacePolicyInput;
  readonly clients?: readonly ClientMetadataInput[];
  /** Of `/acme/system`. */
  readonly systemClients?: readonly ClientMetadataInput[] | ClientSource;
  readonly store?: Store;
  readonly explain_in_reply?: boolean;
}

export const host = 'https://as.example.com';

/** Two tenants, each with a `system` workspace; `acme` has two pools and three workspaces for people. */
export function identityWorld(options: WorldOptions = {}): IdentityWorld {
  const { otp = {}, people = [john, jane, gone], policy = {}, clients = [app, otherApp] } = options;
  const { systemClients = [signin] } = options;
  const events: AuthorizationServerEvent[] = [];
  const workspace = (tenant: string, name: string, more: object) => ({
    issuer: `${host}/${tenant}/${name}`,
    tenant,
    workspace: name,
    clients,
    signing_keys: ['ES256' as const],
    scopes: { openid: {}, profile: {}, email: {}, offline_access: {}, read: {} },
    grant_types: ['password', 'client_credentials'],
    ...more,
  });
  const findInSecond = (id: string) => [...clients, ...world.lateClients].find(({ client_id }) => client_id === id);
  const router = grantRouter({
    pools: [
      { tenant: 'acme', pool: 'staff', users: people, otp_settings: otp },
      { tenant: 'acme', pool: 'partners', users: people },
      { tenant: 'globex', pool: 'staff', users: people },
    ],
    workspaces: [
      workspace('acme', 'system', { clients: systemClients, access_token_format: 'opaque' }),
      workspace('globex', 'system', { clients: [signin] }),
      workspace('acme', 'demo', { pool: 'staff', clients: [...clients, onlyDemo], ...policy }),
      workspace('acme', 'second', { pool: 'staff', clients: { find: findInSecond } }),
      workspace('acme', 'partners', { pool: 'partners' }),
      workspace('acme', 'machines', { clients: [{ ...signin, scope: 'read' }] }),
    ],
    ...(options.store && { store: options.store }),
    explain_in_reply: options.explain_in_reply ?? false,
    strategies: standardStrategies(),
    grants: [authorizationCode(), clientCredentials(), passwordless()] as Grant[],
    now: () => Date.now() + world.ahead,
    onEvent: (event) => {
      events.push(event);
      noteLogged(event);
    },
  });
  const world: IdentityWorld = {
    router,
    events,
    ahead: 0,
    lateClients: [],
    last: () => {
      const outcome = events.findLast((event): event is OutcomeEvent => event.event !== 'warning');
      if (!outcome) throw new Error('no outcome was told');
      return outcome;
    },
    token: (parameters, name = 'demo') =>
      request(router).post(`/acme/${name}/oauth2/token`).type('form').send(parameters),
    password: (password, more = {}) =>
      world.token({
        grant_type: 'password',
        client_id: 'app',
        client_secret: secret,
        username: 'johndoe@example.com',
        password,
        ...more,
      }),
    systemToken: async (scope = 'identity_self_registration', tenant = 'acme') => {
      const { body } = await request(router)
        .post(`/${tenant}/system/oauth2/token`)
        .type('form')
        .send({ grant_type: 'client_credentials', client_id: 'signin', client_secret: secret, scope });
      return noteSecret(body.access_token);
    },
    identity: async (operation, body, { pool = 'staff', token } = {}) =>
      request(router)
        .post(`/api/identity/acme/system/pools/${pool}/user/${operation}`)
        .set('Authorization', `Bearer ${token ?? (await world.systemToken('identity_self_registration identity'))}`)
        .type('json')
        .send(typeof body === 'string' ? body : JSON.stringify(body)),
    generate: async (body = { address: 'johndoe@example.com' }, pool = 'staff') => {
      const reply = await world.identity('code/generate', { type: 'authentication', ...body }, { pool });
      if (reply.status !== 201) throw new Error(`no code: ${reply.status} ${reply.text}`);
      noteSecret(reply.body.code);
      noteSecret(reply.body.extended_code);
      return reply.body;
    },
  };
  return world;
}

export const appSecret = secret;

/** A code that is not this one, of the same shape. */
export const wrongOf = (code: string) => String((Number(code[0]) + 1) % 10) + code.slice(1);
