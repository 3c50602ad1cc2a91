import type { KeyObject } from 'node:crypto';
import { rehearseSignature } from '../lib/client-authentication/assertion-signature.js';
import {
  type AssertionEvidence,
  assertionParameters,
  extractAssertion,
} from '../lib/client-authentication/client-assertion.js';
import { PassportClientStrategy } from '../lib/client-authentication/passport-strategy.js';
import type { AuthenticationOptions } from '../lib/client-authentication/service.js';
import type { AuthenticationContext, ClientAuthenticationStrategy } from '../lib/client-authentication/strategy.js';
import { refuseRevoked, trustedPath } from '../lib/client-authentication/trusted-path.js';
import { verifyAssertion } from '../lib/client-authentication/verify-assertion.js';
import { asymmetricAlgorithms, canonicalAlgorithm } from '../lib/clients/assertion-algorithms.js';
import type { RegisteredClient } from '../lib/clients/client.js';
import { certificateOfKey } from '../lib/clients/json-web-keys.js';

const algorithms: ReadonlySet<string> = new Set(asymmetricAlgorithms.keys());

/**
 * A client assertion signed with a private key whose public part is in the client's `jwks` or behind its `jwks_uri`
 * (OpenID Connect Core 9, RFC 7523 2.2). Keys named in the assertion's own header are never used.
 */
export function privateKeyJwt(): ClientAuthenticationStrategy<AssertionEvidence> {
  return {
    name: 'private_key_jwt',
    mechanism: 'client_assertion',
    singleUse: true,
    parameters: assertionParameters,
    extract: extractAssertion,
    async verify(evidence, client, context) {
      await verifyAssertion(evidence, client, context, {
        algorithms,
        find: ({ header }) => client.keys.candidates(header),
        checkSigner: checkCertificate,
      });
      return undefined;
    },
    rehearse(evidence) {
      // The other assertion strategy sees the same assertion, and rehearses its own algorithms.
      if (algorithms.has(canonicalAlgorithm(evidence.header.alg))) rehearseSignature(evidence);
    },
  };
}

/** The certificate registered beside the key, where `revocation.x5c` asks for it. One in the assertion counts nothing. */
async function checkCertificate(
  signer: KeyObject,
  client: RegisteredClient,
  context: AuthenticationContext,
): Promise<void> {
  const certificate = context.revocation?.coversKeys === true ? certificateOfKey(signer) : undefined;
  if (certificate) await refuseRevoked(trustedPath(certificate, client, context), client, context);
}

/** {@link privateKeyJwt} for bare Passport. */
export class PrivateKeyJwtStrategy extends PassportClientStrategy {
  constructor(options: AuthenticationOptions) {
    super(privateKeyJwt(), options);
  }
}
