import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import {
  clientCredentials,
  type GrantRouter,
  grantRouter,
  type OutcomeEvent,
  type ProtectResourceOptions,
  protectResource,
  standardStrategies,
} from '../../index.js';
import { memoryStore } from '../../lib/stores/memory.js';
import { allClients, basicHeader, secrets } from './methods.js';
import { noteLogged, noteSecret } from './suite-log.js';

export const [one, two] = ['https://as.example.com/acme/one', 'https://as.example.com/acme/two'];
export const audience = 'https://api.example.com';
export const shared = { clients: allClients, scopes: { openid: {}, read: {}, write: {}, 'accounts.*': {} } };

export const events: OutcomeEvent[] = [];
let server: Server;

/** What `startApi` started. `clock` is milliseconds by which its time is ahead. */
export const api = { clock: 0, origin: '', router: undefined as unknown as GrantRouter };

/** A guard per path. */
const guards: Record<string, Omit<ProtectResourceOptions, 'authorizationServer'>> = {
  '/any': {},
  '/reader': { scope: 'read' },
  '/both': { scope: 'read write' },
  '/accounts': { scope: 'accounts.*' },
  '/api-audience': { audience },
  '/one-audience': { audience: one },
};

/** Two workspaces and an Express application with guarded routes, `/parsed` ones behind body parsers. */
export async function startApi(): Promise<void> {
  api.router = grantRouter({
    store: memoryStore(),
    strategies: standardStrategies(),
    grants: [clientCredentials()],
    now: () => Date.now() + api.clock,
    onEvent: (event) => {
      noteLogged(event);
      if (event.event !== 'warning') events.push(event);
    },
    workspaces: [
      { issuer: one, ...shared },
      { issuer: two, ...shared, audience, access_token_format: 'opaque' },
    ],
  });
  const app = express();
  app.use(api.router);
  app.use('/parsed', express.urlencoded({ extended: true }), express.json());
  for (const [path, guard] of Object.entries(guards)) {
    const protect = protectResource({ authorizationServer: api.router, ...guard });
    app.all([path, `/parsed${path}`], protect, (message, response) => {
      response.json({ ...message.auth, body: message.body ?? null });
    });
  }
  server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function stopApi(): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await api.router.close();
}

/** An access token of a workspace. */
export async function tokenOf(workspace: 'one' | 'two', scope = 'read'): Promise<string> {
  const pending = request(api.origin).post(`/acme/${workspace}/oauth2/token`).type('form');
  const form = { grant_type: 'client_credentials', scope };
  const { body } = await pending.set('Authorization', basicHeader('basic-client', secrets.basic)).send(form);
  return noteSecret(body.access_token);
}

/** Status, error and reason of a request with this token, after checking that it told one event. */
export async function outcome(path: string, headers: Record<string, string>, body?: string | object) {
  const before = events.length;
  const pending = request(api.origin)[body === undefined ? 'get' : 'post'](path).set(headers);
  const response = await (body === undefined ? pending : pending.send(body));
  expect(events).toHaveLength(before + 1);
  const last = events.at(-1);
  expect(last).toMatchObject({ event: 'resource', correlation_id: response.headers['x-correlation-id'] });
  return { response, seen: [response.status, response.body.error, last?.reason] };
}

export const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
export const invalid = (reason: string) => [401, 'invalid_token', reason];
export const good = [200, undefined, undefined];
