import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { clientSecrets, decoySecrets } from '../../lib/clients/secrets.js';
import { generateClientSecret, hashSecret, openSecret, sealSecret } from '../../lib/clients/stored-secrets.js';
import { SecretKeys } from '../../lib/secret-keys.js';

const newer = randomBytes(32).toString('base64');
const older = randomBytes(32).toString('base64');
const keys = new SecretKeys([newer, older]);
const oldKeys = new SecretKeys([older]);
const never = Number.POSITIVE_INFINITY;
const plain = (value: string, expiresAt = never) => ({ form: 'plain', value, expiresAt }) as const;
const hashed = (value: string, expiresAt = never) => ({ form: 'hash', value, expiresAt }) as const;

describe('client secrets', () => {
  it('GEN-18 tell match, mismatch and none', () => {
    const secrets = clientSecrets(keys, 'a', [plain('correct horse')], false);
    expect(secrets.check('correct horse', 0)).toBe('match');
    expect(secrets.check('correct horsf', 0)).toBe('mismatch');
    expect(secrets.check('', 0)).toBe('mismatch');
    expect(clientSecrets(keys, 'a', [], false).check('', 0)).toBe('none');
    expect(decoySecrets().check('correct horse', 0)).toBe('none');
  });

  it('every live secret matches, and an expired one no longer does', () => {
    const secrets = clientSecrets(keys, 'a', [plain('old', 1000), plain('new'), plain('next', 5000)], false);
    expect(secrets.check('old', 999)).toBe('match');
    expect(secrets.check('old', 1000)).toBe('expired');
    expect(secrets.check('new', 1000)).toBe('match');
    expect(secrets.check('next', 4999)).toBe('match');
    expect(secrets.check('next', 5000)).toBe('expired');
    expect(secrets.check('other', 9000)).toBe('mismatch');
  });

  it('a secret that stands twice matches as long as one of the two lives', () => {
    const secrets = clientSecrets(keys, 'a', [plain('same', 1000), plain('same')], false);
    expect(secrets.check('same', 2000)).toBe('match');
  });

  it('GEN-18 hashes of other systems match, in hex and in base64url', () => {
    const digest = createHash('sha256').update('sécret').digest();
    for (const encoding of ['hex', 'base64url'] as const) {
      const secrets = clientSecrets(keys, 'a', [hashed(`sha256:${digest.toString(encoding)}`)], false);
      expect(secrets.check('sécret', 0)).toBe('match');
      expect(secrets.check('secret', 0)).toBe('mismatch');
      expect(secrets.check(`sha256:${digest.toString(encoding)}`, 0)).toBe('mismatch');
    }
  });

  it('GEN-18 the stored form is an HMAC that names its key, and an older key still works', () => {
    const stored = hashSecret(oldKeys, 'secret');
    expect(stored).toMatch(new RegExp(`^hmac-sha256:${oldKeys.currentId}:[A-Za-z0-9_-]{43}$`));
    const secrets = clientSecrets(keys, 'a', [hashed(stored), plain('other')], false);
    expect(secrets.check('secret', 0)).toBe('match');
    expect(secrets.check('other', 0)).toBe('match');
    expect(secrets.check('Secret', 0)).toBe('mismatch');
    expect(hashSecret(keys, 'secret')).not.toBe(stored);
    expect(() => clientSecrets(SecretKeys.ephemeral(), 'a', [hashed(stored)], false)).toThrow(
      'was made with a key that is not among the secret_keys',
    );
  });

  it('GEN-18 a secret for MACs is encrypted for its client alone', () => {
    const sealed = sealSecret(keys, 'a', 'secret');
    expect(sealed).toMatch(/^aes-256-gcm:/);
    expect(sealed).not.toContain(Buffer.from('secret').toString('base64url'));
    expect(openSecret(keys, 'a', sealed)).toBe('secret');
    expect(openSecret(keys, 'b', sealed)).toBeUndefined();
    expect(openSecret(SecretKeys.ephemeral(), 'a', sealed)).toBeUndefined();
    const record = { form: 'encrypted', value: sealed, expiresAt: never } as const;
    expect(clientSecrets(keys, 'a', [record], true).check('secret', 0)).toBe('match');
    expect(() => clientSecrets(keys, 'b', [record], true)).toThrow('cannot be opened with these secret_keys');
  });

  it('CSJ-02 the MAC key is the UTF-8 octets of the secret, not what base64 would make of it', () => {
    const secrets = clientSecrets(keys, 'a', [plain('c2VjcmV0w6k='), plain('é')], true);
    expect(secrets.macKeys(0).map((key) => key.export().toString('utf8'))).toEqual(['c2VjcmV0w6k=', 'é']);
    expect(secrets.macKeys(0)[1]?.symmetricKeySize).toBe(2);
  });

  it('MAC keys expire with their secrets, and are kept for client_secret_jwt alone', () => {
    const records = [plain('old', 1000), plain('new')];
    const secrets = clientSecrets(keys, 'a', records, true);
    expect(secrets.macKeys(999)).toHaveLength(2);
    expect(secrets.macKeys(1000).map((key) => key.export().toString())).toEqual(['new']);
    expect(secrets.macKeys(0)).toBe(secrets.macKeys(1));
    expect(clientSecrets(keys, 'a', records, false).macKeys(0)).toEqual([]);
  });

  it('GEN-16 generated secrets have 256 bits at least, and enough octets for HS512 when asked', () => {
    expect(generateClientSecret()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(generateClientSecret(1)).toHaveLength(43);
    expect(generateClientSecret(64)).toHaveLength(86);
    expect(generateClientSecret()).not.toBe(generateClientSecret());
  });

  it('GEN-18 right, wrong, expired and unknown cost the same', () => {
    const secrets = clientSecrets(keys, 'a', [plain('right-secret-right-secret-right-se')], false);
    const decoy = decoySecrets(keys);
    const runs = {
      right: () => secrets.check('right-secret-right-secret-right-se', 0),
      wrong: () => secrets.check('wrong-secret-wrong-secret-wrong-se', 0),
      unknown: () => decoy.check('right-secret-right-secret-right-se', 0),
    };
    const median = (values: bigint[]) => Number(values.sort((a, b) => Number(a - b))[values.length >> 1]);
    const samples = { right: [] as bigint[], wrong: [] as bigint[], unknown: [] as bigint[] };
    for (let round = 0; round < 3000; round++) {
      for (const name of ['right', 'wrong', 'unknown'] as const) {
        const started = process.hrtime.bigint();
        runs[name]();
        samples[name].push(process.hrtime.bigint() - started);
      }
    }
    const [right, wrong, unknown] = [median(samples.right), median(samples.wrong), median(samples.unknown)];
    // No hashing meant for passwords, and nothing that only some answers pay for.
    expect(right).toBeLessThan(500_000);
    for (const other of [wrong, unknown]) {
      expect(other / right).toBeGreaterThan(0.6);
      expect(other / right).toBeLessThan(1.67);
    }
  });
});
