import { parseClientCertificate } from '../../certificates/client-certificate.js';
import { parsePemCertificates } from '../../certificates/pem.js';
import { OptionsError } from '../../options.js';
import { certificateJwk } from '../certificate-jwk.js';
import { certificateTextDigest } from '../certificate-names.js';
import { importClientKey } from '../json-web-keys.js';
import { maximumKeys } from '../key-sets.js';
import { standingKeys, storedKey } from './assemble.js';
import type { ClientChanges } from './changes.js';
import { keyId, standingCredentials } from './credentials.js';
import { ClientDirectoryError } from './directory-error.js';
import type { ClientRecord } from './records.js';

/** A public key of a stored client. */
export interface KnownKey {
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly jwk: object;
}

/** The public keys and certificates of stored clients: several live at once, so that one is replaced without downtime. */
export class KeyAdministration {
  readonly #changes: ClientChanges;
  readonly #now: () => number;

  /** `now` answers milliseconds since 1970. */
  constructor(changes: ClientChanges, now: () => number) {
    this.#changes = changes;
    this.#now = now;
  }

  /** Those that nobody removed. */
  async standing(record: ClientRecord): Promise<KnownKey[]> {
    return standingKeys(standingCredentials(await this.#changes.readCredentials(record)));
  }

  /**
   * Adds a JSON Web Key beside those that are there; one that is there stays as it is. Answers its id. Rejects with
   * OptionsError for a key that no client may register, with ClientDirectoryError `not_for_method` for a client with a
   * `jwks_uri`, `too_many`, `unknown_client` or `client_configured`.
   */
  add(clientId: string, jwk: object): Promise<string> {
    const imported = importClientKey(jwk);
    if (!imported.ok) return Promise.reject(new OptionsError([{ path: 'jwk', message: imported.problem }]));
    return this.#changes.extend(clientId, (record) => this.#add(record, jwk));
  }

  /**
   * Ends a key, named by its id, its `kid` or the digest of its certificate (`x5t#S256`). Rejects with
   * ClientDirectoryError `unknown_key`, `last_key` for the only one, `unknown_client` or `client_configured`.
   */
  remove(clientId: string, name: string): Promise<void> {
    return this.#changes.change(clientId, async (record) => {
      const standing = await this.standing(record);
      const found = standing.filter(({ id, jwk }) => id === name || namesOf(jwk).includes(name));
      if (found.length === 0) throw new ClientDirectoryError('unknown_key', `${clientId} has no key ${name}.`);
      if (found.length === standing.length && needsKey(record)) {
        throw new ClientDirectoryError('last_key', `${name} is the last key of ${clientId}: add another first.`);
      }
      const credentials = this.#changes.credentials(record);
      const ended = found.map(({ id }) => ({ kind: 'key' as const, id }));
      await credentials.revoke(ended, Math.floor(this.#now() / 1000));
    });
  }

  /**
   * Registers one certificate, PEM. For self_signed_tls_client_auth beside those that are there; for tls_client_auth it
   * becomes the only one that is accepted, at once. Answers its digest (`x5t#S256`). Rejects as `add` does.
   */
  async importCertificate(clientId: string, pem: string): Promise<string> {
    const read = certificateTextDigest(pem);
    if ('problem' in read) throw new OptionsError([{ path: 'certificate', message: read.problem }]);
    const { metadata } = await this.#changes.record(clientId);
    const method = metadata.token_endpoint_auth_method ?? '';
    if (method === 'tls_client_auth') {
      await this.#changes.change(clientId, async (record) => {
        await this.#changes.records.write({ ...record, metadata: { ...record.metadata, certificate: pem } });
      });
      return read.digest;
    }
    if (method !== 'self_signed_tls_client_auth') {
      throw new ClientDirectoryError('not_for_method', `${clientId} has the method ${method}, without a certificate.`);
    }
    await this.#changes.extend(clientId, (record) => this.#add(record, jwkOf(pem)));
    return read.digest;
  }

  async #add(record: ClientRecord, jwk: object): Promise<string> {
    const { client_id, metadata } = record;
    if (metadata.jwks_uri !== undefined) {
      throw new ClientDirectoryError('not_for_method', `${client_id} keeps its keys at ${metadata.jwks_uri}.`);
    }
    const standing = await this.standing(record);
    const id = keyId(jwk);
    if (standing.some((key) => key.id === id)) return id;
    if (standing.length >= maximumKeys) {
      throw new ClientDirectoryError('too_many', `${client_id} has ${standing.length} keys: remove some first.`);
    }
    await this.#changes.credentials(record).add(storedKey(jwk, Math.floor(this.#now() / 1000)));
    return id;
  }
}

function needsKey({ metadata: { token_endpoint_auth_method: method, jwks_uri } }: ClientRecord): boolean {
  return jwks_uri === undefined && (method === 'private_key_jwt' || method === 'self_signed_tls_client_auth');
}

function namesOf(jwk: object): unknown[] {
  const { kid, 'x5t#S256': digest } = jwk as { readonly kid?: unknown; readonly 'x5t#S256'?: unknown };
  return [kid, digest];
}

/** Throws OptionsError for a certificate whose key no client may register. */
function jwkOf(pem: string): object {
  const parsed = parsePemCertificates(pem);
  const [der] = parsed.ok ? parsed.certificates : [];
  const certificate = der && parseClientCertificate(der);
  const jwk = certificate && certificateJwk(certificate);
  if (jwk) return jwk;
  throw new OptionsError([{ path: 'certificate', message: 'has a key that no client may register' }]);
}
