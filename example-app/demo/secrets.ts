import { randomBytes } from 'node:crypto';
import type { DataDirectory } from '../data-directory.js';

/** Names of the demo clients that have a secret. */
export const secretClients = ['demo-basic', 'demo-post', 'demo-secret-jwt', 'signin'] as const;

/** The secret of each: 43 characters of base64url, enough for HS256 (RFC 7518 3.2) and safe in a shell. */
export type DemoSecrets = Readonly<Record<(typeof secretClients)[number], string>>;

/** Absolute path of the file with the demo clients' secrets. */
export function secretsPath(directory: DataDirectory): string {
  return directory.file('clients/secrets.json');
}

/** The demo clients' secrets, made on first start. Rejects with StartUpError. */
export async function keepDemoSecrets(directory: DataDirectory): Promise<DemoSecrets> {
  const make = () => {
    const made = Object.fromEntries(secretClients.map((name) => [name, randomBytes(32).toString('base64url')]));
    return `${JSON.stringify(made, undefined, 2)}\n`;
  };
  return JSON.parse(await directory.keep('clients/secrets.json', make, checkSecrets));
}

function checkSecrets(text: string): void {
  let secrets: unknown;
  try {
    secrets = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  const members = new Map<string, unknown>(Object.entries(typeof secrets === 'object' ? (secrets ?? {}) : {}));
  for (const name of secretClients) {
    const secret = members.get(name);
    if (typeof secret !== 'string' || !/^[\w-]{43,}$/.test(secret)) throw new Error(`it has no secret for ${name}`);
  }
}
