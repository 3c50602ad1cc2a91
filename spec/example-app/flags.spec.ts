import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readSettings } from '../../example-app/flags.js';
import { StartUpError } from '../../example-app/start-up-error.js';

const here = process.cwd();

describe('flags and environment', () => {
  it('says nothing but where the data directory is when nobody says anything', () => {
    expect(readSettings([], {})).toEqual({ dataDirectory: join(here, '.data') });
  });

  it('reads every flag, and makes paths absolute', () => {
    const args = ['--config', 'a.json', '--port', '0', '--host', '::1', '--store', 'lmdb:./d', '--mail', 'outbox:'];
    const more = ['--public-url', 'https://as.example.com', '--data-dir', 'data', '--workers', '1'];
    expect(readSettings([...args, ...more], {})).toEqual({
      config: join(here, 'a.json'),
      port: 0,
      host: '::1',
      store: `lmdb:${join(here, 'd')}`,
      mail: 'outbox:',
      publicUrl: 'https://as.example.com',
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
    [['--store', 'redis://localhost'], {}, '--store: the redis: store is not part of this version'],
    [[], { STORE_URL: 'postgres://u:p@h/d' }, 'STORE_URL: the postgres: store is not part of this version'],
    [['--store', 'sqlite:x'], {}, '--store: must be memory: or lmdb:DIR'],
    [['--mail', 'smtp://'], {}, '--mail: must be outbox: or smtp://user:pass@host:port'],
    [['--public-url', 'http://as.example.com'], {}, '--public-url: must be an https URL'],
    [['--public-url', 'https://as.example.com/'], {}, '--public-url: must have no'],
    [['--public-url', 'https://as.example.com:443'], {}, '--public-url: must have no'],
    [['--public-url', 'https://as.example.com?x'], {}, '--public-url: must have no'],
    [['--public-url', 'https://AS.example.com'], {}, '--public-url: must have no'],
    [['--workers', '2'], {}, '--workers: must be 1'],
  ])('refuses %j with %j', (args, environment, message) => {
    const read = () => readSettings(args, environment as NodeJS.ProcessEnv);
    expect(read).toThrow(StartUpError);
    expect(read).toThrow(message);
  });

  it('never repeats a value that may hold a password', () => {
    const read = () => readSettings(['--store', 'postgres://user:hunter2@host/db'], {});
    expect(read).not.toThrow(/hunter2/);
    expect(read).toThrow(StartUpError);
  });
});
