import express, { type Request, type RequestHandler, type Response, Router } from 'express';
import { page } from '../pages/layout.js';
import type { Sealing } from '../sealing.js';
import { plainAddress } from './address.js';
import { Authorization, type Ending, type Person } from './authorization.js';
import type { AuthorizationServer } from './authorization-server.js';
import { Browsers } from './browser.js';
import { CodeSender, codeWithin, extendedCode, type Post } from './code-sender.js';
import { type Keep, Memory, sessionSeconds } from './memory.js';
import {
  askAddressPage,
  askCodePage,
  type CodeNotice,
  type DemoHints,
  endPage,
  linkPage,
  noMailPage,
  type Page,
  type PageFacts,
} from './pages.js';
import { resultPage } from './result-page.js';
import type { Visit } from './visit.js';
import { WireError } from './wire.js';

/** What the application is made of. It knows the authorization server by its public endpoints alone. */
export interface SignInAppParts {
  /** The path of the site: empty, or like `/auth`. */
  readonly base: string;
  /** This application's own URL, such as `https://localhost:8443/sign-in`. */
  readonly url: string;
  readonly server: AuthorizationServer;
  /** A protected API to call with the token. */
  readonly apiUrl: string;
  readonly keep: Keep;
  readonly sealing: Sealing;
  /** Undefined: mail is not set up, which is all the application then says. */
  readonly post: Post | undefined;
  readonly demo: DemoHints | undefined;
  readonly onFailure: (thrown: unknown) => void;
}

const notices: ReadonlySet<string> = new Set<CodeNotice>(['asked', 'again', 'no-mail']);

/** The demo client application's sign-in: ask for the address, mail a code and a link, and sign in by either. */
export function signInApp(parts: SignInAppParts): Router {
  const { post } = parts;
  const router = Router();
  if (!post) return router.use(showNoMail(parts.base));
  const app = new SignInApp(parts, post);
  const form = express.urlencoded({ extended: false, limit: '16kb' });
  const own = [form, app.refuseForeignForms];
  router.route('/').get(app.askAddress).post(own, app.takeAddress);
  router.route('/code').get(app.askCode).post(own, app.takeCode);
  router.get('/server', app.goToServer);
  router.route('/link').get(app.showLink).post(own, app.takeLink);
  router.get('/callback', app.comeBack);
  router.get('/done', app.showResult);
  router.post('/out', own, app.signOut);
  return router;
}

function showNoMail(base: string): RequestHandler {
  const { title, content } = noMailPage;
  return (_request, response) => {
    response.status(503).send(page(base, title, content));
  };
}

class SignInApp {
  readonly #parts: SignInAppParts;
  readonly #path: string;
  readonly #browsers: Browsers;
  readonly #memory: Memory;
  readonly #sender: CodeSender;
  readonly #authorization: Authorization;

  constructor(parts: SignInAppParts, post: Post) {
    const { server, onFailure } = parts;
    this.#parts = parts;
    this.#path = new URL(parts.url).pathname;
    this.#browsers = new Browsers(parts.sealing);
    this.#memory = new Memory(parts.keep, parts.sealing);
    this.#sender = new CodeSender({ server, memory: this.#memory, post, linkUrl: `${parts.url}/link`, onFailure });
    this.#authorization = new Authorization(server, this.#memory);
  }

  readonly refuseForeignForms: RequestHandler = (request, response, next) => {
    if (this.#browsers.sentOwnForm(request)) return next();
    this.#end(response, 403, 'That did not work', 'The form was too old, or your browser did not send our cookie.');
  };

  readonly askAddress: RequestHandler = (request, response) => {
    this.#show(request, response, 200, (facts) => askAddressPage(facts));
  };

  readonly takeAddress: RequestHandler = async (request, response) => {
    const typed: unknown = request.body.email;
    const address = plainAddress(typed);
    if (address === undefined) {
      const wrong = typeof typed === 'string' ? typed.slice(0, 254) : '';
      return this.#show(request, response, 400, (facts) => askAddressPage(facts, wrong));
    }
    await this.#requestCode(request, response, address);
  };

  readonly askCode: RequestHandler = (request, response) => {
    const { notice } = request.query;
    const asked = this.#asked(request);
    if (!asked) return response.redirect(303, this.#path);
    const known = typeof notice === 'string' && notices.has(notice) ? (notice as CodeNotice) : 'asked';
    this.#show(request, response, known === 'no-mail' ? 503 : 200, (facts) => askCodePage(facts, asked.id, known));
  };

  readonly takeCode: RequestHandler = async (request, response) => {
    const asked = this.#asked(request);
    if (!asked) return response.redirect(303, this.#path);
    const { address } = asked;
    if (request.body.again !== undefined) return this.#requestCode(request, response, address, 'again');
    const typed = String(request.body.code ?? '').replaceAll(/[\s-]/g, '');
    if (!/^[A-Za-z0-9]{1,80}$/.test(typed)) {
      return this.#show(request, response, 400, (facts) => askCodePage(facts, asked.id, 'wrong'));
    }
    // Whether the code is right is for the server to say: it counts the guesses. For an address that is nobody's it
    // hears of a person it does not know.
    const code = extendedCode(await this.#memory.user(address), typed);
    await this.#authorize(request, response, { authentication_code: code });
  };

  // The way that is left when no mail of ours comes. Why none comes may not be told.
  readonly goToServer: RequestHandler = async (request, response) => {
    const asked = this.#asked(request);
    if (!asked || request.method !== 'GET') return response.redirect(303, this.#path);
    await this.#authorize(request, response, { login_hint: asked.address });
  };

  // GET and HEAD alone use nothing up: mail scanners follow links, and some run scripts.
  readonly showLink: RequestHandler = (request, response) => {
    const extended = String(request.query.extended_code ?? '');
    const code = codeWithin(extended);
    if (code === undefined) return this.#badLink(response);
    // By what was asked and not by whom it is for: nobody may find out by links of their own making who has an id.
    const askedHere = this.#asked(request) !== undefined;
    this.#show(request, response, 200, (facts) => linkPage(facts, { extendedCode: extended, code, askedHere }));
  };

  readonly takeLink: RequestHandler = async (request, response) => {
    const extended = String(request.body.extended_code ?? '');
    if (codeWithin(extended) === undefined) return this.#badLink(response);
    await this.#authorize(request, response, { authentication_code: extended });
  };

  readonly comeBack: RequestHandler = async (request, response) => {
    const visit = this.#browsers.visit(request);
    let ending: Ending;
    try {
      ending = await this.#authorization.end(visit, request.query);
    } catch (thrown) {
      return this.#serverFailed(response, thrown);
    }
    if (ending === 'not-ours') {
      const words = 'It began in another browser, or a long time ago, or it is over already.';
      return this.#end(response, 400, 'This sign-in is not under way', words);
    }
    this.#browsers.keep(visit, response);
    if ('error' in ending) return this.#refused(response, ending.error);
    const former = this.#browsers.session(request);
    if (former !== undefined) await this.#memory.endSession(former);
    const tag = this.#browsers.beginSession(response, sessionSeconds);
    await this.#memory.saveSession(tag, ending.session);
    response.redirect(303, `${this.#path}/done`);
  };

  readonly showResult: RequestHandler = async (request, response) => {
    const session = await this.#memory.session(this.#browsers.session(request));
    if (!session) return response.redirect(303, this.#path);
    const { server, apiUrl } = this.#parts;
    try {
      const api = await server.call(apiUrl, session.accessToken);
      const { issuer } = server.facts;
      this.#show(request, response, 200, (facts) => resultPage(facts, { ...session, apiUrl, api, issuer }));
    } catch (thrown) {
      this.#serverFailed(response, thrown);
    }
  };

  readonly signOut: RequestHandler = async (request, response) => {
    const tag = this.#browsers.session(request);
    const session = await this.#memory.session(tag);
    this.#browsers.endSession(response);
    if (tag === undefined || !session) return response.redirect(303, this.#path);
    await this.#memory.endSession(tag);
    const parameters = { id_token_hint: session.idToken, post_logout_redirect_uri: this.#parts.url };
    const elsewhere = await this.#parts.server.endSessionUrl(parameters).catch(() => undefined);
    response.redirect(303, elsewhere ?? this.#path);
  };

  async #requestCode(request: Request, response: Response, address: string, notice?: CodeNotice): Promise<void> {
    const visit = this.#browsers.visit(request);
    visit.askFor(address);
    const id = this.#requestId(visit, address);
    const outcome = await this.#sender.request(address, id);
    this.#browsers.keep(visit, response);
    const said = outcome === 'asked' && notice ? notice : outcome;
    const query = new URLSearchParams({ request: id, notice: said });
    response.redirect(303, `${this.#path}/code?${query}`);
  }

  async #authorize(request: Request, response: Response, person: Person): Promise<void> {
    const visit = this.#browsers.visit(request);
    try {
      const url = await this.#authorization.begin(visit, person);
      this.#browsers.keep(visit, response);
      response.redirect(303, url);
    } catch (thrown) {
      this.#serverFailed(response, thrown);
    }
  }

  /** What this browser asked for. The address stands in no page of ours and in no URL. */
  #asked(request: Request): { readonly id: string; readonly address: string } | undefined {
    const visit = this.#browsers.visit(request);
    const { request: id } = request.query;
    const address = visit.addresses.find((each) => this.#requestId(visit, each) === id);
    return typeof id === 'string' && address !== undefined ? { id, address } : undefined;
  }

  /** The name of what a browser asked for an address: the same each time. */
  #requestId({ id }: Visit, address: string): string {
    return this.#parts.sealing.tag(`request ${id} ${address}`).slice(0, 22);
  }

  #show(request: Request, response: Response, status: number, make: (facts: PageFacts) => Page) {
    const visit = this.#browsers.visit(request);
    // The form counts in the browser that it was shown in.
    if (visit.isNew) this.#browsers.keep(visit, response);
    const { title, content } = make({
      path: this.#path,
      formToken: this.#browsers.formToken(visit),
      demo: this.#parts.demo,
    });
    response.status(status).send(page(this.#parts.base, title, content));
  }

  #end(response: Response, status: number, title: string, words: string): void {
    const { content } = endPage({ path: this.#path }, title, words);
    response.status(status).send(page(this.#parts.base, title, content));
  }

  #badLink(response: Response): void {
    this.#end(response, 400, 'This link is not whole', 'Open it from the mail again, or copy all of it.');
  }

  #refused(response: Response, error: string): void {
    const denied = error === 'access_denied';
    const title = denied ? 'You did not allow it' : 'You are not signed in';
    const words = denied
      ? 'So you are not signed in here, and nothing was shared.'
      : `The server answered ${error.slice(0, 60)}.`;
    this.#end(response, 200, title, words);
  }

  #serverFailed(response: Response, thrown: unknown): void {
    if (!(thrown instanceof WireError)) throw thrown;
    this.#parts.onFailure(thrown);
    const words = 'The authorization server does not answer as it should. Try again in a few minutes.';
    this.#end(response, 502, 'That did not work', words);
  }
}
