import { rehearseSignature } from '../lib/client-authentication/assertion-signature.js';
import {
  type AssertionEvidence,
  assertionParameters,
  extractAssertion,
} from '../lib/client-authentication/client-assertion.js';
import { PassportClientStrategy } from '../lib/client-authentication/passport-strategy.js';
import type { AuthenticationOptions } from '../lib/client-authentication/service.js';
import type { ClientAuthenticationStrategy } from '../lib/client-authentication/strategy.js';
import { refuseRevoked, trustedPath } from '../lib/client-authentication/trusted-path.js';
import { type AssertionKeys, verifyAssertion } from '../lib/client-authentication/verify-assertion.js';
import { asymmetricAlgorithms, canonicalAlgorithm } from '../lib/clients/assertion-algorithms.js';
import { certificateOfKey } from '../lib/clients/json-web-keys.js';
import { following } from '../lib/soon.js';

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
    verify: (evidence, client, context) => following(verifyAssertion(evidence, client, context, keys), () => undefined),
    rehearse(evidence) {
      // The other assertion strategy sees the same assertion, and rehearses its own algorithms.
      if (algorithms.has(canonicalAlgorithm(evidence.header.alg))) rehearseSignature(evidence);
    },
  };
}

const keys: AssertionKeys = {
  algorithms,
  find: ({ header }, client) => client.keys.candidates(header),
  /** The certificate registered beside the key, where `revocation.x5c` asks for it. One in the assertion counts nothing. */
  checkSigner(signer, client, context) {
    const certificate = context.revocation?.coversKeys === true ? certificateOfKey(signer) : undefined;
    return certificate && refuseRevoked(trustedPath(certificate, client, context), client, context);
  },
};

/** {@link privateKeyJwt} for bare Passport. */
export class PrivateKeyJwtStrategy extends PassportClientStrategy {
  constructor(options: AuthenticationOptions) {
    super(privateKeyJwt(), options);
  }
}
