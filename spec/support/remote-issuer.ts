import type { IncomingMessage, ServerResponse } from 'node:http';
import { type JWTPayload, SignJWT } from 'jose';
import request from 'supertest';
import {
  type AuthorizationServerEvent,
  accessOf,
  type OutcomeEvent,
  type ProtectResourceOptions,
  protectResource,
} from '../../index.js';
import { type ClientKeyPair, clientKey } from './client-keys.js';
import { type DocumentServer, documentServer, json } from './document-server.js';
import { noteLogged, noteSecret } from './suite-log.js';

type RemoteOptions = Extract<ProtectResourceOptions, { introspection?: unknown }>;

export const audience = 'https://api.example.com';
export const introspection = {
  client_id: 'api one',
  client_secret: noteSecret('s:cret/ümlaut + more, 32 octets at least'),
};

/** A stand-in for an authorization server elsewhere, every one of whose documents a spec may change. */
export class RemoteIssuerWorld {
  readonly #server: DocumentServer;
  readonly events: AuthorizationServerEvent[] = [];
  readonly key: ClientKeyPair = clientKey('P-256', { kid: 'one', alg: 'ES256' });
  readonly issuer: string;
  /** Milliseconds the API's clock is ahead. */
  ahead = 0;
  /** By path. What a path has no answer for is 404. */
  readonly answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>();

  static async start(): Promise<RemoteIssuerWorld> {
    return new RemoteIssuerWorld(await documentServer());
  }

  private constructor(server: DocumentServer) {
    this.#server = server;
    this.issuer = server.url('/acme/demo');
    server.answer = (message, response) => {
      const answer = this.answers.get(message.url ?? '');
      if (answer) answer(message, response);
      else response.writeHead(404).end();
    };
    this.publish();
    this.keys([this.key.jwk]);
  }

  /** What the metadata say, with `changes`. */
  publish(changes: Record<string, unknown> = {}, headers: Record<string, string> = {}): void {
    const { issuer } = this;
    const metadata = { issuer, jwks_uri: `${issuer}/keys`, introspection_endpoint: `${issuer}/introspect`, ...changes };
    this.answers.set(paths.metadata, json(metadata, headers));
  }

  keys(keys: readonly unknown[], headers: Record<string, string> = {}): void {
    this.answers.set(paths.keys, json({ keys }, headers));
  }

  /** What introspection answers; the parameters and the credentials it was asked with are kept. */
  readonly asked: { form: URLSearchParams; authorization: string | undefined }[] = [];
  introspects(answer: unknown): void {
    this.answers.set(paths.introspect, async (message, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      this.asked.push({ form, authorization: message.headers.authorization });
      json(typeof answer === 'function' ? answer(form) : answer)(message, response);
    });
  }

  /** The paths asked for so far. */
  get requests(): string[] {
    return this.#server.requests.map(({ url }) => url ?? '');
  }

  /** An API in front of which a guard stands. It answers what the token says. */
  api(options: Partial<RemoteOptions> = {}): Api {
    const guard = protectResource({
      issuer: this.issuer,
      audience,
      outbound: { allow_private_hosts: [this.#server.host], ca: this.#server.ca },
      now: () => Date.now() + this.ahead,
      onEvent: (event) => {
        this.events.push(event);
        noteLogged(event);
      },
      ...options,
    });
    const handler = (message: IncomingMessage, response: ServerResponse) =>
      void guard(message, response, () => {
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(accessOf(message)));
      });
    const call = (token: string) => request(handler).get('/').set('Authorization', `Bearer ${token}`);
    return {
      call,
      verdict: async (token) => {
        const { status, body } = await call(token);
        return [status, body.error, this.last().reason];
      },
    };
  }

  /** An access token that is right unless told otherwise. A claim or a header of undefined is left out. */
  async token(changes: Minting = {}): Promise<string> {
    const seconds = Math.floor(Date.now() / 1000);
    const claims = {
      ...{ iss: this.issuer, sub: 'u-jane', aud: audience, client_id: 'web', scope: 'read', jti: 'j-1' },
      ...{ iat: seconds, exp: seconds + 60 },
      ...changes.claims,
    };
    const header = { alg: 'ES256', kid: 'one', typ: 'at+jwt', ...changes.header };
    const jwt = new SignJWT(defined(claims) as JWTPayload).setProtectedHeader(defined(header) as { alg: string });
    return noteSecret(await jwt.sign(changes.key ?? this.key.privateKey));
  }

  last(): OutcomeEvent {
    const outcome = this.events.findLast((event): event is OutcomeEvent => event.event !== 'warning');
    if (!outcome) throw new Error('no outcome was told');
    return outcome;
  }

  get warnings() {
    return this.events.flatMap((event) => (event.event === 'warning' ? [event] : []));
  }

  close(): Promise<void> {
    return this.#server.close();
  }
}

export interface Minting {
  readonly claims?: Record<string, unknown>;
  readonly header?: Record<string, unknown>;
  readonly key?: Parameters<SignJWT['sign']>[0];
}

export interface Api {
  call(token: string): request.Test;
  /** Status, error and private reason. */
  verdict(token: string): Promise<unknown[]>;
}

/** Where the documents of the issuer stand. */
export const paths = {
  metadata: '/.well-known/oauth-authorization-server/acme/demo',
  discovery: '/acme/demo/.well-known/openid-configuration',
  keys: '/acme/demo/keys',
  introspect: '/acme/demo/introspect',
};

function defined(members: Record<string, unknown>) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

export const good = [200, undefined, undefined];
export const invalid = (reason: string) => [401, 'invalid_token', reason];
export const unavailable = (reason: string) => [503, 'temporarily_unavailable', reason];
