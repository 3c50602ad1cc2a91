import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import passport from 'passport';
import {
  type AuthorizationServerEvent,
  accessOf,
  authenticateClient,
  authorizationCode,
  type CertificateJwk,
  type ClientAuthenticationStrategy,
  type ClientMetadata,
  type ClientMetadataInput,
  clientCredentials,
  clientSecretBasic,
  type EventListener,
  type FailureReason,
  type Grant,
  type GrantRouter,
  type GrantRouterOptions,
  grantRouter,
  openStore,
  PrivateKeyJwtStrategy,
  type ProvenClient,
  privateKeyJwt,
  protectResource,
  type Store,
  standardStrategies,
  type VerifiedAccess,
} from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import * as strategies from '../../strategies/index.js';
import { TlsClientAuthStrategy } from '../../strategies/tls-client-auth.js';

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Holds when the two types are the same one. */
const same = <A, B>(_: Equals<A, B>): void => undefined;

const issuer = 'https://as.example.com';
const clients: ClientMetadataInput[] = [{ client_id: 'reports', client_secret: 'x'.repeat(43) }];
const store: Store = memoryStore();

// One strategy on one route.
const app = express();
passport.use(new PrivateKeyJwtStrategy({ issuer, clients, store }));
passport.use(new TlsClientAuthStrategy({ issuer, clients, root_cas: [] }));
app.post('/reports', passport.authenticate('private_key_jwt', { session: false }), (req, res) => {
  same<typeof req.clientAuth, ProvenClient | undefined>(true);
  res.json({ hello: req.clientAuth?.client.client_id, by: req.clientAuth?.method });
});

// Several methods on one route; clients from a database of one's own.
const database = { find: async (clientId: string) => clients.find(({ client_id }) => client_id === clientId) ?? null };
const methods: ClientAuthenticationStrategy[] = [clientSecretBasic(), privateKeyJwt(), strategies.none()];
app.post('/reports', authenticateClient({ issuer, clients: database, store, strategies: methods }), (_req, res) => {
  res.end();
});

// The whole authorization server, in Express and under Node's own server.
const onEvent: EventListener = (event) => {
  same<typeof event, AuthorizationServerEvent>(true);
  if (event.event !== 'warning') same<typeof event.reason, FailureReason | undefined>(true);
};
const options: GrantRouterOptions = {
  issuer,
  clients,
  store,
  strategies: standardStrategies(),
  grants: [clientCredentials(), authorizationCode()] as Grant[],
  authenticateUser: (_req: express.Request, _res: express.Response, { returnTo }) =>
    returnTo === '' ? undefined : { id: 'someone' },
  onEvent,
};
export const router: GrantRouter = grantRouter(options);
app.use(router);
export const listener: (request: IncomingMessage, response: ServerResponse) => void = router;

// An API.
app.get('/accounts', protectResource({ authorizationServer: router, scope: 'accounts.read' }), (req, res) => {
  same<typeof req.auth, VerifiedAccess | undefined>(true);
  res.json(accessOf(req).claims.sub);
});
protectResource({
  issuer,
  audience: 'https://api.example.com',
  introspection: { client_id: 'api', client_secret: 'x' },
});

// Secrets are taken, and never given back.
same<'client_secret' extends keyof ClientMetadataInput ? true : false, true>(true);
same<'client_secret' extends keyof ClientMetadata ? true : false, false>(true);

export const opened: Promise<Store> = openStore('memory:');

// Declarations that a compiler cannot resolve become `any` without a word where `skipLibCheck` is on.
same<CertificateJwk['x'], string | undefined>(true);
