import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, type AgentOptions, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { type ProtectResourceOptions, protectResource } from '../../index.js';
import { ca } from './methods.js';
import type { Certificate } from './pki.js';
import { type SpecServer, specServer, tlsServer } from './spec-server.js';
import { noteSecret } from './suite-log.js';

/** What a client shows in the handshake: its certificate first, then intermediates. Nothing: no certificate. */
export type Identity = Certificate | readonly [Certificate, ...Certificate[]] | undefined;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Whatever JSON the reply was; specs know what they expect. */
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any;
  /** Whether the TLS session was resumed. */
  readonly resumed: boolean;
  /** The client's port, which tells connections apart. */
  readonly port: number | undefined;
}

export interface TlsRequest {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string | readonly string[]>;
  /** Sent as a form. */
  readonly form?: Record<string, string>;
  readonly as?: Identity;
  /** Instead of a connection for this request alone. */
  readonly agent?: Agent;
}

/** An agent that shows this certificate. It resumes sessions, and keeps connections alive where told to. */
export function agentOf(identity: Identity, options: AgentOptions = {}): Agent {
  const shown = identity === undefined ? [] : ([identity].flat() as Certificate[]);
  return new Agent({
    ca: ca.cert,
    ...(shown[0] && { cert: shown.map(({ cert }) => cert).join(''), key: shown[0].key }),
    ...options,
  });
}

/** One request over real TLS. */
export function tlsRequest(origin: string, { path, form, headers = {}, as, ...options }: TlsRequest): Promise<Reply> {
  const body = form && new URLSearchParams(form).toString();
  const type = body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const agent = options.agent ?? agentOf(as, { maxCachedSessions: 0 });
  return new Promise((resolve, reject) => {
    const outgoing = request(
      origin + path,
      {
        agent,
        // Else a Host header that lies would be looked for in the certificate.
        servername: 'localhost',
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        headers: { ...type, ...headers } as never,
      },
      (incoming: IncomingMessage) => {
        const { localPort } = incoming.socket;
        const resumed = (incoming.socket as TLSSocket).isSessionReused();
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = incoming.headers['content-type']?.includes('json');
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            text,
            body: isJson && text !== '' ? JSON.parse(text) : undefined,
            resumed,
            port: localPort,
          });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

type ServerOptions = Parameters<typeof specServer>[0];

/** The authorization server and an API that `protectResource` guards, in one process behind one TLS listener. */
export interface TlsWorld extends SpecServer {
  readonly origin: string;
  send(message: TlsRequest): Promise<Reply>;
  /** A client_credentials request unless `form` says otherwise. */
  ask(form: Record<string, string>, as?: Identity, more?: Partial<TlsRequest>): Promise<Reply>;
  /** A request at the API at `/api` with this access token. */
  call(accessToken: string, as?: Identity, more?: Partial<TlsRequest>): Promise<Reply>;
  /** Status, error and private reason of a reply, the last one there was. */
  verdict(reply: Reply): { status: number; error: string | undefined; reason: string | undefined };
  stop(): Promise<void>;
}

export async function tlsWorld(
  options: ServerOptions = {},
  guard: Omit<ProtectResourceOptions, 'authorizationServer'> = {},
): Promise<TlsWorld> {
  const spec = specServer(options);
  const protect = protectResource({ authorizationServer: spec.router, ...guard });
  const api = (message: IncomingMessage, response: ServerResponse) => {
    void protect(message, response, () => {
      const { claims: _, ...auth } = (message as IncomingMessage & { auth: { claims: object } }).auth;
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(auth));
    });
  };
  const server = await tlsServer((message, response) => {
    if (message.url?.startsWith('/api')) api(message, response);
    else spec.router(message, response);
  });
  const send = (message: TlsRequest) => tlsRequest(server.origin, message);
  return {
    ...spec,
    origin: server.origin,
    send,
    ask: async (form, as, more = {}) => {
      const full = { grant_type: 'client_credentials', ...form };
      const reply = await send({ path: '/oauth2/token', form: full, as, ...more });
      if (reply.status === 200) noteSecret(reply.body.access_token);
      return reply;
    },
    call: (accessToken, as, more = {}) =>
      send({ path: '/api', as, ...more, headers: { authorization: `Bearer ${accessToken}`, ...more.headers } }),
    verdict: ({ status, body }) => ({ status, error: body?.error, reason: spec.last().reason }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await spec.router.close();
    },
  };
}

/** What a client that failed to authenticate gets, whatever was wrong with it. */
export const refused = (reason: string) => ({ status: 401, error: 'invalid_client', reason });
export const accepted = { status: 200, error: undefined, reason: undefined };
