import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type JWK, SignJWT } from 'jose';
import { Wire } from '../sign-in-app/wire.js';
import { curl } from './curl.js';

/** What the call has to know. */
export interface DpopFacts {
  readonly issuer: string;
  /** The protected API. */
  readonly apiUrl: string;
  /** Absolute path of the clients' secrets. */
  readonly secrets: string;
  /** Absolute path of the authority's certificate. */
  readonly authorityPath: string;
}

/**
 * Makes a key, gets an access token that is bound to it (RFC 9449 5), and a proof for one request to the API. Resolves
 * with the curl of that request. Rejects with an Error that says why there is none.
 */
export async function dpopCall(clientId: string, facts: DpopFacts): Promise<string> {
  const { [clientId]: secret }: Readonly<Record<string, string>> = JSON.parse(readFileSync(facts.secrets, 'utf8'));
  if (secret === undefined) throw new Error('Name a client with a secret: demo-basic');
  const key = new DpopKey();
  const tokenUrl = `${facts.issuer}/oauth2/token`;
  const { status, json } = await new Wire([readFileSync(facts.authorityPath, 'utf8')]).postForm(
    tokenUrl,
    { grant_type: 'client_credentials' },
    {
      authorization: `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`,
      dpop: await key.proof('POST', tokenUrl),
    },
  );
  const { access_token: token, token_type: type } = json;
  if (status !== 200 || typeof token !== 'string') throw new Error(`No token: ${status} ${String(json.error)}`);
  if (type !== 'DPoP') throw new Error(`The token is of type ${String(type)}: it is not bound to the key`);
  const proof = await key.proof('GET', facts.apiUrl, token);
  const headers = [`Authorization: DPoP ${token}`, `DPoP: ${proof}`];
  return curl(facts.apiUrl, { authorityPath: facts.authorityPath, headers });
}

/** What `dpop.js` does: prints the curl, or says why not and ends with exit code 1. */
export async function printDpopCall(clientId: string, facts: DpopFacts): Promise<void> {
  try {
    process.stdout.write(`${await dpopCall(clientId, facts)}\n`);
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    process.exitCode = 1;
  }
}

/** A key of a client, made for this run alone. */
class DpopKey {
  readonly #privateKey: KeyObject;
  readonly #jwk: JWK;

  constructor() {
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    this.#privateKey = createPrivateKey(privateKey);
    this.#jwk = createPublicKey(privateKey).export({ format: 'jwk' }) as JWK;
  }

  /** A proof for one request (RFC 9449 4.2), with an access token where that goes along. */
  proof(htm: string, htu: string, token?: string): Promise<string> {
    const ath = token === undefined ? {} : { ath: createHash('sha256').update(token).digest('base64url') };
    return new SignJWT({ htm, htu, ...ath })
      .setJti(randomUUID())
      .setIssuedAt()
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: this.#jwk })
      .sign(this.#privateKey);
  }
}
