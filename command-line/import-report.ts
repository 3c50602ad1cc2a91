import { type AppliedChanges, changeLines } from './client-changes.js';
import type { Report } from './command.js';
import { failureText } from './failure-text.js';

const failed = 1;
/** There are differences, and nothing was done about them. */
const differs = 3;

/** What an import says of what it would change, or has changed. */
export function importReport({ all, failure }: AppliedChanges, applied: boolean): Report {
  const changes = all.flatMap(({ part: { workspace }, changes: each }) =>
    each.map(({ secret, ...difference }) => ({
      tenant: workspace.tenant,
      workspace: workspace.name,
      ...difference,
      ...(secret && { client_secret: secret.value, secret_id: secret.id }),
    })),
  );
  const secrets = changes.flatMap(({ client_id, client_secret, secret_id }) =>
    client_secret === undefined
      ? []
      : [`The secret ${secret_id} of ${client_id}, which is not shown again:`, client_secret],
  );
  const count = `${changes.length} ${changes.length === 1 ? 'client' : 'clients'}`;
  const end = applied ? `${count} changed.` : `${count} to change. Nothing was done: --apply does it.`;
  const lines = changes.length === 0 ? ['Nothing differs.'] : [...changeLines(all), '', end, ...secrets];
  if (failure !== undefined) {
    const message = failureText(failure);
    const told = changes.length === 0 ? ['Nothing was done.'] : lines;
    const text = `${[...told, '', `It broke off: ${message}`, 'Import the file again for the rest.'].join('\n')}\n`;
    return { text, json: { applied, changes, failure: message }, exitCode: failed };
  }
  return {
    text: `${lines.join('\n')}\n`,
    json: { applied, changes },
    ...(changes.length > 0 && !applied && { exitCode: differs }),
  };
}
