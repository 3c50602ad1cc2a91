import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { listenerLimits, listenerOptions } from '../../example-app/listener-limits.js';
import { revocationSchema } from '../../lib/certificates/revocation/options.js';
import { longestBody, longestDocument, longestJwt, longestPushedRequest } from '../../lib/http/limits.js';
import { rateLimitsSchema } from '../../lib/throttling/rate-limits.js';

const page = readFileSync('docs/hardening.md', 'utf8');

/** The rows of the table below a heading, by their first cell. */
function rowsOf(heading: string): Map<string, readonly string[]> {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  const [before = ''] = section.split('\n## ');
  const lines = before.split('\n').filter((line) => line.startsWith('| '));
  const rows = lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  return new Map(rows.map(([first = '', ...rest]) => [first, rest]));
}

describe('docs/hardening.md', () => {
  const limits = rowsOf('Every limit and header');

  it.each<[string, number]>([
    ['body of a request, form or JSON', longestBody],
    ['assertion, software statement, access token', longestJwt],
    ['parameters of a pushed request', longestPushedRequest],
    ['headers of a request', listenerOptions.maxHeaderSize],
    ['slow headers, slow bodies', listenerLimits.headersTimeout / 1000],
    ['key set behind `jwks_uri`', longestDocument.keySet],
    ['metadata of an issuer elsewhere', longestDocument.issuerMetadata],
    ['answer of introspection elsewhere', longestDocument.introspection],
    ['OCSP response', longestDocument.ocspResponse],
    ['revocation list', revocationSchema.parse({}).crl.max_bytes],
  ])('%s: says what the code does', (name, value) => {
    expect(limits.get(name)?.[0]?.split(/[ ,]/)[0]).toBe(String(value));
  });

  it('names files that there are', () => {
    const files = [...page.matchAll(/`((?:spec|lib|example-app)\/[^`*]+\.ts)`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(20);
    expect(files.filter((file) => !existsSync(file))).toEqual([]);
    for (const [name, cells] of limits) expect([name, cells.at(-1)]).toEqual([name, expect.stringMatching(/`spec\//)]);
  });

  it.each(Object.entries({ ...listenerOptions, ...listenerLimits }))('the listener has %s', (name, value) => {
    const written = /[:=] ?([\d_]+)/.exec(page.slice(page.search(new RegExp(`${name}(: | = )\\d`)) + name.length))?.[1];
    expect(Number(written?.replaceAll('_', ''))).toBe(value);
  });

  it('has each row of rate_limits with its usual numbers', () => {
    const { enabled: _enabled, ...usual } = rateLimitsSchema.parse({});
    const said = [...rowsOf('Guessing')].map(([name, cells]) => [name.replaceAll('`', ''), cells.at(-1)]);
    const number = (value: number) => (value < 10_000 ? String(value) : `${value / 1000} 000`);
    expect(said).toEqual(
      Object.entries(usual).map(([name, { max_attempts, period }]) => [name, `${number(max_attempts)} in ${period} s`]),
    );
  });
});
