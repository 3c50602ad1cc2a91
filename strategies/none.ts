import { PassportClientStrategy } from '../lib/client-authentication/passport-strategy.js';
import type { AuthenticationOptions } from '../lib/client-authentication/service.js';
import type { ClientAuthenticationStrategy, Evidence } from '../lib/client-authentication/strategy.js';

/**
 * A public client: it names itself and proves nothing (RFC 6749 3.2.1). What it may do is guarded by PKCE
 * (RFC 7636), and grants that need a client of its own refuse it.
 */
export function none(): ClientAuthenticationStrategy {
  return {
    name: 'none',
    mechanism: 'client_id',
    extract({ form }): Evidence | undefined {
      const clientId = form.get('client_id');
      return clientId === undefined ? undefined : { clientId };
    },
    verify: () => undefined,
  };
}

/** {@link none} for bare Passport. */
export class NoneStrategy extends PassportClientStrategy {
  constructor(options: AuthenticationOptions) {
    super(none(), options);
  }
}
