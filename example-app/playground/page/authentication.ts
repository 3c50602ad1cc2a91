import type { Choices } from './choices.js';
import { newKeyPair, pemSigner, randomText, type Signer, secretSigner, signJwt } from './jwt.js';

export type Pair = readonly [name: string, value: string];

/** What proves the client, or is meant to. */
export interface Credentials {
  readonly headers: readonly Pair[];
  readonly parameters: readonly Pair[];
  /** The name of a certificate; empty: none. */
  readonly certificate: string;
}

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const lifetimeSeconds = 60;
const wrongSecret = 'this-is-not-the-secret-of-the-client-but-of-nobody';

/** The client's credentials by the chosen method, with the chosen mistakes. */
export async function credentials(choices: Choices): Promise<Credentials> {
  const made = await byMethod(choices);
  return choices.mistakes.has('second-method') ? withSecondMethod(made, choices) : made;
}

async function byMethod(choices: Choices): Promise<Credentials> {
  const id: Pair = ['client_id', choices.client.clientId];
  const secret = choices.mistakes.has('wrong-secret') ? wrongSecret : choices.secret;
  const none: Credentials = { headers: [], parameters: [], certificate: '' };
  switch (choices.method) {
    case 'client_secret_basic':
      return { ...none, headers: [basic(choices.client.clientId, secret)] };
    case 'client_secret_post':
      return { ...none, parameters: [id, ['client_secret', secret]] };
    case 'client_secret_jwt':
      return { ...none, parameters: await assertion(choices, await secretSigner(secret || wrongSecret), {}) };
    case 'private_key_jwt':
      return { ...none, parameters: await assertion(choices, await keySigner(choices), keyId(choices)) };
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
      return { ...none, parameters: [id], certificate: certificateName(choices) };
    case 'none':
      return { ...none, parameters: [id] };
  }
}

function withSecondMethod(made: Credentials, { method, client, secret }: Choices): Credentials {
  const other = secret || wrongSecret;
  if (method !== 'client_secret_basic') return { ...made, headers: [basic(client.clientId, other)] };
  const body: readonly Pair[] = [
    ['client_id', client.clientId],
    ['client_secret', other],
  ];
  return { ...made, parameters: body };
}

/** RFC 6749 2.3.1: both parts are form-encoded first. */
function basic(clientId: string, secret: string): Pair {
  const encoded = [clientId, secret].map((part) => new URLSearchParams({ '': part }).toString().slice(1));
  return ['Authorization', `Basic ${btoa(encoded.join(':'))}`];
}

/** A client assertion (RFC 7523 2.2, 3). */
async function assertion(
  { client, workspace, mistakes }: Choices,
  signer: Signer,
  header: Readonly<Record<string, string>>,
): Promise<Pair[]> {
  const now = Math.floor(Date.now() / 1000) - (mistakes.has('expired-assertion') ? 10 * lifetimeSeconds : 0);
  const claims = {
    iss: client.clientId,
    sub: client.clientId,
    aud: mistakes.has('wrong-audience') ? 'https://elsewhere.example' : workspace.issuer,
    jti: randomText(),
    iat: now,
    exp: now + lifetimeSeconds,
  };
  const jwt = await signJwt({ typ: 'client-authentication+jwt', ...header }, claims, signer);
  return [
    ['client_assertion_type', assertionType],
    ['client_assertion', jwt],
  ];
}

async function keySigner({ client, mistakes }: Choices): Promise<Signer> {
  if (client.key && !mistakes.has('wrong-key')) return pemSigner(client.key.pem);
  const { privateKey } = await newKeyPair();
  return { key: privateKey, alg: 'ES256' };
}

function keyId({ client }: Choices): Readonly<Record<string, string>> {
  return client.key ? { kid: client.key.kid } : {};
}

function certificateName({ mistakes, certificate }: Choices): string {
  if (mistakes.has('no-certificate')) return '';
  return mistakes.has('other-authority') ? 'stranger' : certificate;
}
