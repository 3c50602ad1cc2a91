import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { failureText } from '../../command-line/failure-text.js';
import { serverPackages } from '../../example-app/missing-package.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const install = `npm install express-client-auth ${serverPackages.join(' ')}`;

function notFound(name: string): Error {
  const words = `Cannot find package '${name}' imported from /srv/node_modules/express-client-auth/dist/x.js`;
  return Object.assign(new Error(words), { code: 'ERR_MODULE_NOT_FOUND' });
}

describe('a package that is missing', () => {
  it('is named with all that a server needs, so that nobody installs them one by one', () => {
    expect(failureText(notFound('pino'))).toBe(
      `The package pino is missing. Install all that a server needs: npm install ${serverPackages.join(' ')}`,
    );
  });

  it('is named alone when a server does without it', () => {
    expect(failureText(notFound('pg'))).toBe('The package pg is missing. Install it: npm install pg');
    expect(failureText(new Error("Cannot find package 'pino'"))).toBe("Cannot find package 'pino'");
  });

  it.each(['README.md', 'docs/command-line.md'])('%s says what to install', (page) => {
    expect(read(page)).toContain(`${install}\n`);
  });

  it('all of them are peers', () => {
    const { peerDependencies } = JSON.parse(read('package.json'));
    expect(Object.keys(peerDependencies)).toEqual(expect.arrayContaining([...serverPackages]));
  });
});
