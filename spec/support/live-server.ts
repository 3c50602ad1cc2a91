import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { AuthorizationServerEvent, GrantRouter, OutcomeEvent, SignedInUser } from '../../index.js';
import { type SpecServer, specServer, tlsServer } from './spec-server.js';

/** The person who sits at every browser of a live server. */
export const person: SignedInUser = {
  id: '6833b9b9908740b2b1c68608054c1477',
  username: 'johndoe',
  email: 'johndoe@example.com',
  name: 'John Doe',
  authTime: Math.floor(Date.now() / 1000) - 5,
};

/** An authorization server behind real TLS, whose issuer is where it really listens. */
export interface LiveServer {
  /** `https://localhost:PORT` */
  readonly origin: string;
  /** The origin and the path that was asked for. */
  readonly issuer: string;
  readonly router: GrantRouter;
  readonly events: AuthorizationServerEvent[];
  /** Connections accepted so far. */
  connections(): number;
  /** The last outcome, of one kind of event or of any. */
  last(event?: OutcomeEvent['event']): OutcomeEvent;
  close(): Promise<void>;
}

export interface LiveServerOptions {
  /** What differs from `specServer`'s options. */
  readonly options?: Parameters<typeof specServer>[0];
  /** Of the issuer, such as `/acme/demo`. Default: none. */
  readonly path?: string;
  /** What answers requests, such as an Express application that has the router in it. Default: the router. */
  readonly mount?: (router: GrantRouter, origin: string) => RequestListener;
}

/** Listens first, since the issuer has the port in it, and only then builds the router. */
export async function liveServer({ options = {}, path = '', mount }: LiveServerOptions = {}): Promise<LiveServer> {
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => undefined;
  let connections = 0;
  const server = await tlsServer((request, response) => handle(request, response));
  server.on('secureConnection', () => {
    connections += 1;
  });
  const { origin } = server;
  const issuer = origin + path;
  const spec: SpecServer = specServer({ authenticateUser: () => person, ...options, issuer });
  handle = mount ? mount(spec.router, origin) : spec.router;
  return {
    origin,
    issuer,
    router: spec.router,
    events: spec.events,
    connections: () => connections,
    last: (event) => {
      const outcome = spec.events.findLast((each) => each.event === event);
      return event === undefined ? spec.last() : (outcome as OutcomeEvent);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await spec.router.close();
    },
  };
}
