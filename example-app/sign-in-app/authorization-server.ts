import { createLocalJWKSet, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { type Reply, type Wire, WireError } from './wire.js';

/** A client of ours, as it was registered. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly method: 'client_secret_basic' | 'client_secret_post';
}

/** Where the authorization server is, and as whom we speak to it. */
export interface ServerFacts {
  /** The issuer at which people sign in. */
  readonly issuer: string;
  /** The name of its workspace. */
  readonly workspace: string;
  /** Signs people in: authorization code. */
  readonly client: Credentials;
  readonly redirectUri: string;
  /** The issuer of the tenant's system workspace. */
  readonly systemIssuer: string;
  /** Asks for one-time codes: client credentials, scope `identity_self_registration`. */
  readonly machine: Credentials;
  /** Generate Code of Specific Type, of the pool our people are in. */
  readonly generateCodeUrl: string;
}

/** A one-time code, by itself and with the user's id in front of it. */
export interface GeneratedCode {
  readonly code: string;
  readonly extendedCode: string;
}

/** What the token endpoint gave. */
export interface Tokens {
  readonly accessToken: string;
  readonly idToken: string;
  readonly scope: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

interface Discovered {
  readonly tokenEndpoint: string;
  readonly authorizationEndpoint: string;
  readonly endSessionEndpoint: string | undefined;
  readonly pushedEndpoint: string | undefined;
  readonly jwksUri: string;
}

const earlySeconds = 30;

/** The authorization server as every client sees it: over HTTPS, by its published endpoints. */
export class AuthorizationServer {
  readonly facts: ServerFacts;
  readonly #wire: Wire;
  readonly #discovered = new Map<string, Promise<Discovered>>();
  #machineToken: { readonly token: string; readonly until: number } | undefined;

  constructor(facts: ServerFacts, wire: Wire) {
    this.facts = facts;
    this.#wire = wire;
  }

  /** A code for the person with this address, good for our client alone; undefined when there is no such person. Rejects with WireError. */
  async generateCode(address: string): Promise<GeneratedCode | undefined> {
    let reply = await this.#generate(address);
    // A token can end before its time, such as when the server changed its keys.
    if (reply.status === 401) {
      this.#machineToken = undefined;
      reply = await this.#generate(address);
    }
    const { code, extended_code: extendedCode } = reply.json;
    if (reply.status === 404) return undefined;
    if (reply.status !== 201 || typeof code !== 'string' || typeof extendedCode !== 'string') {
      throw refusal('The code was not generated', reply);
    }
    return { code, extendedCode };
  }

  /**
   * Where a browser asks for authorization. The request itself goes from here to the server (RFC 9126): what it says of
   * a person never passes the browser. Rejects with WireError.
   */
  async authorizationUrl(parameters: Readonly<Record<string, string>>): Promise<string> {
    const { authorizationEndpoint, pushedEndpoint } = await this.#discover(this.facts.issuer);
    const { client, redirectUri } = this.facts;
    const asked = { response_type: 'code', redirect_uri: redirectUri, ...parameters };
    if (pushedEndpoint === undefined) throw new WireError('The server takes no pushed authorization requests');
    const reply = await this.#askAs(client, pushedEndpoint, asked);
    const { request_uri } = reply.json;
    if (reply.status !== 201 || typeof request_uri !== 'string') throw refusal('The request was not taken', reply);
    return `${authorizationEndpoint}?${new URLSearchParams({ client_id: client.clientId, request_uri })}`;
  }

  /** Where a browser goes to end its session at the server, when the server has such a place. */
  async endSessionUrl(parameters: Readonly<Record<string, string>>): Promise<string | undefined> {
    const { endSessionEndpoint } = await this.#discover(this.facts.issuer);
    return endSessionEndpoint && `${endSessionEndpoint}?${new URLSearchParams(parameters)}`;
  }

  /** Redeems an authorization code (RFC 6749 4.1.3). Rejects with WireError. */
  async redeem(code: string, codeVerifier: string): Promise<Tokens> {
    const { client, redirectUri, issuer } = this.facts;
    const { tokenEndpoint } = await this.#discover(issuer);
    const reply = await this.#askAs(client, tokenEndpoint, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: codeVerifier,
    });
    const { access_token, id_token, scope, expires_in } = reply.json;
    if (reply.status !== 200 || typeof access_token !== 'string' || typeof id_token !== 'string') {
      throw refusal('The code was not redeemed', reply);
    }
    return {
      accessToken: access_token,
      idToken: id_token,
      scope: String(scope ?? ''),
      expiresAt: Date.now() + Number(expires_in ?? 0) * 1000,
    };
  }

  /** The claims of an ID token that is ours and new (OpenID Connect Core 3.1.3.7). Rejects when it is not. */
  async verifyIdToken(idToken: string, nonce: string): Promise<JWTPayload> {
    const { issuer, client } = this.facts;
    const { jwksUri } = await this.#discover(issuer);
    const { json } = await this.#wire.get(jwksUri);
    const { payload } = await jwtVerify(idToken, createLocalJWKSet(json as unknown as JSONWebKeySet), {
      issuer,
      audience: client.clientId,
      requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
      clockTolerance: 10,
    });
    if (payload.nonce !== nonce) throw new WireError('The ID token belongs to another sign-in');
    return payload;
  }

  /** Calls an API with an access token. Rejects with WireError when nobody answers. */
  call(url: string, accessToken: string): Promise<Reply> {
    return this.#wire.get(url, bearer(accessToken));
  }

  async #generate(address: string): Promise<Reply> {
    const { client, workspace } = this.facts;
    const body = { address, type: 'authentication', client_id: client.clientId, workspace };
    return this.#wire.postJson(this.facts.generateCodeUrl, body, bearer(await this.#token()));
  }

  async #token(): Promise<string> {
    const known = this.#machineToken;
    if (known && known.until > Date.now()) return known.token;
    const { tokenEndpoint } = await this.#discover(this.facts.systemIssuer);
    const reply = await this.#askAs(this.facts.machine, tokenEndpoint, {
      grant_type: 'client_credentials',
      scope: 'identity_self_registration',
    });
    const { access_token: token, expires_in: seconds } = reply.json;
    if (reply.status !== 200 || typeof token !== 'string') throw refusal('No token for the identity API', reply);
    this.#machineToken = { token, until: Date.now() + (Number(seconds ?? 0) - earlySeconds) * 1000 };
    return token;
  }

  #askAs(client: Credentials, url: string, form: Readonly<Record<string, string>>): Promise<Reply> {
    const { clientId, clientSecret, method } = client;
    if (method === 'client_secret_basic') return this.#wire.postForm(url, form, { authorization: basic(client) });
    return this.#wire.postForm(url, { ...form, client_id: clientId, client_secret: clientSecret });
  }

  #discover(issuer: string): Promise<Discovered> {
    const known = this.#discovered.get(issuer);
    if (known) return known;
    const discovered = this.#readMetadata(issuer);
    this.#discovered.set(issuer, discovered);
    // What failed is asked again.
    discovered.catch(() => this.#discovered.delete(issuer));
    return discovered;
  }

  async #readMetadata(issuer: string): Promise<Discovered> {
    const reply = await this.#wire.get(`${issuer}/.well-known/openid-configuration`);
    const { json } = reply;
    const read = (name: string) => (typeof json[name] === 'string' ? json[name] : undefined);
    // RFC 8414 3.3: metadata of another issuer must not be used.
    if (reply.status !== 200 || json.issuer !== issuer) throw refusal('The metadata cannot be used', reply);
    return {
      tokenEndpoint: read('token_endpoint') ?? '',
      authorizationEndpoint: read('authorization_endpoint') ?? '',
      endSessionEndpoint: read('end_session_endpoint'),
      pushedEndpoint: read('pushed_authorization_request_endpoint'),
      jwksUri: read('jwks_uri') ?? '',
    };
  }
}

/** RFC 6749 2.3.1: both are form-encoded first. */
function basic({ clientId, clientSecret }: Credentials): string {
  const encode = (text: string) => new URLSearchParams({ '': text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64')}`;
}

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

function refusal(what: string, { status, json }: Reply): WireError {
  return new WireError(`${what}: ${status} ${typeof json.error === 'string' ? json.error : ''}`.trim());
}
