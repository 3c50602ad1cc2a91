import type { GrantType, Method } from '../facts.js';

export type Mistake =
  | 'wrong-secret'
  | 'wrong-key'
  | 'wrong-audience'
  | 'expired-assertion'
  | 'reused-assertion'
  | 'other-authority'
  | 'no-certificate'
  | 'second-method'
  | 'wrong-verifier'
  | 'wrong-proof';

interface Situation {
  readonly method: Method;
  readonly grant: GrantType;
  readonly dpop: boolean;
}

interface MistakeKind {
  readonly name: Mistake;
  readonly label: string;
  readonly fits: (situation: Situation) => boolean;
}

const withSecret: ReadonlySet<Method> = new Set(['client_secret_basic', 'client_secret_post', 'client_secret_jwt']);
const withAssertion: ReadonlySet<Method> = new Set(['client_secret_jwt', 'private_key_jwt']);
const withCertificate: ReadonlySet<Method> = new Set(['tls_client_auth', 'self_signed_tls_client_auth']);

export const hasSecret = (method: Method) => withSecret.has(method);
export const hasCertificate = (method: Method) => withCertificate.has(method);

const kinds: readonly MistakeKind[] = [
  { name: 'wrong-secret', label: 'A wrong secret', fits: ({ method }) => hasSecret(method) },
  { name: 'wrong-key', label: 'A signature by another key', fits: ({ method }) => method === 'private_key_jwt' },
  { name: 'wrong-audience', label: 'An assertion for another audience', fits: hasAssertion },
  { name: 'expired-assertion', label: 'An assertion that has expired', fits: hasAssertion },
  { name: 'reused-assertion', label: 'The same assertion twice (you see the second reply)', fits: hasAssertion },
  { name: 'other-authority', label: 'A certificate of another CA', fits: ({ method }) => hasCertificate(method) },
  { name: 'no-certificate', label: 'No certificate', fits: ({ method }) => hasCertificate(method) },
  { name: 'second-method', label: 'A second method in the same request', fits: () => true },
  {
    name: 'wrong-verifier',
    label: 'Another code verifier',
    fits: ({ grant }) => grant === 'authorization_code',
  },
  { name: 'wrong-proof', label: 'A DPoP proof for another URL', fits: ({ dpop }) => dpop },
];

function hasAssertion({ method }: Situation): boolean {
  return withAssertion.has(method);
}

/** The mistakes that can be made there. */
export function mistakesFor(situation: Situation): readonly MistakeKind[] {
  return kinds.filter(({ fits }) => fits(situation));
}
