import { fileURLToPath } from 'node:url';
import express, { type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import { z } from 'zod';
import { isOfThisMachine } from '../pages/this-machine.js';
import type { PlaygroundFacts } from './facts.js';
import type { Outcomes } from './outcomes.js';
import { playgroundPage } from './playground-page.js';
import type { CertificateSender } from './sender.js';
import { playgroundStylesheet } from './stylesheet.js';

/** What the pages stand on. */
export interface Playground {
  readonly publicUrl: string;
  readonly facts: PlaygroundFacts;
  readonly outcomes: Outcomes;
  readonly sender: CertificateSender;
  /** Absolute path of a PKCS#12 file to import. */
  readonly pkcs12: string;
}

const orderSchema = z.strictObject({
  url: z.string().max(2048),
  certificate: z.string().max(64),
  authorization: headerValue().optional(),
  dpop: headerValue().optional(),
  body: z.string().max(16_384),
});
const scriptAge = 300;

/** The playground: one page, its scripts, and what the scripts ask for. Only for the person at this machine. */
export function playground({ publicUrl, facts, outcomes, sender, pkcs12 }: Playground): Router {
  const router = express.Router({ strict: true });
  const { origin, hostname, host, pathname } = new URL(publicUrl);
  const base = pathname === '/' ? '' : pathname;
  const page = playgroundPage(base);
  router.use(only(hostname));
  router.get('/', headers, (request, response) => {
    // The token endpoint is of this origin alone, and so are its replies.
    if (request.headers.host?.toLowerCase() === host) response.send(page);
    else response.redirect(302, `${publicUrl}/playground`);
  });
  router.get('/style.css', (_request, response) => {
    response.type('css').set('Cache-Control', `public, max-age=${scriptAge}`).send(playgroundStylesheet);
  });
  router.use('/scripts', scripts());
  router.get('/client.p12', (_request, response) => {
    response.download(pkcs12, 'demo-tls.p12', { dotfiles: 'allow', cacheControl: false });
  });
  router.use(ownPage(origin));
  router.get('/facts', (_request, response) => {
    response.json(facts);
  });
  router.get('/outcomes/:correlationId', async (request, response) => {
    const outcome = await outcomes.find(request.params.correlationId);
    if (outcome) response.json(outcome);
    else response.status(404).json({ error: 'not_found' });
  });
  router.post('/send', express.json({ limit: '32kb' }), async (request, response) => {
    const order = orderSchema.safeParse(request.body);
    if (order.success && sender.knows(order.data)) response.json(await sender.send(order.data));
    else response.status(400).json({ error: 'invalid_request' });
  });
  return router;
}

function headerValue() {
  return z
    .string()
    .max(8192)
    .regex(/^[\x20-\x7e]*$/);
}

/** `next('router')`: for everybody else there is no playground. */
function only(publicHost: string): RequestHandler {
  return (request, _response, next) => {
    if (isOfThisMachine(request, publicHost)) next();
    else next('router');
  };
}

const headers = helmet.contentSecurityPolicy({
  useDefaults: false,
  directives: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    connectSrc: ["'self'"],
    formAction: ["'none'"],
    baseUri: ["'none'"],
    frameAncestors: ["'none'"],
    requireTrustedTypesFor: ["'script'"],
  },
});

/** The modules lie as their imports name them: those of the page, and the maker of curl commands, which the banner uses too. */
function scripts(): Router {
  const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
  const options = { index: false, redirect: false, dotfiles: 'allow', maxAge: scriptAge * 1000 } as const;
  const router = express.Router();
  router.use('/playground/page', express.static(file('./page'), options));
  for (const path of ['/playground/facts.js', '/demo/curl.js']) {
    router.get(path, (_request, response) => {
      response.sendFile(file(`..${path}`), options);
    });
  }
  return router;
}

/** Lets through what a script of our own page asks for (W3C Fetch Metadata 2.2). */
function ownPage(origin: string): RequestHandler {
  return ({ headers: { 'sec-fetch-site': site, origin: from } }, response, next) => {
    if (site === 'same-origin' || (site === undefined && from === origin)) next();
    else response.status(403).json({ error: 'cross_site_request' });
  };
}
