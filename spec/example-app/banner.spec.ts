import { describe, expect, it } from '@jest/globals';
import { banner } from '../../example-app/banner.js';
import { storeName } from '../../example-app/store-place.js';

const facts = {
  publicUrl: 'https://localhost:8443',
  listening: { plain: false, host: '127.0.0.1', port: 8443 },
  storeUrl: 'lmdb:/srv/data/store',
  mail: undefined,
  issuers: ['https://localhost:8443/acme/demo'],
  morePages: [],
  authorityPath: undefined,
};

describe('the banner', () => {
  it('begins with where the server listens, and tells the store and the mail', () => {
    const lines = banner(facts).split('\n');
    expect(lines.slice(0, 7)).toEqual([
      'Listening on https://localhost:8443',
      '',
      'Store',
      '  lmdb:/srv/data/store',
      'Mail',
      '  none: login by mail is off',
      '',
    ]);
  });

  it.each([
    ['https://as.example.com', { plain: false, host: '127.0.0.1', port: 8443 }, 'https://127.0.0.1:8443'],
    ['https://localhost:8443', { plain: false, host: '127.0.0.1', port: 9000 }, 'https://127.0.0.1:9000'],
    ['https://localhost:8443', { plain: false, host: '0.0.0.0', port: 8443 }, 'https://0.0.0.0:8443'],
    ['https://localhost', { plain: true, host: '::1', port: 443 }, 'http://[::1]:443'],
  ])('for %s tells the address in use, %j', (publicUrl, listening, address) => {
    const text = banner({ ...facts, publicUrl, listening });
    expect(text).toMatch(new RegExp(`^Listening on ${publicUrl}\n`));
    expect(text).toContain(`\nAddress in use\n  ${address}\n`);
  });

  it.each([
    ['https://localhost:8443', { plain: false, host: '127.0.0.1', port: 8443 }],
    ['https://localhost', { plain: false, host: '::1', port: 443 }],
    ['https://as.example.com', { plain: false, host: 'as.example.com', port: 443 }],
  ])('for %s tells no other address than that, when it is %j', (publicUrl, listening) => {
    expect(banner({ ...facts, publicUrl, listening })).not.toContain('Address in use');
  });

  it('ends with the address of the playground, where there is one', () => {
    const own = `${facts.publicUrl}/playground`;
    expect(
      banner({ ...facts, morePages: ['/playground'] })
        .split('\n')
        .slice(-3),
    ).toEqual(['', own, '']);
    expect(banner({ ...facts, morePages: ['/sign-in'] })).not.toContain(own);
  });

  it('shows no password', () => {
    const text = banner({
      ...facts,
      mail: 'smtp://me:hunt%40er2@mail.example.com:25?from=a@b.c',
      storeUrl: 'x://u:pw@h/1',
    });
    expect(text).toContain('\nStore\n  x://h/1\nMail\n  smtp://mail.example.com:25\n');
    expect(text).not.toMatch(/hunt|pw|me:/);
  });
});

describe('the store that nobody named', () => {
  it('is one for the demo, and one for each configuration file', () => {
    expect(storeName(undefined)).toBe('store');
    const names = ['/etc/a/as.json', '/etc/b/as.json', '/etc/a/other one.json'].map(storeName);
    expect(names[0]).toMatch(/^store-as-[\da-f]{8}$/);
    expect(names[2]).toMatch(/^store-other-one-[\da-f]{8}$/);
    expect(new Set(names).size).toBe(3);
    expect(storeName('/etc/a/as.json')).toBe(names[0]);
  });
});
