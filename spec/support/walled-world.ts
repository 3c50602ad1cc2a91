import {
  authorizationCode,
  type ClientMetadataInput,
  clientCredentials,
  type GrantRouterOptions,
  passwordless,
  refreshToken,
  type Workspace,
  type WorkspaceOptions,
} from '../../index.js';
import { ProofMaker } from './dpop.js';
import {
  type Answer,
  authorizeUrl,
  callback,
  type Fields,
  issuer,
  john,
  LoginServer,
  secondIssuer,
  Visitor,
} from './login-flow.js';
import { basicHeader, newSecret, signer } from './methods.js';
import { noteSecret } from './suite-log.js';

export type Place = 'demo' | 'second';
export const issuerOf: Readonly<Record<Place, string>> = { demo: issuer, second: secondIssuer };
const secret = newSecret();
/** The initial access token of each. */
export const initialTokenOf: Readonly<Record<Place, string>> = { demo: newSecret(), second: newSecret() };
/** RFC 7636 Appendix B. */
const verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';

const web = {
  client_secret: secret,
  redirect_uris: [callback],
  grant_types: ['authorization_code', 'client_credentials', 'refresh_token', 'password'],
  scope: 'openid offline_access read introspect_tokens',
};

/** The same in both workspaces, down to the secret. */
const twins: ClientMetadataInput[] = [
  { ...web, client_id: 'twin', trusted: true },
  { ...web, client_id: 'asker' },
  {
    client_id: 'signer',
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [signer.jwk] },
    grant_types: ['client_credentials'],
    scope: 'read',
  },
];
const clientsOf: Readonly<Record<Place, ClientMetadataInput[]>> = {
  demo: [...twins, { ...web, client_id: 'own' }, { ...web, client_id: 'changed' }],
  second: [...twins, { ...web, client_id: 'changed', client_secret: newSecret() }],
};

/** How the router comes by its workspaces. */
export type Source = 'listed' | 'found';

/**
 * Two workspaces of one tenant on one host, with one store and one set of secret keys; their people and clients are the
 * same, as far as they can be.
 */
export class WalledWorld {
  readonly server: LoginServer;
  readonly visitor: Visitor;
  readonly dpop = new ProofMaker();

  constructor(source: Source, format: 'jwt' | 'opaque') {
    const grants = [authorizationCode(), clientCredentials(), refreshToken(), passwordless()];
    this.server = new LoginServer({ grants } as ConstructorParameters<typeof LoginServer>[0], (all) => {
      const { issuer: _, clients: __, users: ___, scopes, signing_keys, ...shared } = all;
      const made = (place: Place): WorkspaceOptions => ({
        issuer: issuerOf[place],
        tenant: 'acme',
        workspace: place,
        clients: clientsOf[place],
        users: [john],
        grant_types: ['authorization_code', 'client_credentials', 'refresh_token', 'password'],
        access_token_format: format,
        dpop_nonce: 'required',
        registration: { enabled: true, initial_access_tokens: [initialTokenOf[place]] },
        audience: 'https://api.example.com',
        ...(scopes && { scopes }),
        ...(signing_keys && { signing_keys }),
      });
      const places = new Map((['demo', 'second'] as const).map((place) => [`/acme/${place}`, made(place)]));
      const workspaces = source === 'listed' ? [...places.values()] : { find: (path: string) => places.get(path) };
      return { ...shared, workspaces } as GrantRouterOptions;
    });
    this.visitor = new Visitor(this.server);
  }

  /** With a visitor who is signed in at the first workspace, and at the second. */
  async start(): Promise<this> {
    await this.server.start();
    for (const place of ['demo', 'second'] as const) {
      const login = await this.visitor.get(`${issuerOf[place]}/login`);
      const form = /name="form" value="([^"]*)"/.exec(login.text)?.[1] ?? '';
      const number = this.server.mails.length + 1;
      const sent = await this.visitor.post(`${issuerOf[place]}/login`, { form, email: john.email ?? '' });
      const { code } = await this.server.mail(number);
      const next = /name="form" value="([^"]*)"/.exec(sent.text)?.[1] ?? '';
      await this.visitor.post(`${issuerOf[place]}/login`, { form: next, code });
      await this.server.coolDown(10);
    }
    return this;
  }

  async workspace(place: Place): Promise<Workspace> {
    const workspace = await this.server.router.workspace(issuerOf[place]);
    if (!workspace) throw new Error(`no workspace ${place}`);
    return workspace;
  }

  /** The reason of a request, or `success`. */
  async reasonOf(request: Promise<unknown>): Promise<string> {
    await request;
    return this.server.lastReason;
  }

  /** A back-channel request; as `clientId` by the secret that both workspaces know. */
  async back(place: Place, path: string, fields: Fields, clientId?: string, headers: Record<string, string> = {}) {
    const url = new URL(issuerOf[place] + path);
    const pairs = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((each) => [name, each]));
    const authorization = clientId === undefined ? undefined : basicHeader(clientId, secret);
    const answer = await fetch(this.server.origin + url.pathname, {
      method: 'POST',
      headers: { ...(authorization && { authorization }), ...headers },
      body: new URLSearchParams(pairs as [string, string][]),
    });
    const body = (await answer.json().catch(() => ({}))) as Record<string, string>;
    for (const name of ['access_token', 'refresh_token', 'id_token']) if (body[name]) noteSecret(body[name]);
    return { status: answer.status, headers: answer.headers, body };
  }

  token(place: Place, fields: Fields, clientId?: string, headers: Record<string, string> = {}) {
    return this.back(place, '/oauth2/token', fields, clientId, headers);
  }

  /** An authorization request of the signed-in visitor. */
  authorize(place: Place, changes: Record<string, string | undefined> = {}): Promise<Answer> {
    const url = authorizeUrl({ client_id: 'twin', scope: 'openid offline_access read', ...changes });
    return this.visitor.get(url.replace(issuer, issuerOf[place]));
  }

  async code(place: Place, changes: Record<string, string> = {}): Promise<string> {
    const { parameters, status } = await this.authorize(place, changes);
    if (parameters.code === undefined) throw new Error(`no code: ${status} ${this.server.lastReason}`);
    return noteSecret(parameters.code);
  }

  redeem(place: Place, code: string, headers: Record<string, string> = {}) {
    const form = { grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier: verifier };
    return this.token(place, form, 'twin', headers);
  }

  /** Tokens that John has allowed to the client `twin`. */
  async tokens(place: Place): Promise<Record<string, string>> {
    const { body, status } = await this.redeem(place, await this.code(place));
    if (status !== 200) throw new Error(`no tokens: ${this.server.lastReason}`);
    return body;
  }

  /** A client registers itself. */
  async register(place: Place, token = initialTokenOf[place]) {
    const { pathname } = new URL(`${issuerOf[place]}/oauth2/register`);
    const members = {
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'client_secret_post',
      scope: 'read',
    };
    const answer = await fetch(this.server.origin + pathname, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(members),
    });
    const body = (await answer.json()) as Record<string, string>;
    for (const name of ['client_secret', 'registration_access_token']) if (body[name]) noteSecret(body[name]);
    return body;
  }

  /** A one-time code for John. */
  async generate(place: Place) {
    const { pool } = await this.workspace(place);
    if (!pool) throw new Error('no pool');
    const made = await pool.codes.generate({ type: 'authentication', user: john });
    noteSecret(made.code);
    return { code: made.code, extended: noteSecret(made.extendedCode) };
  }
}
