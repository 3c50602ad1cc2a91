import {
  type ClientFacts,
  type GrantType,
  grants,
  type Method,
  methods,
  type PlaygroundFacts,
  type WorkspaceFacts,
} from '../facts.js';
import { byId, element } from './elements.js';
import { hasCertificate, hasSecret, type Mistake, mistakesFor } from './mistakes.js';

/** Everything a request is built from. */
export interface Choices {
  readonly workspace: WorkspaceFacts;
  readonly client: ClientFacts;
  readonly method: Method;
  readonly secret: string;
  /** The name of a certificate. */
  readonly certificate: string;
  /** Who sends requests with a certificate. */
  readonly sender: 'server' | 'browser';
  readonly grant: GrantType;
  /** Empty: what is registered. */
  readonly scope: string;
  readonly code: string;
  readonly verifier: string;
  readonly refresh: string;
  readonly username: string;
  readonly password: string;
  readonly dpop: boolean;
  readonly mistakes: ReadonlySet<Mistake>;
}

const texts = ['secret', 'scope', 'code', 'verifier', 'refresh', 'username', 'password'] as const;
type TextName = (typeof texts)[number];
const lists = ['workspace', 'client', 'method', 'certificate', 'grant'] as const;
type ListName = (typeof lists)[number];

/** What is written in the form, to be put there again. */
export type Written = Partial<Readonly<Record<TextName | ListName, string>>>;

/** The form of the choices. */
export class ChoicesForm {
  readonly #facts: PlaygroundFacts;
  readonly #form = byId('choices', HTMLFormElement);
  readonly #mistakes = byId('mistakes', HTMLDivElement);
  readonly #dpop = byId('dpop', HTMLInputElement);

  /** `changed` is called after each change. */
  constructor(facts: PlaygroundFacts, changed: () => void) {
    this.#facts = facts;
    const mostClients = facts.workspaces.reduce((most, each) =>
      each.clients.length > most.clients.length ? each : most,
    );
    fill(
      list('workspace'),
      facts.workspaces.map(({ name }) => [name, name]),
    );
    fill(
      list('certificate'),
      facts.certificates.map(({ name, label }) => [name, label]),
    );
    list('workspace').value = mostClients.name;
    text('username').value = facts.person.address;
    this.#fitClients();
    this.#form.addEventListener('input', ({ target }) => {
      if (target === list('workspace')) this.#fitClients();
      else if (target === list('client')) this.#fitClient();
      else this.#fitFields();
      changed();
    });
    this.#form.addEventListener('submit', (event) => event.preventDefault());
  }

  read(): Choices {
    const { workspace, client } = this.#chosen();
    const values = Object.fromEntries(
      texts.map((name) => [name, text(name).value.replaceAll(/[\r\n]/g, '')]),
    ) as Record<TextName, string>;
    return {
      ...values,
      workspace,
      client,
      method: methods.find((method) => method === list('method').value) ?? client.method,
      grant: grants.find((grant) => grant === list('grant').value) ?? 'client_credentials',
      certificate: list('certificate').value,
      sender: new FormData(this.#form).get('sender') === 'browser' ? 'browser' : 'server',
      dpop: this.#dpop.checked,
      mistakes: new Set(Array.from(this.#mistakes.querySelectorAll('input:checked'), ({ id }) => id as Mistake)),
    };
  }

  /** Puts values into fields; the rest follows as if they were typed. */
  write(written: Written): void {
    if (written.workspace !== undefined) {
      list('workspace').value = written.workspace;
      this.#fitClients();
    }
    if (written.client !== undefined) {
      list('client').value = written.client;
      this.#fitClient();
    }
    for (const name of ['method', 'certificate', 'grant'] as const) {
      const value = written[name];
      if (value !== undefined) list(name).value = value;
    }
    for (const name of texts) text(name).value = written[name] ?? text(name).value;
    this.#fitFields();
  }

  /** What `write` takes to come to the same form. */
  written(): Written {
    return Object.fromEntries([
      ...lists.map((name) => [name, list(name).value]),
      ...texts.map((name) => [name, text(name).value]),
    ]);
  }

  #chosen(): { workspace: WorkspaceFacts; client: ClientFacts } {
    const workspace = this.#facts.workspaces.find(({ name }) => name === list('workspace').value);
    const client = workspace?.clients.find(({ clientId }) => clientId === list('client').value);
    if (!workspace || !client) throw new TypeError('There is no such client');
    return { workspace, client };
  }

  #fitClients(): void {
    const workspace = this.#facts.workspaces.find(({ name }) => name === list('workspace').value);
    fill(
      list('client'),
      (workspace?.clients ?? []).map(({ clientId }) => [clientId, clientId]),
    );
    this.#fitClient();
  }

  #fitClient(): void {
    const { client } = this.#chosen();
    const label = (name: string, registered: boolean) => (registered ? name : `${name} (not registered)`);
    fill(
      list('method'),
      methods.map((method) => [method, label(method, method === client.method)]),
    );
    fill(
      list('grant'),
      grants.map((grant) => [grant, label(grant, client.grants.includes(grant))]),
    );
    list('method').value = client.method;
    list('grant').value = grants.find((grant) => client.grants.includes(grant)) ?? 'client_credentials';
    list('certificate').value = client.certificate ?? 'rsa';
    text('secret').value = client.secret ?? '';
    text('scope').value = '';
    byId('registered', HTMLSpanElement).textContent = client.scope === '' ? '' : `Left empty: ${client.scope}`;
    this.#mistakes.replaceChildren();
    this.#fitFields();
  }

  #fitFields(): void {
    const { method, grant, dpop, mistakes } = this.read();
    const shown: Readonly<Record<string, boolean>> = {
      secret: hasSecret(method),
      certificate: hasCertificate(method),
      code: grant === 'authorization_code',
      verifier: grant === 'authorization_code',
      refresh: grant === 'refresh_token',
      username: grant === 'password',
      password: grant === 'password',
    };
    for (const field of this.#form.querySelectorAll<HTMLElement>('[data-field]')) {
      field.hidden = shown[field.dataset.field ?? ''] === false;
    }
    const possible = mistakesFor({ method, grant, dpop });
    this.#mistakes.replaceChildren(
      ...possible.map(({ name, label }) => {
        const box = element('input', { type: 'checkbox', id: name, ...(mistakes.has(name) && { checked: '' }) });
        return element('label', { class: 'check' }, box, ` ${label}`);
      }),
    );
  }
}

function list(name: ListName): HTMLSelectElement {
  return byId(name, HTMLSelectElement);
}

function text(name: TextName): HTMLInputElement | HTMLTextAreaElement {
  const found = document.getElementById(name);
  return found instanceof HTMLTextAreaElement ? found : byId(name, HTMLInputElement);
}

function fill(select: HTMLSelectElement, options: readonly (readonly [value: string, label: string])[]): void {
  select.replaceChildren(...options.map(([value, label]) => element('option', { value }, label)));
}
