import type { ServerResponse } from 'node:http';
import express, { type Router } from 'express';
import { type EventListener, type FailureExplanations, type GrantRouter, standardStrategies } from '../../index.js';
import { grants } from '../authorization-server.js';
import { AdminTokens } from './admin-tokens.js';
import { explainPages } from './explain.js';
import type { Metrics } from './metrics.js';

/** What an operator sees of a running server. */
export interface Operations {
  /** Hear every event. */
  readonly listeners: readonly EventListener[];
  /** Shows the signing keys too. To be called once. */
  watchKeys(router: GrantRouter): void;
  /** Takes the time until the reply is sent. */
  time(response: ServerResponse): void;
  /** `/metrics` and `/admin/explain`; nothing without `admin_tokens`. */
  pages(base: string): Router | undefined;
}

/** Failures are always explained, for the command line reads them too; nobody counts what nobody can see. */
export async function openOperations(
  adminTokens: readonly string[],
  explanations: FailureExplanations,
): Promise<Operations> {
  const tokens = new AdminTokens(adminTokens);
  const metrics = tokens.exist ? await openMetrics() : undefined;
  return {
    listeners: metrics ? [explanations.listen, metrics.listen] : [explanations.listen],
    watchKeys: (router) => metrics?.watchKeys(router),
    time: (response) => metrics && timeReply(response, metrics),
    pages: (base) => metrics && pages(base, tokens, explanations, metrics),
  };
}

async function openMetrics(): Promise<Metrics> {
  const { Metrics } = await import('./metrics.js');
  const methods = standardStrategies().map(({ name }) => name);
  return new Metrics(
    methods,
    grants.map(({ grantType }) => grantType),
  );
}

function timeReply(response: ServerResponse, metrics: Metrics): void {
  const begun = performance.now();
  response.once('finish', () => metrics.noteDuration(response.statusCode, (performance.now() - begun) / 1000));
}

function pages(base: string, tokens: AdminTokens, explanations: FailureExplanations, metrics: Metrics): Router {
  const router = express.Router();
  router.get('/metrics', tokens.guard, async (_request, response) => {
    response.type(metrics.contentType).send(await metrics.text());
  });
  router.use('/admin/explain', explainPages(base, tokens, explanations));
  return router;
}
