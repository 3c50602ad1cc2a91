import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { nearestName } from '../lib/nearest-name.js';
import { OptionsError, parseOptions } from '../lib/options.js';

const schema = z.strictObject({
  issuer: z.string(),
  retries: z.int().min(1).max(3).default(1),
  pkce: z.enum(['required', 'public-clients']).default('required'),
  on: z.boolean().default(true),
  keys: z.array(z.string().min(2)).min(1).default(['ab']),
  own: z.string('must be mine').default('mine'),
  limits: z.strictObject({ max_attempts: z.number().default(1) }).optional(),
});
const good = { issuer: 'https://as.example.com' };

function refusal(options: unknown): string {
  try {
    parseOptions(schema, options);
  } catch (error) {
    if (error instanceof OptionsError) return error.message;
  }
  return 'nothing is wrong';
}

describe('what is said of a wrong option', () => {
  it.each([
    [good, 'nothing is wrong'],
    [{}, 'issuer: is missing; it must be a string'],
    [{ issuer: 5 }, 'issuer: must be a string, not a number'],
    [{ issuer: null }, 'issuer: must be a string, not null'],
    [{ ...good, retries: 1.5 }, 'retries: must be a whole number, not a number'],
    [{ ...good, retries: 0 }, 'retries: must be at least 1'],
    [{ ...good, retries: 4 }, 'retries: must be at most 3'],
    [{ ...good, pkce: 'yes' }, 'pkce: must be "required" or "public-clients"'],
    [{ ...good, on: 'true' }, 'on: must be true or false, not a string'],
    [{ ...good, keys: 'ab' }, 'keys: must be a list, not a string'],
    [{ ...good, keys: [] }, 'keys: must have at least 1 entry'],
    [{ ...good, keys: ['a'] }, 'keys[0]: must have at least 2 characters'],
    [{ ...good, own: 5 }, 'own: must be mine'],
    [{ ...good, limits: [] }, 'limits: must be an object, not a list'],
    [{ ...good, colour: 1 }, 'colour: is not a known member'],
    [
      { isuer: 1, ...good, limits: { maxAttempts: 2 } },
      'limits.maxAttempts: is not a known member; did you mean max_attempts?\nisuer: is not a known member; did you mean issuer?',
    ],
  ])('%j: %s', (options, words) => {
    expect(refusal(options)).toBe(words);
  });

  it('never shows the value', () => {
    expect(refusal({ issuer: ['hunter2'], pkce: 'hunter2' })).not.toContain('hunter2');
  });
});

describe('the name that was meant', () => {
  const names = ['client_id', 'scope', 'scopes', 'jwks', 'jwks_uri', 'grant_types'];

  it.each([
    ['clientId', 'client_id'],
    ['grant_type', 'grant_types'],
    ['scpoe', 'scope'],
    ['jwks-url', 'jwks_uri'],
    ['colour', undefined],
    ['id', undefined],
    ['x'.repeat(100), undefined],
  ])('%s: %s', (written, meant) => {
    expect(nearestName(written, names)).toBe(meant);
  });
});

it('of many unknown members, names what was meant for the first ten alone', () => {
  const members = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`unlike-any-${index}`, 1]));
  const wrong = { ...good, ...members, isuer: 1 };
  expect(refusal(wrong)).not.toContain('did you mean');
  expect(refusal({ ...good, isuer: 1, ...members })).toContain('isuer: is not a known member; did you mean issuer?');
});
