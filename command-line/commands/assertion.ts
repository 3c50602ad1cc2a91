import { createPrivateKey, createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { type Command, UsageError } from '../command.js';
import { readInput } from '../input.js';

const longestLife = 600;

export const assertion: Command = {
  name: 'assertion',
  summary: 'Signs a client assertion to paste into curl',
  options: {
    client: { value: 'ID', description: 'the client_id' },
    audience: { value: 'URL', description: 'the issuer, as its metadata write it; not the token endpoint' },
    'sign-with': {
      value: 'FILE',
      description: 'a private key, PEM or JWK, or a file that holds the client secret; - is stdin',
    },
    alg: { value: 'ALG', description: 'default: what fits the file, such as ES256, RS256 or HS256' },
    kid: { value: 'ID', description: 'the key id in the header; default: that of the JWK, else none' },
    lifetime: { value: 'SECONDS', description: 'default 60, at most 600' },
  },
  details: [
    'For private_key_jwt and client_secret_jwt (RFC 7523 2.2). It is good once. Needs no server. With curl:',
    '',
    '  curl https://as.example.com/acme/demo/oauth2/token -d grant_type=client_credentials \\',
    '    -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\',
    '    -d client_assertion=$(npx express-client-auth assertion ...)',
  ],
  examples: ['assertion --client reports --audience https://as.example.com/acme/demo --sign-with reports.pem'],
  async run(given) {
    const need = (name: string, what: string) => {
      const text = given.text(name);
      if (text === undefined) throw new UsageError(`${what} Give --${name}.`);
      return text;
    };
    const [client, audience] = [need('client', 'Whose?'), need('audience', 'For whom?')];
    const file = need('sign-with', 'Signed by what?');
    const lifetime = Number(given.text('lifetime') ?? 60);
    if (!Number.isInteger(lifetime) || lifetime < 1 || lifetime > longestLife) {
      throw new UsageError(`--lifetime must be 1 to ${longestLife} seconds.`);
    }
    const signer = readKey(await readInput(file), given.text('alg'));
    const { key, alg = algorithmOf(key) } = signer;
    const kid = given.text('kid') ?? signer.kid;
    const now = Math.floor(Date.now() / 1000);
    const jwt = await new SignJWT()
      .setProtectedHeader({ alg, typ: 'client-authentication+jwt', ...(kid !== undefined && { kid }) })
      .setIssuer(client)
      .setSubject(client)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt(now)
      .setExpirationTime(now + lifetime)
      .sign(key);
    return { text: `${jwt}\n`, json: { client_assertion: jwt, alg, expires_at: now + lifetime } };
  },
};

interface Signer {
  readonly key: KeyObject;
  readonly kid?: string;
  readonly alg?: string;
}

function readKey(text: string, alg: string | undefined): Signer {
  const chosen = alg === undefined ? {} : { alg };
  if (text.includes('-----BEGIN')) return { key: createPrivateKey(text), ...chosen };
  if (!text.trimStart().startsWith('{')) return { key: createSecretKey(Buffer.from(text)), ...chosen };
  const jwk = JSON.parse(text) as { kid?: string; alg?: string };
  return {
    key: createPrivateKey({ key: jwk, format: 'jwk' }),
    ...(jwk.kid !== undefined && { kid: jwk.kid }),
    ...(jwk.alg !== undefined && { alg: jwk.alg }),
    ...chosen,
  };
}

const byType: Readonly<Record<string, string>> = { rsa: 'RS256', ed25519: 'Ed25519' };
const byCurve: Readonly<Record<string, string>> = { prime256v1: 'ES256', secp384r1: 'ES384', secp521r1: 'ES512' };

function algorithmOf(key: KeyObject): string {
  if (key.type === 'secret') return 'HS256';
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  const alg = type === 'ec' ? byCurve[details?.namedCurve ?? ''] : byType[type ?? ''];
  if (alg === undefined) throw new UsageError('No algorithm is known for this kind of key. Give --alg.');
  return alg;
}
