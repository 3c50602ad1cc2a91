import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint, exportJWK, type JWK } from 'jose';
import type { SecretKeys } from '../secret-keys.js';
import type { Store } from '../stores/store.js';

/** The JWS algorithms a workspace can sign with. */
export type SigningAlgorithm = 'ES256' | 'RS256' | 'PS256' | 'Ed25519';

/** One key pair, used with one algorithm alone (RFC 8725 3.1). */
export interface SigningKey {
  readonly kid: string;
  readonly alg: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** As the JWKS endpoint shows it: public members only. */
  readonly publicJwk: Readonly<JWK>;
}

/** What a stored key is sealed for: it opens nowhere else. */
const purpose = 'signing key';
const forEver = Infinity;

const makeKeyPair = promisify(generateKeyPair);

/** A workspace's signing keys: made on first use, kept in the store, encrypted under `secret_keys`. */
export class SigningKeys {
  readonly #algorithms: readonly SigningAlgorithm[];
  readonly #store: Store;
  readonly #secretKeys: SecretKeys;
  #keys: ReadonlyMap<SigningAlgorithm, SigningKey> | undefined;
  #loading: Promise<ReadonlyMap<SigningAlgorithm, SigningKey>> | undefined;

  /** `algorithms`: one key each, the first for access tokens. `store`: the workspace's own part. */
  constructor(algorithms: readonly SigningAlgorithm[], store: Store, secretKeys: SecretKeys) {
    this.#algorithms = algorithms;
    this.#store = store;
    this.#secretKeys = secretKeys;
  }

  /** The key that signs access tokens. */
  async forAccessTokens(): Promise<SigningKey> {
    return this.forAlgorithm(this.#algorithms[0] as SigningAlgorithm);
  }

  /** The key of one algorithm; rejects when the workspace has none. */
  async forAlgorithm(alg: SigningAlgorithm): Promise<SigningKey> {
    const key = (this.#keys ?? (await this.load())).get(alg);
    if (!key) throw new Error(`This workspace has no ${alg} key; add it to signing_keys.`);
    return key;
  }

  /** Every key, by kid. */
  async all(): Promise<readonly SigningKey[]> {
    return [...(this.#keys ?? (await this.load())).values()];
  }

  /** Reads or makes the keys. Rejects when a stored key cannot be opened with the present `secret_keys`. */
  async load(): Promise<ReadonlyMap<SigningAlgorithm, SigningKey>> {
    this.#loading ??= this.#loadAll().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadAll(): Promise<ReadonlyMap<SigningAlgorithm, SigningKey>> {
    const keys = await Promise.all(this.#algorithms.map((alg) => this.#loadOne(alg)));
    this.#keys = new Map(keys.map((key) => [key.alg, key]));
    return this.#keys;
  }

  async #loadOne(alg: SigningAlgorithm): Promise<SigningKey> {
    const name = `signing-key/${alg}`;
    let sealed = await this.#store.get(name);
    if (sealed === undefined) {
      const made = this.#secretKeys.seal(purpose, await newPrivateKey(alg), name);
      // Two processes may start at once: whoever is first has made the key for both.
      const claim = await this.#store.claim(name, made, forEver);
      sealed = claim.first ? made : claim.value;
    }
    const pem = this.#secretKeys.open(purpose, sealed, name);
    if (pem === undefined) throw new Error(this.#whyClosed(alg, sealed));
    return signingKey(alg, pem);
  }

  #whyClosed(alg: SigningAlgorithm, sealed: string): string {
    const [, keyId = ''] = sealed.split(':');
    return this.#secretKeys.ids.includes(keyId)
      ? `The stored ${alg} signing key is damaged, or was put there from another place.`
      : `The stored ${alg} signing key was encrypted under secret key ${keyId}, which is not in secret_keys.`;
  }
}

async function newPrivateKey(alg: SigningAlgorithm): Promise<string> {
  // Through PEM: exporting a fresh key object as JWK can hang Node 20 while garbage is collected.
  const { privateKey } = await newKeyPair(alg);
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function newKeyPair(alg: SigningAlgorithm): Promise<{ readonly privateKey: KeyObject }> {
  if (alg === 'ES256') return makeKeyPair('ec', { namedCurve: 'P-256' });
  if (alg === 'Ed25519') return makeKeyPair('ed25519');
  return makeKeyPair('rsa', { modulusLength: 2048 });
}

async function signingKey(alg: SigningAlgorithm, pem: string): Promise<SigningKey> {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(pem);
  const jwk = await exportJWK(publicKey);
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, alg, privateKey, publicKey, publicJwk: { ...jwk, kid, alg, use: 'sig' } };
}
