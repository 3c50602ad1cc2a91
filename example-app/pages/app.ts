import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import { showCallback } from './callback.js';
import { showHome } from './home.js';
import { html } from './html.js';
import { page } from './layout.js';
import { showOutbox } from './outbox.js';
import type { Site } from './site.js';
import { stylesheet } from './stylesheet.js';

/** The pages and the API beside the protocol. */
export function makeApp(site: Site): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('query parser', 'simple');
  app.use(headers(), noStore);
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', readiness(site));
  app.use(site.resourceMetadata);
  app.use(site.base === '' ? '/' : site.base, pages(site));
  app.use(notFound(site.base), failed(site));
  return app;
}

function pages(site: Site): Router {
  const router = express.Router();
  router.get('/', showHome(site));
  router.get('/callback', showCallback(site.base));
  router.get('/assets/style.css', (_request, response) => {
    response.type('css').set('Cache-Control', 'public, max-age=300').send(stylesheet);
  });
  if (site.admin) router.use(site.admin);
  router.get('/api/hello', site.guard, site.hello);
  if (site.outbox) router.get('/outbox', showOutbox(site.outbox, { ...site, signIn: site.signIn !== undefined }));
  if (site.playground) router.use('/playground', site.playground);
  if (site.signIn) router.use('/sign-in', site.signIn);
  return router;
}

function headers(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        formAction: ["'self'"],
        baseUri: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
    // The protocol's own answers have it too: it is set before both.
    strictTransportSecurity: false,
  });
}

const noStore: RequestHandler = (_request, response, next) => {
  response.set('Cache-Control', 'no-store');
  next();
};

function readiness(site: Site): RequestHandler {
  return async (_request, response) => {
    try {
      await site.ready();
      response.json({ status: 'ok' });
    } catch (thrown) {
      site.log.error({ event: 'readiness' }, thrown);
      response.status(503).json({ status: 'unavailable' });
    }
  };
}

function notFound(base: string): RequestHandler {
  return (request, response) => {
    response.status(404);
    if (request.accepts(['json', 'html']) !== 'html') response.json({ error: 'not_found' });
    else response.send(page(base, 'Nothing here', html`<p>There is no page at this address.</p>`));
  };
}

function failed(site: Site): ErrorRequestHandler {
  return (thrown, request, response, next) => {
    if (response.headersSent) return next(thrown);
    const status = statusOf(thrown);
    if (status >= 500) site.log.error({ event: 'page' }, thrown);
    response.status(status);
    if (request.accepts(['json', 'html']) !== 'html') response.json({ error: 'request_failed' });
    else response.send(page(site.base, 'That did not work', html`<p>The server could not answer this request.</p>`));
  };
}

/** What Express and its parsers put on their errors; everything else is our own fault. */
function statusOf(thrown: unknown): number {
  const status = typeof thrown === 'object' && thrown !== null && 'status' in thrown ? thrown.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
