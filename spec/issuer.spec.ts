import { expect, it } from '@jest/globals';
import { issuerMistake, issuerPath, storePrefix } from '../lib/issuer.js';

it.each([
  'https://as.example.com',
  'https://as.example.com/acme/demo',
  'https://localhost:8443',
  'https://127.0.0.1:8443/a',
  'https://as.example.com/a%22b',
])('GEN-12 %s is an issuer', (issuer) => {
  expect(issuerMistake(issuer)).toBeUndefined();
});

it.each([
  ['http://as.example.com', 'must be an https URL'],
  ['ftp://as.example.com', 'must be an https URL'],
  ['as.example.com', 'is not a URL'],
  ['', 'is not a URL'],
  ['https://as.example.com/', 'must be written as https://as.example.com'],
  ['https://as.example.com/acme/', 'must be written as https://as.example.com/acme'],
  ['https://AS.example.com', 'must be written as https://as.example.com'],
  ['https://as.example.com:443', 'must be written as https://as.example.com'],
  ['https://as.example.com/a/../b', 'must be written as https://as.example.com/b'],
  ['https://as.example.com/a"b', 'must be written as'],
  [' https://as.example.com', 'must be written as https://as.example.com'],
  ['https://as.example.com?', 'must not have a query'],
  ['https://as.example.com?a=b', 'must not have a query'],
  ['https://as.example.com#', 'must not have a query or a fragment'],
  ['https://user@as.example.com', 'must not have a user name'],
])('GEN-12 %s is none', (issuer, mistake) => {
  expect(issuerMistake(issuer)).toContain(mistake);
});

it('has a path without a trailing slash', () => {
  expect(issuerPath('https://as.example.com')).toBe('');
  expect(issuerPath('https://as.example.com/acme/demo')).toBe('/acme/demo');
});

it('has keys of its own, which no name of another can reach', () => {
  const issuer = 'https://as.example.com/acme/demo';
  expect(storePrefix({ issuer })).toBe('as.example.com/%2Facme%2Fdemo/');
  expect(storePrefix({ issuer, tenant: 'acme', workspace: 'demo' })).toBe('acme/demo/');
  const prefixes = [
    { issuer, tenant: 'a', workspace: 'b/c' },
    { issuer, tenant: 'a/b', workspace: 'c' },
    { issuer, tenant: 'a%2Fb', workspace: 'c' },
  ].map(storePrefix);
  expect(new Set(prefixes).size).toBe(3);
});
