import { randomBytes } from 'node:crypto';
import { OptionsError, parseOptions } from '../../options.js';
import { type ClientMetadataInput, clientMetadataSchema, type ParsedClientMetadata } from '../metadata.js';
import type { ClientDependencies } from '../registered-client.js';
import { compileClient } from '../registry.js';
import { credentialsIn, fittingSecrets, metadataAlone, usesSecret } from './assemble.js';
import { type ChangeParts, ClientChanges } from './changes.js';
import { type ClientDescription, type ClientSummary, clientSummary, secretStatus } from './client-description.js';
import { ClientEntries } from './client-entries.js';
import { type Credential, isLive, type StoredSecret, standingCredentials } from './credentials.js';
import { ClientDirectoryError } from './directory-error.js';
import { KeyAdministration } from './key-administration.js';
import type { ClientRecord } from './records.js';
import { type IssuedSecret, SecretAdministration, type SecretParts } from './secret-administration.js';
import { useKey } from './stored-clients.js';

/** What a workspace gives its directory of clients. */
export interface DirectoryParts extends ChangeParts, SecretParts {
  readonly dependencies: ClientDependencies;
  /** What of the metadata the workspace cannot serve. `path` begins with a member. */
  mistakes(parsed: ParsedClientMetadata): { readonly path: string; readonly message: string }[];
  /** Ends every token and code of a client. */
  endTokens(clientId: string): Promise<void>;
}

/** Client metadata whose id the directory gives, unless there is one. */
export type NewClient = Omit<ClientMetadataInput, 'client_id'> & { readonly client_id?: string };

/** A client as it was added or changed. */
export interface EnteredClient {
  /** Valid, with all defaults. Secrets are in it as they were given: do not show it to anybody. */
  readonly parsed: ParsedClientMetadata;
  /** Seconds since 1970. */
  readonly created: number;
  /** The secret that was made. It is told here and never again. */
  readonly secret?: IssuedSecret;
}

type Provenance = Partial<Pick<ClientRecord, 'origin' | 'management'>>;

/**
 * The clients that a workspace keeps in its store, for operators and for registration. They stand beside those of the
 * configuration, and every process that shares the store knows of each change within a second. Every call may be made
 * in any number of processes at once: no change undoes another.
 */
export class ClientDirectory {
  readonly secrets: SecretAdministration;
  readonly keys: KeyAdministration;
  /** The clients as entries of a file. */
  readonly entries: ClientEntries;
  readonly #parts: DirectoryParts;
  readonly #changes: ClientChanges;

  constructor(parts: DirectoryParts) {
    this.#parts = parts;
    this.#changes = new ClientChanges(parts);
    this.secrets = new SecretAdministration(this.#changes, parts);
    this.keys = new KeyAdministration(this.#changes, parts.now);
    this.entries = new ClientEntries(this, this.#changes, parts.now);
  }

  /** Every client, by id; those of the configuration only where they stand in a list. */
  async list(): Promise<ClientSummary[]> {
    const configured = (this.#parts.configured.all?.() ?? []).map((client) =>
      clientSummary(client.metadata as ClientMetadataInput, 'configured'),
    );
    const stored = (await this.#changes.records.all()).map(({ client_id, metadata, origin, created }) =>
      clientSummary({ ...metadata, client_id }, origin, created),
    );
    return [...configured, ...stored].sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
  }

  /** One client with its secrets, by id and times, and its keys; undefined where there is none. */
  async describe(clientId: string): Promise<ClientDescription | undefined> {
    const configured = await this.#parts.configured.find(clientId);
    if (configured) {
      const metadata = configured.metadata as ClientMetadataInput;
      return { origin: 'configured', metadata, secrets: [], keys: [] };
    }
    const record = await this.#changes.records.read(clientId);
    if (!record) return undefined;
    const { client_id, origin, created, metadata } = record;
    const [secrets, keys] = await Promise.all([this.secrets.standing(record), this.keys.standing(record)]);
    const statuses = await Promise.all(secrets.map((secret) => this.#status(record, secret)));
    return { origin, created, metadata: { ...metadata, client_id }, secrets: statuses, keys };
  }

  /** The stored record of a client; undefined for one of the configuration too. */
  record(clientId: string): Promise<ClientRecord | undefined> {
    return this.#changes.records.read(clientId);
  }

  /** The metadata of a new client with all defaults. Throws OptionsError naming every mistake. */
  check(metadata: NewClient): ParsedClientMetadata {
    return this.#checked({ ...metadata, client_id: metadata.client_id ?? 'new' }, []).parsed;
  }

  /**
   * Adds a client. Without a `client_id` it gets one; without the secret that its method needs it gets one too. Rejects
   * with OptionsError naming every mistake, with ClientDirectoryError `client_exists`.
   */
  async add(metadata: NewClient, { origin = 'operator', management }: Provenance = {}): Promise<EnteredClient> {
    const client_id = metadata.client_id ?? randomBytes(16).toString('hex');
    if (await this.#parts.configured.find(client_id)) throw exists(client_id);
    const { parsed, secret } = this.#checked({ ...metadata, client_id }, []);
    const created = this.#seconds();
    const incarnation = randomBytes(12).toString('hex');
    const record = { client_id, incarnation, created, origin, metadata: metadataAlone(parsed) };
    if (!(await this.#changes.records.create({ ...record, ...(management && { management }) })))
      throw exists(client_id);
    const credentials = this.#changes.credentials(record);
    await credentials.add(...credentialsIn(parsed, this.#parts.secretKeys, created));
    await this.#changes.publish(client_id);
    return { parsed, created, ...(secret && { secret }) };
  }

  /**
   * Puts other metadata in the place of a client's, whole. Secrets stay where its method still uses them; a new one is
   * made where it needs another. The keys become those of the new metadata. Rejects as `add` does, and with
   * ClientDirectoryError `unknown_client` or `client_configured`. `settle` may look at the record before it is written.
   */
  replace(
    clientId: string,
    make: (record: ClientRecord) => Omit<ClientMetadataInput, 'client_id'>,
    settle: (record: ClientRecord) => ClientRecord = (record) => record,
  ): Promise<EnteredClient> {
    return this.#changes.change(clientId, async (record) => {
      const settled = settle(record);
      const metadata = make(record);
      const ever = await this.#changes.readCredentials(record);
      const before = standingCredentials(ever);
      const method = metadata.token_endpoint_auth_method ?? 'client_secret_basic';
      const kept = usesSecret(method) ? fittingSecrets(method, before) : [];
      const { parsed, secret } = this.#checked({ ...metadata, client_id: clientId }, kept);
      const after = credentialsIn(parsed, this.#parts.secretKeys, this.#seconds());
      const added = after.filter(isNotIn(before));
      refuseEndlessChange(record, ever.length + added.length);
      const credentials = this.#changes.credentials(record);
      // First what is new, last what goes: whoever reads meanwhile finds all that either record needs.
      await credentials.add(...added);
      await this.#changes.records.write({ ...settled, metadata: metadataAlone(parsed) });
      await credentials.revoke(before.filter(isNotIn(after)), this.#seconds());
      return { parsed, created: record.created, ...(secret && { secret }) };
    });
  }

  /** Lets a client in or keeps it out, on every machine within a second, with all that it was given. */
  setStatus(clientId: string, status: 'active' | 'inactive'): Promise<void> {
    return this.#changes.change(clientId, (record) =>
      this.#changes.records.write({ ...record, metadata: { ...record.metadata, status } }),
    );
  }

  /** Removes a client with its secrets and keys, and ends every token and code it was given. */
  remove(clientId: string): Promise<void> {
    return this.#changes.records.inTurn(clientId, async () => {
      const record = await this.#changes.record(clientId);
      await this.#changes.withdraw(clientId);
      await this.#parts.endTokens(clientId);
      await this.#changes.credentials(record).clear();
      for await (const { key } of this.#parts.store.scan(useKey(record.incarnation, ''))) {
        await this.#parts.store.delete(key);
      }
      await this.#changes.records.delete(clientId);
    });
  }

  /** What was given, with a secret of its own where the method needs one and there is none. */
  #checked(given: ClientMetadataInput, kept: readonly StoredSecret[]) {
    const { token_endpoint_auth_method: method = 'client_secret_basic' } = given;
    const live = kept.some((secret) => isLive(secret, this.#parts.now()));
    const secret = usesSecret(method) && !live && !hasSecret(given) ? this.secrets.generate() : undefined;
    const client_secrets = [
      ...(given.client_secrets ?? []),
      ...kept.map(({ id, hash, encrypted, expires_at }) => ({ id, hash, encrypted, expires_at })),
      ...(secret ? [secret] : []),
    ];
    const whole = client_secrets.length > 0 ? { ...given, client_secrets } : given;
    const parsed = parseOptions(clientMetadataSchema, whole);
    const mistakes = this.#parts.mistakes(parsed);
    if (mistakes.length > 0) throw new OptionsError(mistakes);
    // What only shows when a client is made ready, such as an app role that is not there.
    compileClient(whole, { ...this.#parts.dependencies, warn: () => undefined }, '');
    return { parsed, ...(secret && { secret }) };
  }

  async #status({ incarnation }: ClientRecord, secret: StoredSecret) {
    const used = await this.#parts.store.get(useKey(incarnation, secret.id));
    return secretStatus(secret, used === undefined ? undefined : Number(used));
  }

  #seconds(): number {
    return Math.floor(this.#parts.now() / 1000);
  }
}

/** Secrets and keys, those of before among them: each stays in the store, and is read with its client. */
const mostEver = 500;

/** A client that changes itself must not fill the store. */
function refuseEndlessChange({ origin }: ClientRecord, credentials: number): void {
  if (origin !== 'registered' || credentials <= mostEver) return;
  const message = 'and secrets have changed too often: register a new client, or use a jwks_uri';
  throw new OptionsError([{ path: 'jwks', message }]);
}

function exists(clientId: string): ClientDirectoryError {
  return new ClientDirectoryError('client_exists', `There is a client ${clientId} already.`);
}

function hasSecret(given: ClientMetadataInput): boolean {
  const { client_secret, client_secrets = [], client_secret_hash, client_secret_encrypted } = given;
  return [client_secret, client_secret_hash, client_secret_encrypted, ...client_secrets].some(Boolean);
}

function isNotIn(others: readonly Credential[]): (each: Credential) => boolean {
  return ({ kind, id }) => !others.some((other) => other.kind === kind && other.id === id);
}
