import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type AuthorizationServerEvent,
  authorizationCode,
  type ClientMetadataInput,
  type CodeDelivery,
  type GeneratedCode,
  type GrantRouterOptions,
  grantRouter,
  type OutcomeEvent,
  standardStrategies,
  type User,
} from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { noteLogged, noteSecret } from './suite-log.js';

export const issuer = 'https://id.example/acme/demo';
export const callback = 'https://app.example/cb';
/** RFC 7636 Appendix B. */
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const secret = noteSecret('login flow client secret 0123456789');

const web = {
  client_secret: secret,
  redirect_uris: [callback],
  post_logout_redirect_uris: ['https://app.example/bye', 'https://app.example/bye?own=1'],
  scope: 'openid profile offline_access read write',
};

export const loginClients: ClientMetadataInput[] = [
  { ...web, client_id: 'web', client_name: 'Web Shop' },
  { ...web, client_id: 'other', client_name: 'Other <i>Shop</i>' },
  { ...web, client_id: 'trusted', trusted: true },
  { ...web, client_id: 'asleep', status: 'inactive' },
  {
    client_id: 'app',
    token_endpoint_auth_method: 'none',
    redirect_uris: [callback],
    scope: 'read',
  },
  { ...web, client_id: 'native', application_type: 'native', redirect_uris: ['com.example.app:/cb'] },
];

export const john: User = { id: 'u-john', username: 'johndoe', name: 'John Doe', email: 'john@example.com' };
export const jane: User = { id: 'u-jane', username: 'jane', name: 'Jane', email: 'jane@example.com' };

type SingleOptions = Extract<GrantRouterOptions, { issuer: string }>;
type Options = Partial<SingleOptions>;

export const secondIssuer = 'https://id.example/acme/second';

/** Two workspaces whose people are the same. */
export function sharedPool({ issuer: first, clients, scopes, signing_keys, users = [], ...shared }: SingleOptions) {
  const workspace = {
    tenant: 'acme',
    pool: 'staff',
    clients,
    ...(scopes && { scopes }),
    ...(signing_keys && { signing_keys }),
  };
  return {
    ...shared,
    pools: [{ tenant: 'acme', pool: 'staff', users }],
    workspaces: [
      { ...workspace, issuer: first, workspace: 'demo' },
      { ...workspace, issuer: secondIssuer, workspace: 'second' },
    ],
  };
}

/** An authorization server with people and a login of its own, whose clock a spec may move. */
export class LoginServer {
  readonly events: AuthorizationServerEvent[] = [];
  readonly mails: CodeDelivery[] = [];
  /** Seconds since 1970. */
  now = 1_800_000_000;
  readonly users = new Map<string, User>([john, jane].map((user) => [user.id, user]));
  readonly store = memoryStore();
  readonly router: ReturnType<typeof grantRouter>;
  readonly #server: ReturnType<typeof createServer>;

  /** `shape` may make something else of the options, several workspaces say. */
  constructor(options: Options = {}, shape: (all: SingleOptions) => GrantRouterOptions = (all) => all) {
    const all: SingleOptions = {
      issuer,
      clients: loginClients,
      store: this.store,
      strategies: standardStrategies(),
      grants: [authorizationCode()],
      scopes: { openid: {}, profile: {}, offline_access: {}, read: { description: 'Read all' }, write: {} },
      signing_keys: ['ES256'],
      // The same for every server: what one has sealed another one could open, but for what it is bound to.
      secret_keys: [btoa('0123456789abcdef0123456789abcdef')],
      users: { find: (key) => this.#find(key) },
      deliverCode: async (mail) => {
        if (mail.code !== undefined) noteSecret(mail.code);
        noteSecret(secretOf(mail.link));
        this.mails.push(mail);
      },
      onEvent: (event) => {
        noteLogged(event);
        this.events.push(event);
      },
      now: () => this.now * 1000,
      ...options,
    };
    this.router = grantRouter(shape(all));
    this.#server = createServer(this.router);
  }

  async start(): Promise<this> {
    await this.router.ready();
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.router.close();
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The reason of the last request, or `success`. */
  get lastReason(): string {
    const last = this.events.findLast((event): event is OutcomeEvent => event.event !== 'warning');
    return last?.reason ?? last?.outcome ?? 'no event';
  }

  get warnings(): AuthorizationServerEvent[] {
    return this.events.filter(({ event }) => event === 'warning');
  }

  /** The mail with this number, from 1, whether or not it has a code; waits for it. */
  async anyMail(number: number): Promise<CodeDelivery> {
    for (let turn = 0; turn < 200 && this.mails.length < number; turn += 1) await pause();
    const mail = this.mails[number - 1];
    if (!mail) throw new Error(`there are ${this.mails.length} mails`);
    return mail;
  }

  /** The same; it must have a code. */
  async mail(number: number): Promise<CodeDelivery & { readonly code: string }> {
    const { code, ...mail } = await this.anyMail(number);
    if (code === undefined) throw new Error('the mail has no code');
    return { ...mail, code };
  }

  /** Long enough for a mail to be sent that must not be. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < 20; turn += 1) await pause();
  }

  /** A code as a client application gets it by the identity API. */
  generate(user: User, order: { clientId?: string } = {}): Promise<GeneratedCode> {
    const [workspace] = this.router.workspaces;
    if (!workspace?.pool) throw new Error('no pool');
    return workspace.pool.codes.generate({ type: 'authentication', user, ...order });
  }

  /** As if half a minute had passed since the last mail to each address; or ten minutes. */
  async coolDown(minutes: 0.5 | 10 = 0.5): Promise<void> {
    for await (const { key } of this.store.scan('')) {
      const isOver = key.includes('login-mail-sent/') || (minutes === 10 && key.includes('login-mails/'));
      if (isOver) await this.store.delete(key);
    }
  }

  token(code: string, clientId = 'web', more: Fields = {}): Promise<JsonAnswer> {
    const body = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
    return this.back('/oauth2/token', { ...body, ...more }, clientId);
  }

  /** A pushed authorization request of a client, with these changes. */
  push(changes: Record<string, string | readonly string[] | undefined> = {}, clientId = 'web'): Promise<JsonAnswer> {
    const sent = Object.entries({ ...validRequest, client_id: clientId, ...changes });
    const fields = Object.fromEntries(sent.filter(([, value]) => value !== undefined)) as Fields;
    return this.back('/oauth2/par', fields, clientId);
  }

  /** The request URI of a push that succeeds. */
  async pushed(
    changes: Record<string, string | readonly string[] | undefined> = {},
    clientId = 'web',
  ): Promise<string> {
    const { status, body } = await this.push(changes, clientId);
    if (status !== 201) throw new Error(`not pushed: ${status} ${this.lastReason}`);
    return noteSecret(body.request_uri ?? '');
  }

  /** A back-channel request of a client by its secret; of the public one by its name; of nobody. */
  async back(path: string, fields: Fields, clientId?: string): Promise<JsonAnswer> {
    const basic = `Basic ${btoa([clientId ?? '', secret].map(encodeURIComponent).join(':'))}`;
    const headers = clientId === undefined || clientId === 'app' ? undefined : { authorization: basic };
    const body = new URLSearchParams(pairsOf(fields));
    const answer = await fetch(`${this.origin}/acme/demo${path}`, {
      method: 'POST',
      ...(headers && { headers }),
      body,
    });
    return {
      status: answer.status,
      headers: answer.headers,
      body: (await answer.json()) as Record<string, string>,
    };
  }

  #find(key: { id: string } | { username: string } | { email: string }): User | undefined {
    if ('id' in key) return this.users.get(key.id);
    return [...this.users.values()].find((user) =>
      'email' in key ? user.email === key.email : user.username === key.username,
    );
  }
}

/** What a browser was answered. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
  readonly location: string | undefined;
  /** The parameters of a redirect. */
  readonly parameters: Record<string, string | undefined>;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, string>;
}

export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** A browser: it keeps cookies of `__Host-` kind and sends forms. */
export class Visitor {
  readonly cookies = new Map<string, string>();
  readonly #server: LoginServer;

  constructor(server: LoginServer) {
    this.#server = server;
  }

  get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
    return this.#send(url, { method, headers });
  }

  post(url: string, fields: Fields, headers: Record<string, string> = {}): Promise<Answer> {
    return this.#send(url, { method: 'POST', headers, body: new URLSearchParams(pairsOf(fields)) });
  }

  /** An authorization request of the client `web`, with these changes. */
  authorize(changes: Record<string, string | undefined> = {}): Promise<Answer> {
    return this.get(authorizeUrl(changes));
  }

  /** From the page that asks for an address to the answer to the code of the mail. */
  async signIn(page: Answer, user: User = john): Promise<Answer> {
    const number = this.#server.mails.length + 1;
    const sent = await this.post('/login', { form: fieldOf(page, 'form'), email: user.email ?? '' });
    const { code } = await this.#server.mail(number);
    return this.post('/login', { form: fieldOf(sent, 'form'), code });
  }

  /** A session, begun at the login page itself. */
  async withSession(user: User = john): Promise<this> {
    const answer = await this.signIn(await this.get('/login'), user);
    if (answer.status !== 303) throw new Error(`no session: ${answer.status}`);
    await this.#server.coolDown(10);
    return this;
  }

  /** The answer to a consent page, its boxes as they stand or as given. */
  decide(page: Answer, decision = 'allow', scope: readonly string[] = boxesOf(page)): Promise<Answer> {
    return this.post('/oauth2/authorize/consent', { transaction: fieldOf(page, 'transaction'), decision, scope });
  }

  get sessionCookie(): string | undefined {
    return [...this.cookies].find(([name]) => name.startsWith('__Host-session-'))?.[1];
  }

  async #send(url: string, init: { method: string; headers: Record<string, string>; body?: URLSearchParams }) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const path = url.startsWith('https://') ? url.slice('https://id.example'.length) : `/acme/demo${url}`;
    const response = await fetch(this.#server.origin + path, {
      ...init,
      headers: { ...(cookie && { cookie }), ...init.headers },
      redirect: 'manual',
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const location = response.headers.get('location') ?? undefined;
    const parameters = location === undefined ? {} : Object.fromEntries(new URL(location).searchParams);
    return { status: response.status, text: await response.text(), headers: response.headers, location, parameters };
  }
}

const validRequest = {
  response_type: 'code',
  client_id: 'web',
  redirect_uri: callback,
  scope: 'openid read',
  state: 's1',
  code_challenge: challenge,
  code_challenge_method: 'S256',
};

export function authorizeUrl(changes: Record<string, string | undefined> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries<string | undefined>({ ...validRequest, ...changes })) {
    if (value !== undefined) query.set(name, value);
  }
  return `${issuer}/oauth2/authorize?${query}`;
}

/** A hidden field of a page. */
export function fieldOf({ text }: Answer, name: string): string {
  const value = new RegExp(`name="${name}" value="([^"]*)"`).exec(text)?.[1];
  if (value === undefined) throw new Error(`no field ${name} in ${text}`);
  return value;
}

/** The ticked boxes of a consent page. */
export function boxesOf({ text }: Answer): string[] {
  return [...text.matchAll(/type="checkbox" name="scope" value="([^"]+)" checked/g)].map(([, scope = '']) => scope);
}

/** What is secret of the link of a mail. */
export function secretOf(link: string): string {
  return new URL(link).searchParams.get('t') ?? '';
}

function pairsOf(fields: Fields): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]) =>
    [value].flat().map((each): [string, string] => [name, each]),
  );
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
