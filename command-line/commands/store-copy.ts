import { copyStore } from '../../index.js';
import type { Command } from '../command.js';
import { storeUrlDetails, withStore } from '../open-store.js';

export const storeCopy: Command = {
  name: 'store copy',
  operand: 'FROM TO',
  summary: 'Copies everything from one store to another, to move a server or to keep a backup',
  options: { merge: { description: 'TO holds something already: leave that as it is, and add what is missing' } },
  details: [
    'End every server that uses one of the two first, and start them on TO afterwards, with the same secret_keys. What a',
    'server writes meanwhile may be missing in the copy: a code that is used here could be used there again.',
    '',
    'Each entry keeps what is left of its time. Nothing in TO is replaced. A copy that broke off goes on with --merge.',
    'Tables of a postgres: store are made by the command migrate.',
    '',
    ...storeUrlDetails,
  ],
  examples: [
    'store copy lmdb:/var/lib/as redis://localhost:6379/0',
    'store copy env:OLD_STORE env:NEW_STORE --merge',
    'store copy postgres://as@db.example/as lmdb:/var/backups/as-2026-11-21',
  ],
  run: ({ operands: [from = '', to = ''], has }, environment) =>
    withStore(from, environment, (source) =>
      withStore(
        to,
        environment,
        async (target) => {
          const { copied, kept } = await copyStore(source, target, { merge: has('merge') });
          const text = `${copied} entries copied${kept > 0 ? `, ${kept} were there already` : ''}.\n`;
          return { text, json: { copied, kept } };
        },
        { mayBeNew: true },
      ),
    ),
};
