import type { ClientAuthenticationStrategy } from '../lib/client-authentication/strategy.js';
import { clientSecretBasic } from './client-secret-basic.js';
import { clientSecretJwt } from './client-secret-jwt.js';
import { clientSecretPost } from './client-secret-post.js';
import { none } from './none.js';
import { privateKeyJwt } from './private-key-jwt.js';
import { selfSignedTlsClientAuth } from './self-signed-tls-client-auth.js';
import { tlsClientAuth } from './tls-client-auth.js';

export { ClientSecretBasicStrategy, clientSecretBasic } from './client-secret-basic.js';
export { ClientSecretJwtStrategy, clientSecretJwt } from './client-secret-jwt.js';
export { ClientSecretPostStrategy, clientSecretPost } from './client-secret-post.js';
export { NoneStrategy, none } from './none.js';
export { PrivateKeyJwtStrategy, privateKeyJwt } from './private-key-jwt.js';
export { SelfSignedTlsClientAuthStrategy, selfSignedTlsClientAuth } from './self-signed-tls-client-auth.js';
export { TlsClientAuthStrategy, tlsClientAuth } from './tls-client-auth.js';

/** All seven methods of the IANA registry that this package knows. Add your own beside them. */
export function standardStrategies(): ClientAuthenticationStrategy[] {
  return [
    clientSecretBasic(),
    clientSecretPost(),
    clientSecretJwt(),
    privateKeyJwt(),
    tlsClientAuth(),
    selfSignedTlsClientAuth(),
    none(),
  ];
}
