import type { RequestHandler } from 'express';
import type { WorkspaceDefinition } from '../configuration/configuration.js';
import type { Log } from '../log.js';
import type { Sessions } from '../sign-in/sessions.js';

/** What the pages show and stand on. */
export interface Site {
  /** The path of the public URL: empty, or like `/auth`. */
  readonly base: string;
  /** Whether people reach us by a name that is this machine's own. */
  readonly local: boolean;
  readonly workspaces: readonly { readonly workspace: WorkspaceDefinition; readonly issuer: string }[];
  /** An authorization request to click on. */
  readonly tryUrl: string | undefined;
  readonly sessions: Sessions;
  /** Lets only requests with an access token through to `hello`. */
  readonly guard: RequestHandler;
  readonly hello: RequestHandler;
  /** Resolves when requests can be served. */
  ready(): Promise<void>;
  readonly log: Log;
}
