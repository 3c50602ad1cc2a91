import { rehearseSignature } from '../lib/client-authentication/assertion-signature.js';
import {
  type AssertionEvidence,
  assertionParameters,
  extractAssertion,
} from '../lib/client-authentication/client-assertion.js';
import { PassportClientStrategy } from '../lib/client-authentication/passport-strategy.js';
import type { AuthenticationOptions } from '../lib/client-authentication/service.js';
import type { ClientAuthenticationStrategy } from '../lib/client-authentication/strategy.js';
import { verifyAssertion } from '../lib/client-authentication/verify-assertion.js';
import { canonicalAlgorithm, macAlgorithms } from '../lib/clients/assertion-algorithms.js';
import { OAuthError } from '../lib/errors.js';
import { following } from '../lib/soon.js';

const algorithms: ReadonlySet<string> = new Set(macAlgorithms.keys());

/** A client assertion signed with the client_secret (OpenID Connect Core 9, RFC 7523 2.2). */
export function clientSecretJwt(): ClientAuthenticationStrategy<AssertionEvidence> {
  return {
    name: 'client_secret_jwt',
    mechanism: 'client_assertion',
    singleUse: true,
    parameters: assertionParameters,
    extract: extractAssertion,
    verify: (evidence, client, context) =>
      following(verifyAssertion(evidence, client, context, { algorithms, find: macKeys }), (key) => {
        const secret = client.secrets.secretOf(key);
        return secret && { secret };
      }),
    rehearse(evidence) {
      // The other assertion strategy sees the same assertion, and rehearses its own algorithms.
      if (algorithms.has(canonicalAlgorithm(evidence.header.alg))) rehearseSignature(evidence);
    },
  };
}

const macKeys: Parameters<typeof verifyAssertion>[3]['find'] = ({ header }, client, context) => {
  const keys = client.secrets.macKeys(context.now());
  // A client of this method always has a secret.
  if (keys.length === 0) throw new OAuthError('secret_expired');
  const octets = macAlgorithms.get(header.alg) ?? Infinity;
  const longEnough = keys.filter(({ symmetricKeySize = 0 }) => symmetricKeySize >= octets);
  if (longEnough.length === 0) {
    throw new OAuthError('secret_too_short', { detail: { alg: header.alg, octets_needed: octets } });
  }
  return longEnough;
};

/** {@link clientSecretJwt} for bare Passport. */
export class ClientSecretJwtStrategy extends PassportClientStrategy {
  constructor(options: AuthenticationOptions) {
    super(clientSecretJwt(), options);
  }
}
