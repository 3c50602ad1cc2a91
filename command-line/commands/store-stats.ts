import { storeStats } from '../../index.js';
import type { Command } from '../command.js';
import { storeUrlDetails, withStore } from '../open-store.js';
import { columns } from '../table.js';

export const storeStatistics: Command = {
  name: 'store stats',
  operand: 'URL',
  summary: 'Says what a store holds, by workspace and kind',
  options: {},
  details: [
    'ENDLESS are those that never expire. BYTES are those of keys and values; the store itself takes more.',
    'Reads everything, which takes minutes where there are millions of entries. Works while servers run.',
    '',
    ...storeUrlDetails,
  ],
  examples: ['store stats lmdb:/var/lib/as', 'store stats env:STORE_URL --json'],
  run: ({ operand }, environment) =>
    withStore(operand, environment, async (store) => {
      const shares = await storeStats(store);
      const sum = (of: 'entries' | 'bytes' | 'endless') => shares.reduce((total, share) => total + share[of], 0);
      const total = { entries: sum('entries'), bytes: sum('bytes'), endless: sum('endless') };
      const lines = columns([
        ['WORKSPACE', 'KIND', 'ENTRIES', 'BYTES', 'ENDLESS'],
        ...[...shares, { space: 'all', kind: '', ...total }].map(({ space, kind, entries, bytes, endless }) => [
          space,
          kind,
          String(entries),
          String(bytes),
          String(endless),
        ]),
      ]);
      return { text: `${lines.join('\n')}\n`, json: { ...total, shares } };
    }),
};
