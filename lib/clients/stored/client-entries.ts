import { OptionsError } from '../../options.js';
import type { ClientMetadataInput, ParsedClientMetadata } from '../metadata.js';
import { isClientId } from '../registry.js';
import { fittingSecrets, metadataAlone, usesSecret } from './assemble.js';
import type { ClientChanges } from './changes.js';
import { type ClientEntry, clientEntry, entryDifferences, type MemberDifference } from './client-entry.js';
import { isLive, standingCredentials } from './credentials.js';
import type { ClientDirectory } from './directory.js';
import { ClientDirectoryError } from './directory-error.js';
import type { ClientRecord } from './records.js';
import type { IssuedSecret } from './secret-administration.js';

/** What is to happen to one client, or has happened. */
export interface ClientDifference {
  readonly client_id: string;
  readonly change: 'added' | 'changed' | 'removed';
  readonly members: readonly MemberDifference[];
}

/** A change that was made. */
export interface MadeDifference extends ClientDifference {
  /** The secret that was made. It is told here and never again. */
  readonly secret?: IssuedSecret;
}

interface Plan {
  readonly record: ClientRecord | undefined;
  /** Without the secrets that are there. */
  readonly metadata: Omit<ClientMetadataInput, 'client_id'>;
  readonly difference: ClientDifference | undefined;
}

/** Where somebody else may be quicker. */
const attempts = 5;

/**
 * The stored clients as entries of a file: written out, compared with it, and made the same. An entry is the whole
 * client: a member that it lacks goes, as does a key. Secrets are left alone: those that it lists by id and that are not
 * there come only with their hash, and none goes but by its own command.
 */
export class ClientEntries {
  readonly #directory: ClientDirectory;
  readonly #changes: ClientChanges;
  readonly #now: () => number;

  /** `now` answers milliseconds since 1970. */
  constructor(directory: ClientDirectory, changes: ClientChanges, now: () => number) {
    this.#directory = directory;
    this.#changes = changes;
    this.#now = now;
  }

  /** Every client that an operator added, by id; not those that registered themselves. */
  async all(options: { readonly hashes?: boolean } = {}): Promise<ClientEntry[]> {
    const records = (await this.#changes.records.all()).filter(({ origin }) => origin === 'operator');
    const entries: ClientEntry[] = [];
    // One after the other: however many there are, the store is not flooded.
    for (const record of records) {
      entries.push(clientEntry(record, await this.#changes.readCredentials(record), options));
    }
    return entries.sort((a, b) => (a.client_id < b.client_id ? -1 : 1));
  }

  /**
   * What `put` would change; undefined for nothing. Rejects with OptionsError naming every mistake, with
   * ClientDirectoryError `client_configured`.
   */
  async compare(entry: ClientEntry): Promise<ClientDifference | undefined> {
    return (await this.#plan(entry)).difference;
  }

  /** Makes a client what its entry says, by adding or changing it; undefined for nothing to do. Rejects as `compare`. */
  async put(entry: ClientEntry): Promise<MadeDifference | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const { record, metadata, difference } = await this.#plan(entry);
      if (!difference) return undefined;
      const { client_id } = difference;
      const add = () => this.#directory.add({ ...metadata, client_id });
      try {
        // In turn, so that whoever changes it next finds its secret there.
        const { secret } = record
          ? await this.#directory.replace(client_id, () => metadata)
          : await this.#changes.records.inTurn(client_id, add);
        return { ...difference, ...(secret && { secret }) };
      } catch (thrown) {
        // It came or went meanwhile.
        if (!(thrown instanceof ClientDirectoryError) || attempt === attempts) throw thrown;
        if (thrown.code !== 'client_exists' && thrown.code !== 'unknown_client') throw thrown;
      }
    }
  }

  async #plan(entry: ClientEntry): Promise<Plan> {
    const { client_id, client_secrets: listed = [], ...members } = withoutSecretValues(entry);
    const record = await this.#recordOf(client_id);
    const credentials = record ? await this.#changes.readCredentials(record) : [];
    const known = new Set(credentials.filter(({ kind }) => kind === 'secret').map(({ id }) => id));
    // One that was ended stays so, whatever an old file says.
    const fresh = listed.filter(({ id = '', hash, encrypted }) => !known.has(id) && (hash ?? encrypted) !== undefined);
    const method = members.token_endpoint_auth_method ?? 'client_secret_basic';
    const kept = usesSecret(method) ? fittingSecrets(method, standingCredentials(credentials)) : [];
    const secrets = [
      ...fresh,
      ...kept.map(({ id, hash, encrypted, expires_at }) => ({ id, hash, encrypted, expires_at })),
    ];
    const parsed = this.#directory.check({
      ...members,
      client_id,
      ...(secrets.length > 0 && { client_secrets: secrets }),
    });
    const before = record ? clientEntry(record, credentials) : {};
    const differences = entryDifferences(before, entryOf(parsed, secrets));
    const isMade = usesSecret(method) && fresh.length === 0 && !kept.some((secret) => isLive(secret, this.#now()));
    const made = { member: 'client_secrets', to: 'one is made' };
    const difference: ClientDifference = {
      client_id,
      change: record ? 'changed' : 'added',
      members: isMade ? [...differences, made] : differences,
    };
    return {
      record,
      metadata: { ...members, ...(fresh.length > 0 && { client_secrets: fresh }) },
      difference: record && differences.length === 0 ? undefined : difference,
    };
  }

  async #recordOf(clientId: string): Promise<ClientRecord | undefined> {
    try {
      return await this.#changes.record(clientId);
    } catch (thrown) {
      if (thrown instanceof ClientDirectoryError && thrown.code === 'unknown_client') return undefined;
      throw thrown;
    }
  }
}

/** What would be exported of valid metadata, once they are stored. */
function entryOf(
  parsed: ParsedClientMetadata,
  client_secrets: NonNullable<ClientEntry['client_secrets']>,
): ClientEntry {
  const { jwks, jwks_uri } = parsed;
  const entry = clientEntry({ client_id: parsed.client_id, metadata: metadataAlone(parsed) }, []);
  return { ...entry, ...(jwks && jwks_uri === undefined && { jwks }), client_secrets };
}

const secretMembers = [
  'client_secret',
  'client_secret_hash',
  'client_secret_encrypted',
  'registration_access_token',
] as const;

/** Throws OptionsError for an id that is none, and for secrets that stand in the entry itself or have no id. */
function withoutSecretValues(entry: ClientEntry): ClientEntry {
  const { client_id, client_secrets } = entry;
  if (!isClientId(client_id)) {
    throw new OptionsError([{ path: 'client_id', message: 'must be 1 to 255 printable ASCII characters' }]);
  }
  const mistakes = secretMembers
    .filter((member) => entry[member] !== undefined)
    .map((member) => ({ path: member as string, message: 'is never imported: rotate-secret --from takes a secret' }));
  if (client_secrets !== undefined && !Array.isArray(client_secrets)) {
    mistakes.push({ path: 'client_secrets', message: 'must be an array' });
  }
  const listed: readonly { readonly id?: unknown; readonly value?: unknown }[] = Array.isArray(client_secrets)
    ? client_secrets
    : [];
  for (const [index, each] of listed.entries()) {
    const path = `client_secrets[${index}]`;
    if (typeof each?.id !== 'string') mistakes.push({ path: `${path}.id`, message: 'is needed' });
    if (each?.value !== undefined) {
      mistakes.push({ path: `${path}.value`, message: 'is never imported: rotate-secret --from takes a secret' });
    }
  }
  if (mistakes.length > 0) throw new OptionsError(mistakes);
  return entry;
}
