import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { OptionsError, parseOptions } from '../../index.js';
import { reasonOf, StartUpError } from '../start-up-error.js';
import { checkConfiguration } from './checks.js';
import { inlineFiles } from './files.js';
import { legible } from './legible.js';
import { type Mistake, mistakesError } from './mistakes.js';
import { type ConfigurationInput, configurationSchema, type ParsedConfiguration } from './schema.js';
import { storeFrom } from './values.js';

type WorkspaceInput = ConfigurationInput['tenants'][string]['workspaces'][string];

/** A person of a pool. */
export type PoolUser = NonNullable<ParsedConfiguration['tenants'][string]['pools'][string]['users']>[number];

/** Where a workspace's people come from. */
export interface Pool {
  readonly tenant: string;
  readonly name: string;
  readonly users: ReadonlyMap<string, PoolUser>;
  readonly otpSettings: ParsedConfiguration['tenants'][string]['pools'][string]['otp_settings'];
}

/** One workspace as the file has it. */
export interface WorkspaceDefinition {
  readonly tenant: string;
  readonly workspace: string;
  readonly pool: Pool | undefined;
  readonly clients: NonNullable<WorkspaceInput['clients']>;
  readonly policy: Omit<WorkspaceInput, 'pool' | 'clients'>;
}

/** A configuration that has been checked as far as it can be without the library: files read, paths absolute. */
export interface Configuration {
  /** Where it was read from, for messages. */
  readonly file: string | undefined;
  readonly publicUrl: string | undefined;
  readonly host: string;
  readonly port: number;
  /** Whether the first name asks for client certificates. */
  readonly clientCertificates: boolean;
  /** The second name, which always does. */
  readonly mtls: ParsedConfiguration['mtls'];
  /** PEM texts; `undefined`: to be made; `false`: plain HTTP. */
  readonly tls: { readonly cert: string; readonly key: string } | false | undefined;
  readonly trustedProxies: ParsedConfiguration['trusted_proxies'];
  readonly store: string | undefined;
  /** `outbox:` or an `smtp:` URL; undefined: no mail. */
  readonly mail: string | undefined;
  /** `ca` is a PEM text. */
  readonly outbound: ParsedConfiguration['outbound'];
  readonly secretKeys: readonly string[] | undefined;
  readonly rateLimits: ParsedConfiguration['rate_limits'];
  /** Whether JSON replies say why a request failed. */
  readonly explainInReply: boolean;
  /** Bearer tokens of operators. */
  readonly adminTokens: readonly string[];
  readonly pools: readonly Pool[];
  readonly workspaces: readonly WorkspaceDefinition[];
}

/** Reads and checks a configuration file. Throws StartUpError naming the file and each wrong member. */
export function readConfiguration(file: string): Configuration {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartUpError(`--config: cannot read ${file}: ${reasonOf(cause)}`, { cause });
  }
  return makeConfiguration(parseJson(text, file), dirname(file), file);
}

/** Checks a configuration that is no file yet. Relative paths begin at `directory`. Throws StartUpError. */
export function makeConfiguration(written: unknown, directory: string, file?: string): Configuration {
  const unreadable: Mistake[] = [];
  const input = inlineFiles(written, directory, unreadable);
  const parsed = parse(input);
  // Checks read even what the schema refuses, so that all mistakes are told in one round.
  const wrong = checkConfiguration(parsed instanceof OptionsError ? legible(input) : parsed);
  const mistakes = onePerPath([...unreadable, ...(parsed instanceof OptionsError ? parsed.mistakes : []), ...wrong]);
  if (parsed instanceof OptionsError || mistakes.length > 0) throw mistakesError(mistakes, file);
  const pools = definePools(parsed);
  return {
    file,
    publicUrl: parsed.public_url,
    host: parsed.listen.host,
    port: parsed.listen.port,
    clientCertificates: parsed.listen.client_certificates,
    mtls: parsed.mtls,
    tls: parsed.tls,
    trustedProxies: parsed.trusted_proxies,
    store: parsed.store === undefined ? undefined : storeFrom(directory, parsed.store),
    mail: parsed.mail,
    outbound: parsed.outbound,
    secretKeys: parsed.secret_keys,
    rateLimits: parsed.rate_limits,
    explainInReply: parsed.explain_in_reply,
    adminTokens: parsed.admin_tokens,
    // The library fills in its own defaults, so it gets what was written.
    pools,
    workspaces: defineWorkspaces(input as ConfigurationInput, parsed, pools),
  };
}

function parse(input: unknown): ParsedConfiguration | OptionsError {
  try {
    return parseOptions(configurationSchema, input);
  } catch (thrown) {
    if (thrown instanceof OptionsError) return thrown;
    throw thrown;
  }
}

/** The first mistake of each member: what is no PEM text because its file cannot be read is one mistake, not two. */
function onePerPath(mistakes: readonly Mistake[]): Mistake[] {
  const paths = mistakes.map(({ path }) => path);
  return mistakes.filter(({ path }, index) => paths.indexOf(path) === index);
}

function definePools({ tenants }: ParsedConfiguration): Pool[] {
  return Object.entries(tenants).flatMap(([tenant, { pools }]) =>
    Object.entries(pools).map(([name, { users, otp_settings: otpSettings }]) => ({
      tenant,
      name,
      users: new Map(users.map((user) => [user.id, user])),
      otpSettings,
    })),
  );
}

function defineWorkspaces(
  input: ConfigurationInput,
  parsed: ParsedConfiguration,
  pools: readonly Pool[],
): WorkspaceDefinition[] {
  const tolerance = parsed.clock_tolerance === undefined ? {} : { clock_tolerance: parsed.clock_tolerance };
  return Object.entries(input.tenants).flatMap(([tenant, { workspaces }]) =>
    Object.entries(workspaces).map(([workspace, { pool: poolName, clients = [], ...policy }]) => ({
      tenant,
      workspace,
      pool: pools.find((pool) => pool.tenant === tenant && pool.name === poolName),
      clients,
      policy: { ...tolerance, ...policy },
    })),
  );
}

/** JSON.parse whose message never repeats the text: it may hold secrets. */
function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const position = /at position (\d+)/.exec(reasonOf(cause))?.[1];
    const line = position === undefined ? '' : ` near line ${text.slice(0, Number(position)).split('\n').length}`;
    throw new StartUpError(`--config: ${file} is not JSON${line}. Comments and trailing commas are not JSON.`);
  }
}
