import type { RequestHandler, Router } from 'express';
import type { WorkspaceDefinition } from '../configuration/configuration.js';
import type { Log } from '../log.js';
import type { Outbox } from '../mail/outbox.js';

/** What the pages show and stand on. */
export interface Site {
  /** The path of the public URL: empty, or like `/auth`. */
  readonly base: string;
  /** The host of the public URL. */
  readonly host: string;
  readonly workspaces: readonly { readonly workspace: WorkspaceDefinition; readonly issuer: string }[];
  /** An authorization request to click on. */
  readonly tryUrl: string | undefined;
  /** The address of somebody who can sign in; in the demo alone. */
  readonly demoPerson: string | undefined;
  /** Mails to look at; absent where they really go out, and in production. */
  readonly outbox: Outbox | undefined;
  /** The demo client application; absent when the configuration has no clients for it. */
  readonly signIn: Router | undefined;
  /** Every method and grant, tried from a browser; for the demo on this machine. */
  readonly playground: Router | undefined;
  /** Tells clients about the API (RFC 9728). */
  readonly resourceMetadata: RequestHandler;
  /** What operators look at, mounted where there are `admin_tokens`. */
  readonly admin: Router | undefined;
  /** Lets only requests with an access token through to `hello`. */
  readonly guard: RequestHandler;
  readonly hello: RequestHandler;
  /** Resolves when requests can be served. */
  ready(): Promise<void>;
  readonly log: Log;
}
