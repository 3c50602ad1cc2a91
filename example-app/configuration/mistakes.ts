import { StartUpError } from '../start-up-error.js';

/** Something wrong in the configuration: `path` such as `tenants.acme.workspaces.demo.clients[3].jwks`. */
export interface Mistake {
  readonly path: string;
  readonly message: string;
}

/** All of them in one error, a line each. `file` is where they stand. */
export function mistakesError(mistakes: readonly Mistake[], file: string | undefined): StartUpError {
  const lines = mistakes.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return new StartUpError(
    file === undefined ? lines.join('\n') : [`The configuration ${file} is refused:`, ...lines].join('\n'),
  );
}
