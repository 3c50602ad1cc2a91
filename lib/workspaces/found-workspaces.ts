import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { OAuthError } from '../errors.js';
import { issuerPath } from '../issuer.js';
import { OptionsError, parseOptions } from '../options.js';
import { makeWorkspace, type WorkspaceParts } from './make-workspace.js';
import { type WorkspaceOptions, workspaceOptionsSchema } from './options.js';
import { withProfileDefaults } from './profiles.js';
import type { Workspace } from './workspace.js';

/**
 * A host's own database of workspaces. `find` is given the path of an issuer's URL, such as `/acme/demo` or the empty
 * text, and the host the request was sent to, as its Host header says. It answers the workspace as `grantRouter` takes
 * it, or nothing. Answers count for a second.
 */
export interface WorkspaceSource {
  find(
    issuerPath: string,
    host: string | undefined,
  ): Promise<WorkspaceOptions | null | undefined> | WorkspaceOptions | null | undefined;
}

interface Made {
  readonly record: WorkspaceOptions;
  readonly digest: string;
  readonly workspace: Workspace;
}

interface Resolved {
  readonly workspace: Workspace | undefined;
  /** Milliseconds since 1970. */
  readonly asked: number;
}

/** Milliseconds that an answer of the host counts. */
const memory = 1000;
const mostAnswers = 5000;
const mostWorkspaces = 500;
/** Characters of an issuer's path that is worth asking for. */
const longestPath = 512;
/** What is compared by identity: functions, and objects that find. */
const hooks = ['clients', 'users', 'authenticateUser', 'askConsent'] as const;

/**
 * The workspaces of a host's database, made ready when first asked for and again when their record has changed. The one
 * that was used longest ago goes first.
 */
export class FoundWorkspaces {
  readonly #source: WorkspaceSource;
  readonly #parts: WorkspaceParts;
  readonly #resolved = new LRUCache<string, Resolved>({ max: mostAnswers });
  readonly #pending = new Map<string, Promise<Workspace | undefined>>();
  readonly #made = new LRUCache<string, Made>({
    max: mostWorkspaces,
    dispose: ({ workspace }) => void workspace.signingKeys.close(),
  });

  constructor(source: WorkspaceSource, parts: WorkspaceParts) {
    this.#source = source;
    this.#parts = parts;
  }

  /** Those that are ready now. */
  get ready(): readonly Workspace[] {
    return [...this.#made.values()].map(({ workspace }) => workspace);
  }

  /** Rejects with OAuthError `workspace_source_failed`, or `workspace_record_wrong`. */
  at(path: string, host: string | undefined): Workspace | undefined | Promise<Workspace | undefined> {
    if (path.length > longestPath) return undefined;
    const key = `${host ?? ''} ${path}`;
    const resolved = this.#resolved.get(key);
    // A clock that was set back makes no answer live longer.
    if (resolved && Math.abs(this.#parts.resources.now() - resolved.asked) < memory) return resolved.workspace;
    const pending = this.#pending.get(key);
    if (pending) return pending;
    const asking = this.#ask(path, host, key).finally(() => this.#pending.delete(key));
    this.#pending.set(key, asking);
    return asking;
  }

  async close(): Promise<void> {
    const { ready } = this;
    this.#made.clear();
    await Promise.all(ready.map(({ signingKeys }) => signingKeys.close()));
  }

  async #ask(path: string, host: string | undefined, key: string): Promise<Workspace | undefined> {
    const asked = this.#parts.resources.now();
    const record = await this.#find(path, host);
    const workspace = record && this.#workspaceOf(record, path);
    this.#resolved.set(key, { workspace, asked });
    return workspace;
  }

  async #find(path: string, host: string | undefined): Promise<WorkspaceOptions | undefined> {
    try {
      return (await this.#source.find(path, host)) ?? undefined;
    } catch (cause) {
      throw new OAuthError('workspace_source_failed', { cause, detail: { path } });
    }
  }

  #workspaceOf(record: WorkspaceOptions, path: string): Workspace {
    try {
      const digest = digestOf(record);
      const made = this.#made.get(record.issuer);
      if (made && made.digest === digest && hooks.every((hook) => sameHook(made.record[hook], record[hook]))) {
        return made.workspace;
      }
      const workspace = this.#make(record, path);
      // A copy: the host may change its own object and answer it again.
      this.#made.set(workspace.issuer, { record: { ...record }, digest, workspace });
      return workspace;
    } catch (cause) {
      throw new OAuthError('workspace_record_wrong', { cause, detail: { path } });
    }
  }

  #make(record: WorkspaceOptions, path: string): Workspace {
    const present = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null));
    const options = parseOptions(workspaceOptionsSchema, withProfileDefaults(present));
    if (issuerPath(options.issuer) !== path) {
      throw new OptionsError([{ path: 'issuer', message: `has another path than ${JSON.stringify(path)}` }]);
    }
    const workspace = makeWorkspace(options, { ...this.#parts, pools: this.#parts.pools.apart() });
    const twin = this.ready.find((other) => {
      return other.storePrefix === workspace.storePrefix && other.issuer !== workspace.issuer;
    });
    if (!twin) return workspace;
    throw new OptionsError([{ path: 'workspace', message: `has the same tenant and workspace as ${twin.issuer}` }]);
  }
}

/** Of all that is data. A digest, because there may be secrets in it. */
function digestOf(record: WorkspaceOptions): string {
  return createHash('sha256').update(JSON.stringify(record)).digest('base64');
}

/** Lists are data, and compared as such. */
function sameHook(one: unknown, other: unknown): boolean {
  return one === other || (Array.isArray(one) && Array.isArray(other));
}
