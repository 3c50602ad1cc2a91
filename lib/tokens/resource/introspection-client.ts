import { createPrivateKey, type KeyObject, randomUUID } from 'node:crypto';
import { type JWK, SignJWT } from 'jose';
import { z } from 'zod';
import { asymmetricAlgorithms, canonicalAlgorithm } from '../../clients/assertion-algorithms.js';
import { OAuthError } from '../../errors.js';
import { longestDocument } from '../../http/limits.js';
import type { FetchDocument } from '../../http/outbound.js';
import { parseStrictJson } from '../../http/strict-json.js';
import type { RemoteMetadata } from './issuer-metadata.js';
import type { TokenHome } from './token-source.js';

const privateKeySchema = z.custom<JWK & { readonly alg: string; readonly kid?: string }>(
  (value) => signingKey(value) !== undefined,
  'must be a private JWK with an asymmetric alg, such as ES256',
);

/** As whom a resource server asks about tokens (RFC 7662 2.1), and how long it remembers the answer. */
export const introspectionSchema = z
  .strictObject({
    client_id: z.string().min(1).describe('The client that asks.'),
    client_secret: z.string().min(1).optional().describe('For `client_secret_basic`.'),
    private_key: privateKeySchema
      .optional()
      .describe('For `private_key_jwt`: a private JWK with `alg`, and `kid` where the server needs one.'),
    cache_ttl: z
      .int()
      .min(0)
      .max(60)
      .default(10)
      .describe(
        'Seconds an active token is taken without asking again, 0 to 60: so long a revoked one may still pass.',
      ),
  })
  .refine(({ client_secret, private_key }) => (client_secret === undefined) !== (private_key === undefined), {
    message: 'needs a client_secret (client_secret_basic) or a private_key (private_key_jwt), and not both',
  });

export type IntrospectionOptions = z.output<typeof introspectionSchema>;

/** What the introspection endpoint said: that the token is active, and what it stands for; or that it is not. */
export type IntrospectionAnswer = Readonly<Record<string, unknown>> & { readonly active: boolean };

/** Milliseconds. */
const timeout = 3000;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Seconds. */
const assertionLife = 60;

/**
 * Asks the introspection endpoint of an issuer. The answer rejects with `introspection_unavailable` for everything
 * but a plain yes or no: nothing is guessed.
 */
export function introspectionClient(
  options: IntrospectionOptions,
  { home, metadata, fetchDocument }: { home: TokenHome; metadata: RemoteMetadata; fetchDocument: FetchDocument },
): (token: string) => Promise<IntrospectionAnswer> {
  const authenticate = authentication(options, home);
  const unavailable = (problem: string) =>
    new OAuthError('introspection_unavailable', { detail: { issuer: home.issuer, problem } });
  return async (token) => {
    const { introspectionEndpoint } = await metadata.get();
    if (introspectionEndpoint === undefined) throw unavailable('the metadata have no introspection_endpoint');
    const { parameters, authorization } = await authenticate();
    const form = new URLSearchParams({ token, token_type_hint: 'access_token', ...parameters });
    const reply = await fetchDocument(introspectionEndpoint, {
      accept: ['application/json'],
      maxBytes: longestDocument.introspection,
      timeout,
      post: {
        type: 'application/x-www-form-urlencoded',
        content: Buffer.from(form.toString()),
        ...(authorization !== undefined && { authorization }),
      },
    });
    if (!reply.ok) throw unavailable(reply.problem);
    const json = parseStrictJson(reply.body);
    if (!json.ok) throw unavailable(`the answer ${json.problem}`);
    if (isAnswer(json.value)) return json.value;
    throw unavailable('the answer says neither yes nor no');
  };
}

function isAnswer(value: unknown): value is IntrospectionAnswer {
  return typeof value === 'object' && value !== null && 'active' in value && typeof value.active === 'boolean';
}

interface Credentials {
  readonly parameters?: Readonly<Record<string, string>>;
  readonly authorization?: string;
}

function authentication(
  { client_id, client_secret, private_key }: IntrospectionOptions,
  { issuer, now }: TokenHome,
): () => Promise<Credentials> | Credentials {
  const key = signingKey(private_key);
  if (key === undefined || private_key === undefined) {
    const pair = `${formEncoded(client_id)}:${formEncoded(client_secret ?? '')}`;
    const authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    return () => ({ authorization });
  }
  const { alg, kid } = private_key;
  const header = { alg, typ: 'client-authentication+jwt', ...(kid !== undefined && { kid }) };
  return async () => {
    const iat = Math.floor(now() / 1000);
    const claims = { iss: client_id, sub: client_id, aud: issuer, jti: randomUUID(), iat, exp: iat + assertionLife };
    const assertion = await new SignJWT(claims).setProtectedHeader(header).sign(key);
    return { parameters: { client_id, client_assertion_type: assertionType, client_assertion: assertion } };
  };
}

/** RFC 6749 2.3.1. */
function formEncoded(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}

function signingKey(jwk: unknown): KeyObject | undefined {
  const alg = typeof jwk === 'object' && jwk !== null && 'alg' in jwk && jwk.alg;
  if (typeof alg !== 'string' || !asymmetricAlgorithms.has(canonicalAlgorithm(alg))) return undefined;
  try {
    return createPrivateKey({ format: 'jwk', key: jwk as JWK });
  } catch {
    return undefined;
  }
}
