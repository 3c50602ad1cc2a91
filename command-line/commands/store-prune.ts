import type { Command } from '../command.js';
import { storeUrlDetails, withStore } from '../open-store.js';

export const storePrune: Command = {
  name: 'store prune',
  operand: 'URL',
  summary: 'Removes from a store what has expired',
  options: {},
  details: [
    'Servers do this by themselves, a little at a time: it is for a store that was long without one, or before a backup.',
    'Works while servers run. Redis leaves nothing that has expired.',
    '',
    ...storeUrlDetails,
  ],
  examples: ['store prune lmdb:/var/lib/as', 'store prune env:STORE_URL --json'],
  run: ({ operand }, environment) =>
    withStore(operand, environment, async (store) => {
      const removed = (await store.prune?.()) ?? 0;
      return { text: `${removed} expired entries removed.\n`, json: { removed } };
    }),
};
