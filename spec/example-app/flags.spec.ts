import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { asksForHelp, readSettings } from '../../example-app/flags.js';
import { help } from '../../example-app/help.js';
import { StartUpError } from '../../example-app/start-up-error.js';

const here = process.cwd();

describe('flags and environment', () => {
  it('says nothing but where the data directory is when nobody says anything', () => {
    expect(readSettings([], {})).toEqual({ dataDirectory: join(here, '.data') });
  });

  it('reads every flag, and makes paths absolute', () => {
    const args = ['--config', 'a.json', '--port', '0', '--host', '::1', '--store', 'lmdb:./d', '--mail', 'outbox:'];
    const more = ['--public-url', 'https://as.example.com', '--data-dir', 'data', '--workers', '4'];
    expect(readSettings([...args, ...more], {})).toEqual({
      config: join(here, 'a.json'),
      port: 0,
      host: '::1',
      store: `lmdb:${join(here, 'd')}`,
      mail: 'outbox:',
      publicUrl: 'https://as.example.com',
      workers: 4,
      dataDirectory: join(here, 'data'),
    });
  });

  it('reads the environment where no flag speaks, and takes an empty variable for absent', () => {
    const environment = {
      CONFIG: '/etc/as.json',
      PORT: '9000',
      HOST: '0.0.0.0',
      STORE_URL: 'memory:',
      MAIL: 'outbox:',
      PUBLIC_URL: 'https://as.example.com',
      DATA_DIR: '/var/lib/as',
    };
    const told = readSettings([], environment);
    expect(told).toEqual({
      config: '/etc/as.json',
      port: 9000,
      host: '0.0.0.0',
      store: 'memory:',
      mail: 'outbox:',
      publicUrl: 'https://as.example.com',
      dataDirectory: '/var/lib/as',
    });
    expect(readSettings(['--port', '9001', '--data-dir', '/d'], environment)).toEqual({
      ...told,
      port: 9001,
      dataDirectory: '/d',
    });
    expect(readSettings([], { PORT: '' })).toEqual(readSettings([], {}));
  });

  it.each([
    [['--prot', '1'], {}, '--prot'],
    [['stray'], {}, 'stray'],
    [['--port', '65536'], {}, '--port: '],
    [['--port', '80a'], {}, '--port: must be a whole number'],
    [['--port='], {}, '--port: must not be empty'],
    [[], { PORT: '-1' }, 'PORT: must be a whole number'],
    [['--store', 'redis:localhost'], {}, '--store: must be memory:, lmdb:DIR, redis://HOST or postgres://'],
    [[], { STORE_URL: 'postgres:db' }, 'STORE_URL: must be memory:, lmdb:DIR, redis://HOST or postgres://'],
    [['--store', 'sqlite:x'], {}, '--store: must be memory:, lmdb:DIR, redis://HOST or postgres://'],
    [['--mail', 'smtp://'], {}, '--mail: must be outbox: or smtp://user:pass@host:port'],
    [['--public-url', 'http://as.example.com'], {}, '--public-url: must be an https URL'],
    [['--public-url', 'https://as.example.com/'], {}, '--public-url: must have no'],
    [['--public-url', 'https://as.example.com:443'], {}, '--public-url: must have no'],
    [['--public-url', 'https://as.example.com?x'], {}, '--public-url: must have no'],
    [['--public-url', 'https://AS.example.com'], {}, '--public-url: must have no'],
    [['--workers', '0'], {}, '--workers: must be 1 to 128'],
    [['--workers', 'all'], {}, '--workers: must be a whole number'],
  ])('refuses %j with %j', (args, environment, message) => {
    const read = () => readSettings(args, environment as NodeJS.ProcessEnv);
    expect(read).toThrow(StartUpError);
    expect(read).toThrow(message);
  });

  it('never repeats a value that may hold a password', () => {
    const read = () => readSettings(['--store', 'postgre://user:hunter2@host/db'], {});
    expect(read).not.toThrow(/hunter2/);
    expect(read).toThrow(StartUpError);
  });

  it('hints at --help when a flag is unknown', () => {
    expect(() => readSettings(['--prot', '1'], {})).toThrow(/Unknown option '--prot'\. .*--help$/);
    expect(asksForHelp(['--prot', '1', '--help'])).toBe(true);
    expect(asksForHelp(['-h'])).toBe(true);
    expect(asksForHelp(['--prot', '1'])).toBe(false);
  });

  it('are told by --help: each flag, and each variable', () => {
    const flags = ['config', 'port', 'host', 'store', 'mail', 'public-url', 'data-dir', 'workers'];
    for (const name of flags) {
      expect(help).toMatch(new RegExp(`^--${name} `, 'm'));
      // Each is one: a value for it is looked at, or wanted.
      expect(() => readSettings([`--${name}=`], {})).toThrow(`--${name}: must not be empty`);
    }
    const told = [...help.matchAll(/^--[\w-]+(?: [A-Z]+)? +([A-Z_]{4,})/gm)].map(([, variable = '']) => variable);
    expect(told).toEqual(['CONFIG', 'PORT', 'HOST', 'STORE_URL', 'MAIL', 'PUBLIC_URL', 'DATA_DIR']);
    const wrong = { PORT: 'x', STORE_URL: 'x', MAIL: 'x', PUBLIC_URL: 'x' };
    for (const [name, value] of Object.entries(wrong)) expect(() => readSettings([], { [name]: value })).toThrow(name);
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  });
});
