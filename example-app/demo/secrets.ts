import { randomBytes } from 'node:crypto';
import type { DataDirectory } from '../data-directory.js';

/** Names of the demo clients that have a secret. */
export const secretClients = [
  'demo-basic',
  'demo-post',
  'demo-secret-jwt',
  'signin',
  'demo-passwordless',
  'demo-sign-in',
  'demo-opaque',
] as const;

/** Files are made once: a client that a later version brought has one of its own, so that older directories still do. */
const files = [
  { file: 'clients/secrets.json', names: ['demo-basic', 'demo-post', 'demo-secret-jwt', 'signin'] },
  { file: 'clients/passwordless-secrets.json', names: ['demo-passwordless', 'demo-sign-in'] },
  { file: 'clients/opaque-secrets.json', names: ['demo-opaque'] },
] as const;

/** The secret of each: 43 characters of base64url, enough for HS256 (RFC 7518 3.2) and safe in a shell. */
export type DemoSecrets = Readonly<Record<(typeof secretClients)[number], string>>;

/** Absolute path of the file with most of the demo clients' secrets. */
export function secretsPath(directory: DataDirectory): string {
  return directory.file(files[0].file);
}

/** The demo clients' secrets, made on first start. Rejects with StartUpError. */
export async function keepDemoSecrets(directory: DataDirectory): Promise<DemoSecrets> {
  const kept = await Promise.all(
    files.map(async ({ file, names }) => {
      const make = () => {
        const made = Object.fromEntries(names.map((name) => [name, randomBytes(32).toString('base64url')]));
        return `${JSON.stringify(made, undefined, 2)}\n`;
      };
      return JSON.parse(await directory.keep(file, make, (text) => checkSecrets(text, names)));
    }),
  );
  return Object.assign({}, ...kept);
}

function checkSecrets(text: string, names: readonly string[]): void {
  let secrets: unknown;
  try {
    secrets = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  const members = new Map<string, unknown>(Object.entries(typeof secrets === 'object' ? (secrets ?? {}) : {}));
  for (const name of names) {
    const secret = members.get(name);
    if (typeof secret !== 'string' || !/^[\w-]{43,}$/.test(secret)) throw new Error(`it has no secret for ${name}`);
  }
}
