import type { StoreMigration } from '../../index.js';
import type { Command } from '../command.js';
import { settingsOf } from '../open-server.js';
import { serverOptions } from '../server-options.js';

const { config, store } = serverOptions;

export const migrate: Command = {
  name: 'migrate',
  summary: 'Makes the tables of a postgres: store, or brings them to this version',
  options: { config, store },
  details: [
    'A server refuses to start while the tables of its store are missing, older or newer than it needs. Run this once',
    'before its first start and after each update. To run it again or twice at once does no harm: where there is nothing',
    'to do it does nothing, and all of it is done or none. Other stores have no tables.',
    '',
    'Its role must be allowed to create tables in the schema that ?schema= names, and the schema itself if it is absent.',
    'The server needs SELECT, INSERT, UPDATE and DELETE alone.',
  ],
  examples: ['migrate --config as.json', 'migrate --store "postgres://as@db.example/as?schema=as"'],
  run: async (given, environment) => {
    const [{ migrate: run }, settings] = await Promise.all([
      import('../../example-app/migrate.js'),
      settingsOf(given, environment, ['config', 'store']),
    ]);
    const done = await run(settings);
    return {
      text: `${sentence(done.store, done.migration)}\n`,
      json: { store: done.store ?? null, ...done.migration },
    };
  },
};

function sentence(place = 'lmdb:', migration: StoreMigration | undefined): string {
  if (migration === undefined) return `${place} has no tables: there is nothing to migrate.`;
  const { schema, from, to } = migration;
  if (from === to) return `${place}, schema ${schema}: nothing to do, version ${to} is there already.`;
  return `${place}, schema ${schema}: migrated from version ${from} to ${to}.`;
}
