import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import request, { type Response } from 'supertest';
import {
  type AuthenticateUser,
  authorizationCode,
  type ClientMetadataInput,
  grantRouter,
  type Interaction,
  type OutcomeEvent,
  standardStrategies,
  type User,
  type WorkspacePolicyInput,
} from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';

/** RFC 7636 Appendix B. */
export const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
export const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
export const issuer = 'https://id.example/acme/demo';
export const callback = 'https://app.example/cb';
export const secret = 'correct horse battery staple 123456';

const john: User = { id: 'u-john', username: 'johndoe', name: 'John <b>Doe</b>', email: 'john@example.com' };

const web = {
  client_secret: secret,
  redirect_uris: [callback],
  scope: 'openid profile offline_access read accounts.*',
};

export const clients: ClientMetadataInput[] = [
  { ...web, client_id: 'web', client_name: 'Web "<script>alert(1)</script>" Shop' },
  { ...web, client_id: 'other' },
  { ...web, client_id: 'trusted', trusted: true },
  { ...web, client_id: 'short', trusted: true, token_ttls: { authorization_code: 5 } },
  { ...web, client_id: 'aged', trusted: true, default_max_age: 60 },
  { ...web, client_id: 'two', trusted: true, redirect_uris: [callback, `${callback}?own=1`] },
  { ...web, client_id: 'asleep', status: 'inactive' },
  { ...web, client_id: 'machine', grant_types: ['client_credentials'], response_types: [] },
  {
    client_id: 'app',
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    trusted: true,
    redirect_uris: ['http://127.0.0.1/cb', 'com.example.app:/cb'],
    scope: 'read',
  },
];

/** An authorization server whose clock, person and users a spec may move, and whose events it may read. */
export class TestServer {
  readonly events: OutcomeEvent[] = [];
  readonly interactions: Interaction[] = [];
  /** Seconds since 1970. */
  now = 1_800_000_000;
  readonly users = new Map<string, User>([[john.id, john]]);
  readonly registry = new Map(clients.map((client) => [client.client_id, client]));
  /** Who is at the browser. */
  person: AuthenticateUser = () => this.john();
  readonly #router: ReturnType<typeof grantRouter>;
  readonly #server: ReturnType<typeof createServer>;

  constructor(policy: WorkspacePolicyInput = {}) {
    this.#router = grantRouter({
      issuer,
      clients: { find: (id) => this.registry.get(id) },
      store: memoryStore(),
      strategies: standardStrategies(),
      grants: [authorizationCode()],
      scopes: {
        openid: {},
        profile: {},
        offline_access: {},
        read: { description: 'Read <i>all</i>' },
        'accounts.*': {},
      },
      signing_keys: ['ES256'],
      users: { find: (key) => ('id' in key ? this.users.get(key.id) : undefined) },
      authenticateUser: (message, response, interaction) => {
        this.interactions.push(interaction);
        return this.person(message, response, interaction);
      },
      onEvent: (event) => event.event !== 'warning' && this.events.push(event),
      now: () => this.now * 1000,
      ...policy,
    });
    this.#server = createServer((message, response) => {
      // As a host's own CORS middleware would.
      response.setHeader('Access-Control-Allow-Origin', '*');
      this.#router(message, response);
    });
  }

  async start(): Promise<this> {
    await this.#router.ready();
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#router.close();
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get agent() {
    return request(this.origin);
  }

  /** John, signed in `age` seconds ago. */
  john(age = 10) {
    return { ...john, authTime: this.now - age };
  }

  /** The reason of the last request, or `success`. */
  get lastReason(): string {
    const last = this.events.at(-1);
    return last?.reason ?? last?.outcome ?? 'no event';
  }

  /** A valid authorization request, with these changes; undefined takes a parameter away. */
  authorize(changes: Parameters = {}, cookie?: string) {
    const pending = this.agent.get(`/acme/demo/oauth2/authorize?${queryOf({ ...valid, ...changes })}`);
    return cookie === undefined ? pending : pending.set('Cookie', cookie);
  }

  /** The answer to a page: its boxes as they stood there, unless `scope` says otherwise. */
  decide(form: Parameters, cookie?: string) {
    const asShown = { scope: ticked.get(String(form.transaction)), ...form };
    const pending = this.agent.post('/acme/demo/oauth2/authorize/consent').type('form').send(queryOf(asShown));
    return cookie === undefined ? pending : pending.set('Cookie', cookie);
  }

  /** A code for the trusted client, or for the one named. */
  async code(changes: Parameters = {}): Promise<string> {
    const response = await this.authorize({ client_id: 'trusted', ...changes });
    const code = answerOf(response).code;
    if (code === undefined) throw new Error(`no code: ${response.status} ${response.headers.location}`);
    return code;
  }

  /** A token request of a confidential client, with these changes. */
  redeem(changes: Parameters, clientId = 'trusted') {
    const body = { grant_type: 'authorization_code', redirect_uri: callback, code_verifier: verifier, ...changes };
    const pending = this.agent.post('/acme/demo/oauth2/token').type('form');
    if (clientId === 'app') return pending.send(queryOf({ client_id: clientId, ...body }));
    return pending.auth(clientId, encodeURIComponent(secret)).send(queryOf(body));
  }
}

export type Parameters = Readonly<Record<string, string | readonly string[] | undefined>>;

const valid: Parameters = {
  response_type: 'code',
  client_id: 'web',
  redirect_uri: callback,
  scope: 'read',
  state: 's t+a%2B&=é',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};

export function queryOf(parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value ?? []].flat()) query.append(name, each);
  }
  return query.toString();
}

/** The parameters of a redirect. */
export function answerOf({ headers }: Response): Record<string, string | undefined> {
  return headers.location === undefined ? {} : Object.fromEntries(new URL(headers.location).searchParams);
}

/** The ticked boxes of the consent pages seen so far, by transaction. */
const ticked = new Map<string, string[]>();

/** What a browser keeps of a consent page. */
export function formOf({ text, headers }: Response): { transaction: string; cookie: string | undefined } {
  const transaction = /name="transaction" value="([^"]+)"/.exec(text)?.[1];
  if (transaction === undefined) throw new Error(`no consent form in ${text}`);
  ticked.set(transaction, tickedIn(text));
  const [set] = (headers['set-cookie'] ?? []) as unknown as string[];
  return { transaction, cookie: set?.split(';')[0] };
}

/** The scopes whose boxes are ticked on a page. */
export function tickedIn(page: string): string[] {
  return [...page.matchAll(/<input type="checkbox" name="scope" value="([^"]+)" checked>/g)].map(
    ([, scope = '']) => scope,
  );
}
