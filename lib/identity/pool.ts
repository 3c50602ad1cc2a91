import { LoginLinks } from '../codes/login-links.js';
import { OneTimeCodes } from '../codes/one-time-codes.js';
import type { OtpSettings } from '../codes/otp-settings.js';
import type { SecretKeys } from '../secret-keys.js';
import { namespaced } from '../stores/namespace.js';
import type { Store } from '../stores/store.js';
import { MailLimit } from './mail-limit.js';
import type { UserDirectory } from './users.js';

/** People, and what they sign in with. Workspaces of one tenant may share it. */
export interface IdentityPool {
  readonly name: string;
  readonly tenant: string | undefined;
  readonly users: UserDirectory;
  readonly otpSettings: OtpSettings;
  readonly codes: OneTimeCodes;
  /** Of the mails of our own login. */
  readonly loginLinks: LoginLinks;
  readonly mailLimit: MailLimit;
}

/** What a pool is made of. `space` begins its keys in the store of the whole server: the tenant, or the issuer's host. */
export interface PoolParts {
  readonly name: string;
  readonly tenant: string | undefined;
  readonly space: string;
  readonly users: UserDirectory;
  readonly otpSettings: OtpSettings;
  readonly store: Store;
  readonly secretKeys: SecretKeys;
  now(): number;
}

/** A pool, ready for use. */
export function identityPool({ space, store: whole, secretKeys, now, ...facts }: PoolParts): IdentityPool {
  const { name, users, otpSettings } = facts;
  // Codes belong to the pool and not to a workspace: the tenant's `system` workspace makes them for all the others.
  const store = namespaced(whole, `${encodeURIComponent(space)}/system/pool/${encodeURIComponent(name)}/`);
  return {
    ...facts,
    codes: new OneTimeCodes({ users, settings: otpSettings, store, secretKeys, now }),
    loginLinks: new LoginLinks({ users, store, secretKeys, now }),
    mailLimit: new MailLimit(store, secretKeys),
  };
}
