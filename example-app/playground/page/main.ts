import type { PlaygroundFacts, Reply } from '../facts.js';
import { comeBack, leaveForCode, oneTimeCode, type Return } from './authorization.js';
import { type Choices, ChoicesForm } from './choices.js';
import { curlCommand } from './curl-command.js';
import { DpopKey } from './dpop.js';
import { byId } from './elements.js';
import { introspect, mayIntrospect } from './introspect.js';
import { decodeJwt } from './jwt.js';
import { openidClientCode } from './openid-client-code.js';
import { presented } from './presented.js';
import { replyCards, textIn } from './reply-view.js';
import { loadFacts, outcomeOf, send } from './send.js';
import { makeTabs } from './tabs.js';
import { buildRequest, httpText, type TokenRequest } from './token-request.js';

/** Assertions and proofs live a minute; whoever copies one has half of it left. */
const freshMilliseconds = 30_000;

class Page {
  readonly #facts: PlaygroundFacts;
  readonly #dpopKey = new DpopKey();
  readonly #form: ChoicesForm;
  readonly #callback: Return['callback'] | undefined;
  #request: TokenRequest | undefined;
  #builds = 0;

  constructor(facts: PlaygroundFacts) {
    this.#facts = facts;
    this.#form = new ChoicesForm(facts, () => this.#do(() => this.#change()));
    const back = comeBack();
    this.#callback = back?.callback;
    if (back) this.#form.write(back.written);
    for (const [id, action] of Object.entries(this.#actions())) {
      byId(id, HTMLButtonElement).addEventListener('click', () => this.#do(action));
    }
    for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
      button.addEventListener('click', () => this.#do(() => this.#copy(button)));
    }
    for (const tabs of document.querySelectorAll<HTMLElement>('[role=tablist]')) makeTabs(tabs);
    byId('playground', HTMLDivElement).hidden = false;
    this.#do(() => this.#show());
    if (back?.error !== undefined) tell(back.error);
  }

  #actions(): Readonly<Record<string, () => Promise<void>>> {
    return {
      send: () => this.#send(),
      'ask-code': () => leaveForCode(this.#form.read(), this.#form.written(), this.#facts),
      'ask-password': async () => {
        this.#form.write({ password: await oneTimeCode(this.#facts.person) });
        await this.#change();
      },
    };
  }

  /** What is shown of a reply was answered to something else. */
  #change(): Promise<void> {
    const reply = byId('reply', HTMLDivElement);
    if (reply.querySelector('.status')) markOutdated(reply, true);
    return this.#show();
  }

  /** Shows what would be sent now. */
  async #show(): Promise<void> {
    this.#builds += 1;
    const build = this.#builds;
    const choices = this.#form.read();
    const request = await buildRequest(choices, this.#facts, this.#dpopKey);
    // Another change came meanwhile.
    if (build !== this.#builds) return;
    this.#request = request;
    byId('as-http', HTMLElement).textContent = httpText(request);
    byId('as-curl', HTMLElement).textContent = curlCommand(request, this.#facts);
    byId('as-code', HTMLElement).textContent = openidClientCode(choices, {
      facts: this.#facts,
      callback: this.#callback,
    });
    byId('note', HTMLParagraphElement).textContent = note(request);
    const missing = whatIsMissing(choices);
    byId('missing', HTMLParagraphElement).textContent = missing ?? '';
    byId('send', HTMLButtonElement).disabled = missing !== undefined;
  }

  async #fresh(): Promise<TokenRequest> {
    if (!this.#request || Date.now() - this.#request.builtAt > freshMilliseconds) await this.#show();
    if (!this.#request) throw new Error('There is nothing to send');
    return this.#request;
  }

  async #send(): Promise<void> {
    const place = byId('reply', HTMLDivElement);
    place.ariaBusy = 'true';
    try {
      const request = await this.#fresh();
      const reply = await send(request);
      const [outcome, introspection] = await Promise.all([outcomeOf(reply), introspectionOf(request, reply)]);
      place.replaceChildren(
        ...replyCards(request, reply, {
          outcome,
          introspection,
          presented: presented(request, this.#facts),
        }),
      );
      markOutdated(place, false);
      place.querySelector('.verdict')?.scrollIntoView({ block: 'nearest' });
      const refresh = textIn(reply, 'refresh_token');
      if (refresh !== undefined) this.#form.write({ refresh });
      // What was sent can be used once.
      await this.#show();
    } finally {
      place.ariaBusy = 'false';
    }
  }

  async #copy(button: HTMLButtonElement): Promise<void> {
    await this.#fresh();
    await navigator.clipboard.writeText(byId(button.dataset.copy ?? '', HTMLElement).textContent ?? '');
    button.textContent = 'Copied';
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 2_000);
  }

  #do(action: () => Promise<void>): void {
    tell('');
    action().catch((thrown: unknown) => tell(thrown instanceof Error ? thrown.message : String(thrown)));
  }
}

/** What the server says of an access token that nobody else can read. */
async function introspectionOf(request: TokenRequest, reply: Reply) {
  const token = textIn(reply, 'access_token');
  if (token === undefined || decodeJwt(token) || !mayIntrospect(request)) return undefined;
  return introspect(request, token);
}

function note({ sender, certificate, choices }: TokenRequest): string {
  const notes = [
    sender === 'server' && certificate !== '' ? 'The server sends it, and shows the certificate.' : '',
    sender === 'server' && certificate === '' ? 'The server sends it, without a certificate.' : '',
    sender === 'browser' ? 'Your browser sends it, and adds headers of its own.' : '',
    choices.mistakes.size > 0 ? 'The code for openid-client makes no mistakes.' : '',
  ];
  return notes.filter((each) => each !== '').join(' ');
}

/** What has to be got before a request makes sense. */
function whatIsMissing({ grant, code, refresh, password }: Choices): string | undefined {
  if (grant === 'authorization_code' && code === '') return 'Get a code first.';
  if (grant === 'refresh_token' && refresh === '')
    return 'Get a refresh token first: by a code, with the scope offline_access.';
  if (grant === 'password' && password === '') return 'Get a one-time code first.';
  return undefined;
}

function markOutdated(reply: HTMLElement, isOutdated: boolean): void {
  reply.classList.toggle('outdated', isOutdated);
  byId('outdated', HTMLParagraphElement).textContent = isOutdated
    ? 'Below is the reply to the previous request. Send again to see the one to this.'
    : '';
}

function tell(text: string): void {
  byId('alert', HTMLParagraphElement).textContent = text;
}

loadFacts().then(
  (facts) => new Page(facts),
  (thrown: unknown) => tell(String(thrown)),
);
