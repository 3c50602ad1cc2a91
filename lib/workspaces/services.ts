import type { WarningName } from '../events.js';
import type { IdentityPool } from '../identity/pool.js';
import type { UserDirectory } from '../identity/users.js';
import type { SecretKeys } from '../secret-keys.js';
import type { Store } from '../stores/store.js';
import type { SigningKeys } from '../tokens/signing-keys.js';
import type { TokenIssuer } from '../tokens/token-issuer.js';
import type { WorkspacePolicy } from './policy.js';

/** What grants, codes and tokens may use of a workspace: everything but the way requests come in. */
export interface WorkspaceServices {
  readonly issuer: string;
  readonly tenant: string | undefined;
  readonly name: string | undefined;
  readonly policy: WorkspacePolicy;
  /** This workspace's part of the store: keys need no further prefix. */
  readonly store: Store;
  readonly secretKeys: SecretKeys;
  readonly signingKeys: SigningKeys;
  readonly tokens: TokenIssuer;
  /** Where its people come from. */
  readonly pool: IdentityPool | undefined;
  /** The pool's. */
  readonly users: UserDirectory | undefined;
  /** Whether a concrete scope value is one of this workspace's, or falls under one of its patterns. */
  knowsScope(scope: string): boolean;
  /** Milliseconds since 1970. */
  now(): number;
  warn(name: WarningName, detail: Readonly<Record<string, unknown>>): void;
}
