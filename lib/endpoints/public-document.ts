import type { OutcomeEvent } from '../events.js';
import { sendJson } from '../http/reply.js';
import type { Workspace } from '../workspaces/workspace.js';
import type { Endpoint } from './exchange.js';

const fiveMinutes = () => 300;

/** An endpoint that publishes one JSON document to everybody. `maxAge`: seconds for which caches may keep it. */
export function publishedDocument(
  event: OutcomeEvent['event'],
  read: (workspace: Workspace) => Promise<unknown> | unknown,
  maxAge: (workspace: Workspace) => number = fiveMinutes,
): Endpoint {
  return {
    event,
    methods: ['GET', 'HEAD'],
    crossOrigin: true,
    async handle({ response, workspace }) {
      const document = await read(workspace);
      sendJson(response, 200, document, { 'Cache-Control': `public, max-age=${maxAge(workspace)}` });
      return undefined;
    },
  };
}
