import passport from 'passport';
import {
  authenticateClient,
  type ClientMetadataInput,
  clientCredentials,
  clientSecretBasic,
  grantRouter,
  openStore,
  PrivateKeyJwtStrategy,
  type ProvenClient,
  protectResource,
  standardStrategies,
} from '../../index.js';
// @ts-expect-error What is not exported cannot be imported.
import { clientSecretBearer } from '../../strategies/index.js';

const issuer = 'https://as.example.com';
const clients: ClientMetadataInput[] = [];
const strategies = standardStrategies();

// @ts-expect-error The issuer is missing.
passport.use(new PrivateKeyJwtStrategy({ clients }));
// @ts-expect-error There is no such option.
passport.use(new PrivateKeyJwtStrategy({ issuer, clients, colour: 1 }));
// @ts-expect-error Options are needed.
passport.use(new PrivateKeyJwtStrategy());
// @ts-expect-error A factory is not a Passport strategy.
passport.use(clientSecretBasic());
// @ts-expect-error A strategy is made by calling its factory.
authenticateClient({ issuer, clients, strategies: [clientSecretBasic] });
// @ts-expect-error A route needs strategies.
authenticateClient({ issuer, clients });
// @ts-expect-error There is no such method.
grantRouter({ issuer, clients, strategies, grants: [clientCredentials()], token_endpoint_auth_methods: 'basic' });
// @ts-expect-error A grant is made by calling its factory.
grantRouter({ issuer, clients, strategies, grants: [clientCredentials] });
// @ts-expect-error An API in another process needs its audience.
protectResource({ issuer });
// @ts-expect-error What grantRouter() answered, not its options.
protectResource({ authorizationServer: { issuer } });
// @ts-expect-error A store is opened by its URL.
openStore({ url: 'memory:' });
// @ts-expect-error client_id is missing.
export const nameless: ClientMetadataInput = { client_secret: 'x' };
// @ts-expect-error A member of RFC 7591 has its own type.
export const misspelt: ClientMetadataInput = { client_id: 'a', redirect_uris: 'https://app.example.com' };
// @ts-expect-error The store's promise has to be awaited.
grantRouter({ issuer, clients, strategies, grants: [clientCredentials()], store: openStore('memory:') });

export function secretOf({ client }: ProvenClient): unknown {
  // @ts-expect-error The client that was proven has no secrets in it.
  return client.client_secret;
}

export { clientSecretBearer };
