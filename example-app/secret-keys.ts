import { randomBytes } from 'node:crypto';
import type { DataDirectory } from './data-directory.js';

const file = 'secret_keys.json';

/** The server's own secrets, base64 of 32 bytes each, made on first start. Rejects with StartUpError. */
export async function keepSecretKeys(directory: DataDirectory): Promise<string[]> {
  const make = () => `${JSON.stringify([randomBytes(32).toString('base64')])}\n`;
  return JSON.parse(await directory.keep(file, make, checkSecretKeys));
}

function checkSecretKeys(text: string): void {
  let keys: unknown;
  try {
    keys = JSON.parse(text);
  } catch {
    throw new Error('it is not JSON');
  }
  const sound = Array.isArray(keys) && keys.length > 0 && keys.every(isSecretKey);
  if (!sound) throw new Error('it must be an array of base64 texts of 32 bytes each');
}

/** Whether `value` is base64 of exactly 32 bytes. */
export function isSecretKey(value: unknown): boolean {
  return typeof value === 'string' && Buffer.from(value, 'base64').toString('base64') === value && value.length === 44;
}
