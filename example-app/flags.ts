import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { mailSchema, publicUrlSchema, storeFrom, storeSchema } from './configuration/values.js';
import { reasonOf, StartUpError } from './start-up-error.js';

const wholeNumber = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a whole number')
  .transform(Number);

/** What each setting may be. Paths given here are relative to the working directory. */
const settings = {
  config: z.string(),
  port: wholeNumber.pipe(z.int().max(65_535)),
  host: z.string(),
  store: storeSchema,
  mail: mailSchema,
  'public-url': publicUrlSchema,
  'data-dir': z.string(),
  workers: wholeNumber.refine((count) => count >= 1 && count <= 128, 'must be 1 to 128'),
};

type SettingName = keyof typeof settings;

/** Without their dashes. */
export const flagNames: readonly string[] = Object.keys(settings);

const environmentNames: Readonly<Partial<Record<SettingName, string>>> = {
  config: 'CONFIG',
  port: 'PORT',
  host: 'HOST',
  store: 'STORE_URL',
  mail: 'MAIL',
  'public-url': 'PUBLIC_URL',
  'data-dir': 'DATA_DIR',
};

/** What the command line and the environment say. Absent members are for the configuration file to say. */
export interface Settings {
  /** Absolute path of the configuration file. */
  readonly config?: string;
  /** 0: the system chooses. */
  readonly port?: number;
  readonly host?: string;
  /** A store URL; the directory of `lmdb:` is absolute. */
  readonly store?: string;
  readonly mail?: string;
  readonly publicUrl?: string;
  /** How many processes serve. */
  readonly workers?: number;
  /** Absolute path; `.data` in the working directory when nobody says otherwise. */
  readonly dataDirectory: string;
}

/**
 * Reads flags, and the environment for what no flag says. An empty environment variable counts as absent.
 * Throws StartUpError naming the flag or the variable.
 */
export function readSettings(args: readonly string[], environment: NodeJS.ProcessEnv): Settings {
  const flags = parseFlags(args);
  const read = <N extends SettingName>(name: N): z.output<(typeof settings)[N]> | undefined => {
    const flag = flags[name];
    if (flag !== undefined) return check(name, flag, `--${name}`);
    const variable = environmentNames[name];
    const value = variable === undefined ? undefined : environment[variable];
    return value === undefined || value === '' ? undefined : check(name, value, variable ?? name);
  };
  const config = read('config');
  const store = read('store');
  const written = {
    config: config === undefined ? undefined : resolve(config),
    port: read('port'),
    host: read('host'),
    store: store === undefined ? undefined : storeFrom(process.cwd(), store),
    mail: read('mail'),
    publicUrl: read('public-url'),
    workers: read('workers'),
  };
  const present = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== undefined));
  return { ...present, dataDirectory: resolve(read('data-dir') ?? '.data') };
}

/** Whether anybody asks what the flags are; then nothing is started, whatever else is said. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h');
}

function parseFlags(args: readonly string[]): Readonly<Record<string, string | undefined>> {
  const options = Object.fromEntries(Object.keys(settings).map((name) => [name, { type: 'string' as const }]));
  try {
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    // Node's words go on about positional arguments, which there are none of.
    const [what] = reasonOf(cause).split('. ');
    throw new StartUpError(`${what}. All flags: --help`, { cause });
  }
}

function check<N extends SettingName>(name: N, value: string, saidBy: string): z.output<(typeof settings)[N]> {
  const result = value === '' ? undefined : settings[name].safeParse(value);
  if (!result) throw new StartUpError(`${saidBy}: must not be empty`);
  if (!result.success)
    throw new StartUpError(`${saidBy}: ${result.error.issues.map((issue) => issue.message).join(', ')}`);
  return result.data as z.output<(typeof settings)[N]>;
}
