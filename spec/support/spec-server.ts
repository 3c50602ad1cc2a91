import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import request, { type Test } from 'supertest';
import {
  type AuthorizationServerEvent,
  authorizationCode,
  clientCredentials,
  type Grant,
  type GrantRouter,
  grantRouter,
  type OutcomeEvent,
  standardStrategies,
} from '../../index.js';
import { allClients, ca, issuer, serverCertificate } from './methods.js';
import { noteLogged } from './suite-log.js';

type Options = Partial<Extract<Parameters<typeof grantRouter>[0], { issuer: string }>>;

export interface SpecServer {
  readonly router: GrantRouter;
  readonly events: AuthorizationServerEvent[];
  /** A token request over plain HTTP, the way a trusted test may. */
  token(parameters: Record<string, string>, headers?: Record<string, string>): Test;
  /** The last outcome. */
  last(): OutcomeEvent;
}

/** The router with one client per method, and every event it tells. */
export function specServer(options: Options = {}): SpecServer {
  const events: AuthorizationServerEvent[] = [];
  const router = grantRouter({
    issuer,
    clients: allClients,
    strategies: standardStrategies(),
    grants: [authorizationCode(), clientCredentials()] as Grant[],
    root_cas: [ca.cert],
    scopes: { openid: {}, profile: {}, email: {}, offline_access: {}, read: {}, write: {} },
    access_token_format: 'opaque',
    // Nobody is signed in, but codes could be asked for.
    authenticateUser: () => undefined,
    ...options,
    onEvent: (event) => {
      events.push(event);
      noteLogged(event);
    },
  });
  return {
    router,
    events,
    token: (parameters, headers = {}) =>
      request(router).post('/oauth2/token').set(headers).type('form').send(parameters),
    last: () => {
      const outcome = events.findLast((event): event is OutcomeEvent => event.event !== 'warning');
      if (!outcome) throw new Error('no outcome was told');
      return outcome;
    },
  };
}

/** A listening HTTPS server that asks for client certificates, unless told otherwise, and takes any. */
export async function tlsServer(
  handler: Parameters<typeof createServer>[1] & object,
  { requestCert = true }: { readonly requestCert?: boolean } = {},
): Promise<Server & { readonly origin: string }> {
  const server = createServer(
    {
      cert: serverCertificate.cert,
      key: serverCertificate.key,
      requestCert,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    },
    handler,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(server, { origin: `https://localhost:${(server.address() as AddressInfo).port}` });
}
