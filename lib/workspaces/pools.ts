import { z } from 'zod';
import { otpSettingsSchema } from '../codes/otp-settings.js';
import { type IdentityPool, identityPool } from '../identity/pool.js';
import { userList } from '../identity/user-list.js';
import type { User, UserDirectory } from '../identity/users.js';
import { joinPath, OptionsError } from '../options.js';
import type { ServerResources } from '../server-resources.js';

/** People as a host gives them: a list, or an object that finds them. A list is checked in depth by `userList`. */
export const usersSchema = z.custom<readonly User[] | UserDirectory>(
  (value) => Array.isArray(value) || typeof (value as Partial<UserDirectory> | undefined)?.find === 'function',
  'must be an array of users, or an object with find(key)',
);

/** A pool that several workspaces of one tenant may share. */
export const poolSchema = z.strictObject({
  tenant: z.string().min(1).describe('The tenant whose workspaces may name it.'),
  pool: z.string().min(1).describe('What workspaces and the identity API call it.'),
  users: usersSchema.describe('A list, or `{ find(key) }` with `{ id }`, `{ username }` or `{ email }` as key.'),
  otp_settings: otpSettingsSchema
    .default({})
    .describe('How one-time codes are made, by type. See docs/passwordless.md.'),
});

/** The pools of a router. */
export class Pools {
  readonly #byTenant = new Map<string, Map<string, IdentityPool>>();
  readonly #resources: ServerResources;

  /** Throws OptionsError. */
  constructor(definitions: readonly z.output<typeof poolSchema>[], resources: ServerResources) {
    this.#resources = resources;
    definitions.forEach((definition, index) => {
      const at = joinPath('', ['pools', index]);
      const { tenant, pool: name, users, otp_settings } = definition;
      this.#add(this.#make({ name, tenant, space: tenant, users, otp_settings }, at), tenant, `${at}.pool`);
    });
  }

  /** The same, to which one workspace may add its own people without the others knowing. */
  apart(): Pools {
    const copy = new Pools([], this.#resources);
    for (const [tenant, pools] of this.#byTenant) copy.#byTenant.set(tenant, new Map(pools));
    return copy;
  }

  /** Those of a tenant, by name. */
  of(tenant: string | undefined): ReadonlyMap<string, IdentityPool> {
    return (tenant === undefined ? undefined : this.#byTenant.get(tenant)) ?? new Map();
  }

  /** The pool a workspace names, or one made of the people it brings along. Throws OptionsError. */
  forWorkspace(options: WorkspacePeople, at: string): IdentityPool | undefined {
    const { pool: name, users, otp_settings, tenant } = options;
    if (name !== undefined && users !== undefined) throw mistake(at, 'pool', 'must not stand beside users');
    if (otp_settings !== undefined && users === undefined) {
      throw mistake(at, 'otp_settings', 'needs users; those of a pool stand with the pool');
    }
    if (name !== undefined) {
      const pool = this.of(tenant).get(name);
      if (!pool) throw mistake(at, 'pool', `there is no pool ${JSON.stringify(name)} in this tenant`);
      return pool;
    }
    if (users === undefined) return undefined;
    const { host, pathname } = new URL(options.issuer);
    const names = { name: options.workspace ?? pathname, tenant, space: tenant ?? host };
    const pool = this.#make({ ...names, users, otp_settings: otp_settings ?? {} }, at);
    this.#add(pool, names.space, joinPath(at, ['users']));
    return pool;
  }

  #make(definition: PoolDefinition, at: string): IdentityPool {
    const { users, otp_settings: otpSettings, ...names } = definition;
    const directory = 'find' in users && !Array.isArray(users) ? (users as UserDirectory) : undefined;
    const { store, secretKeys, now } = this.#resources;
    return identityPool({
      ...names,
      users: directory ?? userList(users as readonly User[], joinPath(at, ['users'])),
      otpSettings,
      store,
      secretKeys,
      now,
    });
  }

  // Two of one name would share their codes.
  #add(pool: IdentityPool, space: string, path: string): void {
    const pools = this.#byTenant.get(space) ?? new Map<string, IdentityPool>();
    if (pools.has(pool.name)) throw new OptionsError([{ path, message: `the pool ${pool.name} is there already` }]);
    this.#byTenant.set(space, pools.set(pool.name, pool));
  }
}

interface PoolDefinition extends Pick<z.output<typeof poolSchema>, 'users' | 'otp_settings'> {
  readonly name: string;
  readonly tenant: string | undefined;
  readonly space: string;
}

interface WorkspacePeople extends Partial<Pick<z.output<typeof poolSchema>, 'users' | 'otp_settings'>> {
  readonly issuer: string;
  readonly tenant?: string | undefined;
  readonly workspace?: string | undefined;
  readonly pool?: string | undefined;
}

function mistake(at: string, member: string, message: string): OptionsError {
  return new OptionsError([{ path: joinPath(at, [member]), message }]);
}
