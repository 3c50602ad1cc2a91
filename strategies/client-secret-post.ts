import { checkSecret, rehearseSecret, type SecretEvidence } from '../lib/client-authentication/client-secret.js';
import { PassportClientStrategy } from '../lib/client-authentication/passport-strategy.js';
import type { AuthenticationOptions } from '../lib/client-authentication/service.js';
import type { ClientAuthenticationStrategy } from '../lib/client-authentication/strategy.js';
import { OAuthError } from '../lib/errors.js';

/** `client_id` and `client_secret` in the request body (RFC 6749 2.3.1). */
export function clientSecretPost(): ClientAuthenticationStrategy<SecretEvidence> {
  return {
    name: 'client_secret_post',
    mechanism: 'client_secret',
    extract({ form }) {
      const secret = form.get('client_secret');
      if (secret === undefined) return undefined;
      const clientId = form.get('client_id');
      return clientId === undefined ? new OAuthError('client_id_missing') : { clientId, secret };
    },
    verify: ({ secret }, client, context) => checkSecret(secret, client, context),
    rehearse: rehearseSecret,
  };
}

/** {@link clientSecretPost} for bare Passport. */
export class ClientSecretPostStrategy extends PassportClientStrategy {
  constructor(options: AuthenticationOptions) {
    super(clientSecretPost(), options);
  }
}
