import { randomBytes } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { applyChanges, compareParts } from '../../command-line/client-changes.js';
import { importReport } from '../../command-line/import-report.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { specServer } from '../support/spec-server.js';
import { noteSecret } from '../support/suite-log.js';

const entries = ['one', 'two'].map((client_id) => ({ client_id, grant_types: ['client_credentials'] }));

it('an import that breaks off tells what was done, with its secrets; again does the rest', async () => {
  const { router } = specServer({ store: memoryStore(), secret_keys: [randomBytes(32).toString('base64')] });
  const [workspace] = router.workspaces;
  if (!workspace) throw new Error('there is a workspace');
  const { put } = workspace.directory.entries;
  workspace.directory.entries.put = (entry) =>
    entry.client_id === 'two'
      ? Promise.reject(new Error('The store is away.'))
      : put.call(workspace.directory.entries, entry);
  const parts = [{ workspace, path: 'clients', entries }];
  const broken = await applyChanges(await compareParts(parts, false));
  const { text, json, exitCode } = importReport(broken, true);
  expect(exitCode).toBe(1);
  const { changes, failure } = json as { changes: { client_id: string; client_secret: string }[]; failure: string };
  expect([changes.map(({ client_id }) => client_id), failure]).toEqual([['one'], 'The store is away.']);
  expect(text).toContain(noteSecret(changes[0]?.client_secret ?? ''));
  expect(text).toMatch(/\nIt broke off: The store is away\.\nImport the file again for the rest\.\n$/);

  workspace.directory.entries.put = put;
  const again = importReport(await applyChanges(await compareParts(parts, false)), true);
  expect(again).toMatchObject({ json: { changes: [{ client_id: 'two', change: 'added' }] } });
  expect(again.exitCode).toBeUndefined();
  noteSecret((again.json as { changes: { client_secret: string }[] }).changes[0]?.client_secret ?? '');
});
