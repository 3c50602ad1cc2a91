import { type Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import {
  type AuthorizationServerEvent,
  authorizationCode,
  type ClientMetadataInput,
  clientCredentials,
  type Grant,
  type GrantRouter,
  type GrantRouterOptions,
  grantRouter,
  type OutcomeEvent,
  passwordless,
  protectResource,
  refreshToken,
  type SignedInUser,
  standardStrategies,
  type User,
} from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { ProofMaker } from '../support/dpop.js';
import { formType } from '../support/http-exchange.js';
import {
  allClients,
  assertionType,
  basicHeader,
  ca,
  clientPerMethod,
  issuer,
  newSecret,
  secrets,
} from '../support/methods.js';
import { noteLogged, noteSecret } from '../support/suite-log.js';
import type { AttackTable, Verdict } from './attack.js';

export const callback = 'https://app.example.com/callback';
/** RFC 7636 Appendix B. */
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
export const initialToken = newSecret();
export const secondIssuer = `${issuer}/acme/second`;

const john: User = { id: 'u-john', username: 'johndoe', email: 'johndoe@example.com', name: 'John Doe' };
const systemSecret = newSecret();

const web = {
  client_secret: secrets.basic,
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'password'],
  redirect_uris: [callback],
  scope: 'openid profile offline_access read',
  trusted: true,
} satisfies Partial<ClientMetadataInput>;

/** `web` and `other` are twins, `asking` has a consent page, `app` is public, `bound` proves a DPoP key. */
const clients: readonly ClientMetadataInput[] = [
  ...allClients,
  { ...web, client_id: 'web' },
  { ...web, client_id: 'other' },
  { ...web, client_id: 'asking', trusted: false },
  { ...web, client_id: 'asleep', status: 'inactive' },
  { ...web, client_id: 'bound', dpop_bound_access_tokens: true },
  { ...web, client_id: 'auditor', scope: 'read introspect_tokens' },
  { ...clientPerMethod.private_key_jwt, client_id: 'second-key-client' },
  {
    client_id: 'app',
    token_endpoint_auth_method: 'none',
    redirect_uris: [callback, 'http://127.0.0.1/cb'],
    application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid offline_access read',
    trusted: true,
  },
];

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** One request, as it is sent. */
export interface Sent {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
  /** The process that gets it; both share a store. */
  readonly node?: 0 | 1;
  /** Loopback address of the sender; only 127.0.0.1 is a proxy that is trusted. */
  readonly from?: string;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever JSON there was; rows know what they expect
  readonly body: any;
  readonly verdict: Verdict;
}

/** How a back-channel request is made. */
export interface Caller extends Pick<Sent, 'node' | 'from' | 'headers'> {
  /** Sends Basic credentials; null sends none. */
  readonly as?: string | null;
  /** Of the workspace. */
  readonly at?: string;
}

/**
 * Two processes that share a store. Each has two workspaces with the same clients and people, one for the identity API,
 * and an API at /api/hello. John is signed in where the cookie `person` says so.
 */
export class AttackWorld {
  readonly events: AuthorizationServerEvent[] = [];
  readonly dpop = new ProofMaker();
  /** Milliseconds the clock is ahead. */
  ahead = 0;
  readonly store = memoryStore();
  /** Keeps connections, where told to. */
  agent: Agent | false = false;
  readonly #options: GrantRouterOptions;
  /** By process. Most attacks need one alone. */
  readonly #nodes: Promise<Node>[] = [];

  constructor(policy: object = {}) {
    const secret_keys = [Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')];
    this.#options = { ...this.#routerOptions(policy), store: this.store, secret_keys } as GrantRouterOptions;
  }

  async close(): Promise<void> {
    if (this.agent) this.agent.destroy();
    for (const { router, server } of await Promise.all(this.#nodes)) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await router.close();
    }
  }

  async #port(node = 0): Promise<number> {
    this.#nodes[node] ??= listening(grantRouter(this.#options));
    const { server } = await this.#nodes[node];
    return (server.address() as AddressInfo).port;
  }

  async send({ path, method = 'GET', headers = {}, body, node = 0, from = '127.0.0.1' }: Sent): Promise<Reply> {
    const before = this.events.length;
    const port = await this.#port(node);
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const options = { host: '127.0.0.1', port, path, method, localAddress: from, agent: this.agent };
    const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
      const outgoing = request({ ...options, headers: { ...length, ...present(headers) } as never }, resolve);
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const parsed = incoming.headers['content-type']?.includes('json') && text !== '' ? JSON.parse(text) : {};
    const status = incoming.statusCode ?? 0;
    const error = parsed.error ?? errorOf(incoming.headers);
    return { status, headers: incoming.headers, text, body: parsed, verdict: [status, error, this.#reason(before)] };
  }

  /** Octets as they are, and the status of what came back; 0 for nothing. */
  async sendOctets(octets: string): Promise<Verdict> {
    const before = this.events.length;
    const port = await this.#port();
    const answer = await new Promise<string>((resolve) => {
      const chunks: Buffer[] = [];
      const socket = connect(port, '127.0.0.1', () => socket.write(octets));
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.on('error', () => undefined);
      socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    });
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
    return [status, /"error":"(\w+)"/.exec(answer)?.[1], this.#reason(before)];
  }

  /** A form to a back-channel endpoint, as the client `web` unless told otherwise. */
  post(
    path: string,
    fields: Fields | string,
    { as = 'web', at = '', headers, ...caller }: Caller = {},
  ): Promise<Reply> {
    const authorization = as === null ? {} : { authorization: basicHeader(as, secrets.basic) };
    const body = typeof fields === 'string' ? fields : new URLSearchParams(pairsOf(fields)).toString();
    const all = { 'content-type': formType, ...authorization, ...headers };
    return this.send({ ...caller, method: 'POST', path: at + path, headers: all, body });
  }

  async token(fields: Fields | string = {}, caller: Caller = {}): Promise<Reply> {
    const form = typeof fields === 'string' ? fields : { grant_type: 'client_credentials', ...fields };
    const reply = await this.post('/oauth2/token', form, caller);
    for (const name of ['access_token', 'refresh_token', 'id_token']) {
      if (typeof reply.body[name] === 'string') noteSecret(reply.body[name]);
    }
    return reply;
  }

  /** A client_credentials request, or another one, by assertion. */
  async assertion(
    jws: string,
    { path = '/oauth2/token', more = {}, ...caller }: AssertionRequest = {},
  ): Promise<Verdict> {
    if (jws.length > 100) noteSecret(jws);
    const form = { grant_type: 'client_credentials', client_assertion: jws, client_assertion_type: assertionType };
    return (await this.post(path, { ...form, ...more }, { as: null, ...caller })).verdict;
  }

  /** A client_credentials request with the certificate in the proxy's header. */
  byCertificate(clientId: string, cert: string, caller: Caller = {}, verify = 'SUCCESS'): Promise<Reply> {
    const shown = { 'x-ssl-client-cert': encodeURIComponent(cert), 'x-ssl-client-verify': verify };
    return this.token({ client_id: clientId }, { as: null, ...caller, headers: { ...shown, ...caller.headers } });
  }

  /** An authorization request of the client `web` in John's browser; undefined takes a parameter away. */
  authorize(changes: Changes = {}, { at = '', person = 'john', query = '' } = {}): Promise<Reply> {
    const pairs = pairsOf(applied(authorization, changes));
    const path = `${at}/oauth2/authorize?${new URLSearchParams(pairs)}${query}`;
    return this.send({ path, ...(person && { headers: { cookie: `person=${person}` } }) });
  }

  async code(changes: Changes = {}, at = ''): Promise<string> {
    const reply = await this.authorize(changes, { at });
    const code = new URL(String(reply.headers.location)).searchParams.get('code');
    if (code === null) throw new Error(`no code: ${reply.verdict.join()}`);
    return noteSecret(code);
  }

  redeem(code: string, changes: Changes = {}, caller: Caller = {}): Promise<Reply> {
    const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
    return this.token(applied(form, changes), caller);
  }

  /** The tokens of a new authorization. */
  async tokens(changes: Changes = {}, caller: Caller = {}): Promise<Record<string, string>> {
    const { body, verdict } = await this.redeem(await this.code(changes, caller.at), {}, caller);
    if (body.access_token === undefined) throw new Error(`no tokens: ${verdict.join()}`);
    return body;
  }

  refresh(refresh_token: string, changes: Changes = {}, caller: Caller = {}): Promise<Reply> {
    return this.token(applied({ grant_type: 'refresh_token', refresh_token }, changes), caller);
  }

  push(changes: Changes = {}, caller: Caller = {}): Promise<Reply> {
    return this.post('/oauth2/par', applied(authorization, changes), caller);
  }

  async hello(token: string, headers: Headers = {}): Promise<Verdict> {
    const all = { authorization: `Bearer ${token}`, ...headers };
    return (await this.send({ path: '/api/hello', headers: all })).verdict;
  }

  /** A proof for one of the endpoints, and the token that goes with it. */
  proof(path: string, token?: string, method = 'POST'): Promise<string> {
    return token === undefined
      ? this.dpop.proof(method, issuer + path)
      : this.dpop.forToken(token, method, issuer + path);
  }

  register(members: unknown, token = initialToken): Promise<Reply> {
    const body = typeof members === 'string' ? members : JSON.stringify(members);
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    return this.send({ method: 'POST', path: '/oauth2/register', headers, body });
  }

  /** A request for a one-time code; a text is sent as it is. */
  async identity(
    body: unknown,
    { token, pool = 'staff', operation = 'code/generate' }: IdentityRequest = {},
  ): Promise<Reply> {
    const form = { grant_type: 'client_credentials', scope: 'identity_self_registration', client_id: 'signin' };
    const own = await this.token({ ...form, client_secret: systemSecret }, { as: null, at: '/acme/system' });
    return this.send({
      method: 'POST',
      path: `/api/identity/acme/system/pools/${pool}/user/${operation}`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token ?? own.body.access_token}` },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** A one-time code for John. */
  async oneTimeCode(): Promise<string> {
    const { body, verdict } = await this.identity({ type: 'authentication', address: 'johndoe@example.com' });
    if (body.code === undefined) throw new Error(`no code: ${verdict.join()}`);
    noteSecret(body.extended_code);
    return noteSecret(body.code);
  }

  password(password: string, more: Fields = {}, caller: Caller = {}): Promise<Reply> {
    return this.token({ grant_type: 'password', username: 'johndoe@example.com', password, ...more }, caller);
  }

  /** The reason of what was told since then, of failures alone. */
  #reason(before: number): string | undefined {
    const told = this.events.slice(before).filter((event): event is OutcomeEvent => event.event !== 'warning');
    return told.at(-1)?.reason;
  }

  #routerOptions(policy: object) {
    const workspace = {
      tenant: 'acme',
      clients,
      signing_keys: ['ES256' as const],
      root_cas: [ca.cert],
      scopes: { openid: {}, profile: {}, offline_access: {}, read: {}, write: {} },
      grant_types: ['authorization_code', 'client_credentials', 'refresh_token', 'password'],
      pool: 'staff',
      ...policy,
    };
    const registration = { enabled: true, initial_access_tokens: [initialToken] };
    const signin = {
      client_id: 'signin',
      client_secret: systemSecret,
      token_endpoint_auth_method: 'client_secret_post',
    };
    const identity = { ...signin, grant_types: ['client_credentials'], scope: 'identity_self_registration' };
    return {
      workspaces: [
        {
          ...workspace,
          issuer,
          workspace: 'demo',
          authenticateUser: (message: IncomingMessage) => this.#person(message),
          registration,
        },
        {
          ...workspace,
          issuer: secondIssuer,
          workspace: 'second',
          authenticateUser: (message: IncomingMessage) => this.#person(message),
        },
        { tenant: 'acme', workspace: 'system', issuer: `${issuer}/acme/system`, clients: [identity] },
      ],
      pools: [{ tenant: 'acme', pool: 'staff', users: [john] }],
      strategies: standardStrategies(),
      grants: [authorizationCode(), clientCredentials(), refreshToken(), passwordless()] as Grant[],
      trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' as const }],
      now: () => Date.now() + this.ahead,
      onEvent: (event: AuthorizationServerEvent) => {
        this.events.push(event);
        noteLogged(event);
      },
    };
  }

  #person({ headers }: IncomingMessage): SignedInUser | undefined {
    if (!headers.cookie?.includes('person=john')) return undefined;
    return { ...john, authTime: Math.floor((Date.now() + this.ahead) / 1000) - 5 };
  }
}

interface Node {
  readonly router: GrantRouter;
  readonly server: Server;
}

interface AssertionRequest extends Omit<Caller, 'as'> {
  readonly path?: string;
  readonly more?: Fields;
}

interface IdentityRequest {
  readonly token?: string;
  readonly pool?: string;
  readonly operation?: string;
}

/** Of a table whose attacks each get a world of their own. */
export const ownWorld: Pick<AttackTable<AttackWorld>, 'open' | 'close'> = {
  open: async () => new AttackWorld(),
  close: (world) => world.close(),
};

/** Of a table whose attacks leave nothing behind. */
export const oneWorld = { ...ownWorld, shared: true } as const;

/** A right authorization request. */
export const authorization = {
  response_type: 'code',
  client_id: 'web',
  redirect_uri: callback,
  scope: 'openid offline_access read',
  state: 'a-state',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};

export type Changes = Readonly<Record<string, string | readonly string[] | undefined>>;

function applied(fields: Fields, changes: Changes): Fields {
  const all = Object.entries({ ...fields, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Fields;
}

function present(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined));
}

function pairsOf(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
}

/** The error that a redirect or a challenge tells. */
function errorOf({ location, 'www-authenticate': challenged }: IncomingMessage['headers']): string | undefined {
  if (location !== undefined && URL.canParse(location)) return new URL(location).searchParams.get('error') ?? undefined;
  return /error="(\w+)"/.exec(challenged ?? '')?.[1];
}

async function listening(router: GrantRouter): Promise<Node> {
  const guard = protectResource({ authorizationServer: router, resource: `${issuer}/api/hello` });
  const server = createServer((message: IncomingMessage, response: ServerResponse) => {
    if (message.url?.startsWith('/api/hello')) {
      void guard(message, response, () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    } else router(message, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { router, server };
}
