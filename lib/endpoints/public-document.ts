import type { OutgoingHttpHeaders } from 'node:http';
import type { OutcomeEvent } from '../events.js';
import { sendJson } from '../http/reply.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { Endpoint } from './exchange.js';

/** Anybody may read it, and caches may keep it for five minutes. */
const cacheable: OutgoingHttpHeaders = { 'Cache-Control': 'public, max-age=300' };

/** An endpoint that publishes one JSON document to everybody. */
export function publishedDocument(
  event: OutcomeEvent['event'],
  read: (workspace: Workspace) => Promise<unknown> | unknown,
): Endpoint {
  return {
    event,
    methods: ['GET', 'HEAD'],
    async handle({ response, workspace }) {
      sendJson(response, 200, await read(workspace), cacheable);
      return undefined;
    },
  };
}
