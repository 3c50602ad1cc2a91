import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { failureReasons, OAuthError, toOAuthError } from '../lib/errors.js';

const page = readFileSync(new URL('../docs/failure-reasons.md', import.meta.url), 'utf8');
const onPage = [...page.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, reason]) => reason);

describe('the closed list of failure reasons', () => {
  it('is what docs/failure-reasons.md explains, each once', () => {
    expect([...onPage].sort()).toEqual(Object.keys(failureReasons).sort());
  });

  it.each(Object.entries(failureReasons))('%s tells the caller only what RFC 6749 5.2 allows', (_reason, outcome) => {
    expect(outcome.description).toMatch(/^[\x20-\x21\x23-\x5B\x5D-\x7E]+$/);
    expect(outcome.error).toMatch(/^[a-z_]+$/);
    expect([400, 401, 403, 404, 405, 413, 429, 500, 503]).toContain(outcome.status);
  });

  it('gives every failed client authentication the same public words', () => {
    const descriptions = Object.values(failureReasons)
      .filter(({ error }) => error === 'invalid_client')
      .map(({ description, status }) => `${status} ${description}`);
    expect(new Set(descriptions)).toEqual(new Set(['401 Client authentication failed.']));
  });
});

describe('OAuthError', () => {
  it('keeps the private reason out of its message', () => {
    const failure = new OAuthError('secret_mismatch', { detail: { client_id: 'a' } });
    expect(failure.message).toBe('Client authentication failed.');
    expect(failure.reason).toBe('secret_mismatch');
  });

  it('wraps what is not ours, with the original as cause', () => {
    const original = new RangeError('disk full');
    const failure = toOAuthError(original);
    expect(failure).toMatchObject({ reason: 'internal_error', status: 500, cause: original });
    expect(failure.message).not.toContain('disk');
  });
});

it('GEN-08 a failure of ours says where, one of the caller does not, and other errors go on doing so', () => {
  const { stackTraceLimit } = Error;
  expect(new OAuthError('secret_mismatch').stack).not.toContain('failure-reasons.spec');
  expect(new OAuthError('internal_error').stack).toContain('failure-reasons.spec');
  expect(new Error('another').stack).toContain('failure-reasons.spec');
  expect(Error.stackTraceLimit).toBe(stackTraceLimit);
});
