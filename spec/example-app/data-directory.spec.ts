import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DataDirectory } from '../../example-app/data-directory.js';
import { keepDemoSecrets } from '../../example-app/demo/secrets.js';
import { isSecretKey, keepSecretKeys } from '../../example-app/secret-keys.js';
import { StartUpError } from '../../example-app/start-up-error.js';
import { Scratch } from './run-app.js';

const scratch = new Scratch();
afterEach(() => scratch.remove());

const mode = (path: string) => statSync(path).mode & 0o777;

describe('data directory', () => {
  it('is for its owner alone, and so are its files', async () => {
    const directory = await DataDirectory.open(join(scratch.directory(), 'a/b'));
    await keepSecretKeys(directory);
    expect([mode(directory.path), mode(directory.file('secret_keys.json'))]).toEqual([0o700, 0o600]);
  });

  it('keeps what it made', async () => {
    const path = scratch.directory();
    const keys = await keepSecretKeys(await DataDirectory.open(path));
    expect(keys.every(isSecretKey)).toBe(true);
    expect(await keepSecretKeys(await DataDirectory.open(path))).toEqual(keys);
    expect(readdirSync(path)).toEqual(['secret_keys.json']);
  });

  it('gives two that start at once the same secrets', async () => {
    const path = scratch.directory();
    const directories = await Promise.all(Array.from({ length: 8 }, () => DataDirectory.open(path)));
    const keys = await Promise.all(directories.map(keepSecretKeys));
    expect(new Set(keys.map(String)).size).toBe(1);
  });

  it.each(['', '{', '[]', '["c2hvcnQ="]', '{"0":"x"}'])('leaves damaged secret_keys alone: %j', async (text) => {
    const directory = await DataDirectory.open(scratch.directory());
    writeFileSync(directory.file('secret_keys.json'), text);
    const kept = keepSecretKeys(directory);
    await expect(kept).rejects.toThrow(StartUpError);
    await expect(kept).rejects.toThrow(directory.file('secret_keys.json'));
    expect(readFileSync(directory.file('secret_keys.json'), 'utf8')).toBe(text);
  });

  it.each(['null', '{}', '{"demo-basic":"short"}'])("leaves damaged clients' secrets alone: %s", async (text) => {
    const directory = await DataDirectory.open(scratch.directory());
    await directory.replace('clients/secrets.json', text);
    await expect(keepDemoSecrets(directory)).rejects.toThrow('it has no secret for demo-basic');
    expect(await directory.read('clients/secrets.json')).toBe(text);
  });

  it('refuses a file in its place, and a directory that is read-only', async () => {
    const path = scratch.directory();
    writeFileSync(join(path, 'file'), 'x');
    await expect(DataDirectory.open(join(path, 'file'))).rejects.toThrow(StartUpError);
    chmodSync(path, 0o500);
    await expect(DataDirectory.open(path)).rejects.toThrow(path);
    chmodSync(path, 0o700);
    expect(await DataDirectory.open(path)).toMatchObject({ path });
  });
});
