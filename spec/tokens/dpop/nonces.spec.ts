import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SecretKeys } from '../../../lib/secret-keys.js';
import { DpopNonces, type NonceOptions } from '../../../lib/tokens/dpop/nonces.js';

const [older, newer] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

/** Nonces of a machine, at these seconds since 1970. */
function machine(seconds: number, options: Partial<NonceOptions> = {}) {
  return new DpopNonces({
    secretKeys: new SecretKeys([older]),
    purpose: 'dpop nonce of the authorization server',
    issuer: 'https://as.example.com',
    clockTolerance: 10,
    now: () => seconds * 1000,
    ...options,
  });
}

describe('DpopNonces', () => {
  it('DPO-04 machines that share their keys take each other’s, and store nothing', () => {
    expect(machine(1200).current).toBe(machine(1319).current);
    expect(machine(1439).accepts(machine(1200).current)).toBe(true);
  });

  it('DPO-04 a nonce lives for the rest of its slot and the next', () => {
    const { current } = machine(1200);
    expect([1200, 1319, 1320, 1439, 1440, 2400].map((seconds) => machine(seconds).accepts(current))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
  });

  it('DPO-04 a machine whose clock is a little ahead is understood', () => {
    const { current } = machine(1320);
    expect(machine(1310).accepts(current)).toBe(true);
    expect(machine(1309).accepts(current)).toBe(false);
  });

  it('DPO-04 the former key still counts while it is listed', () => {
    const { current } = machine(1200);
    const changed = machine(1200, { secretKeys: new SecretKeys([newer, older]) });
    expect(changed.accepts(current)).toBe(true);
    expect(changed.current).not.toBe(current);
    expect(machine(1200, { secretKeys: new SecretKeys([newer]) }).accepts(current)).toBe(false);
  });

  it('DPO-04 one issuer’s, or one purpose’s, are not another’s', () => {
    const { current } = machine(1200);
    expect(machine(1200, { issuer: 'https://other.example.com' }).accepts(current)).toBe(false);
    expect(machine(1200, { purpose: 'dpop nonce of a resource server' }).accepts(current)).toBe(false);
    for (const made of ['', 'A'.repeat(43), current.slice(1), `${current}A`]) {
      expect(machine(1200).accepts(made)).toBe(false);
    }
  });
});
