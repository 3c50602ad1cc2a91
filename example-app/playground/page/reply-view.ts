import type { Outcome, Reply } from '../facts.js';
import { block, card, element, list, prose } from './elements.js';
import { decodeJwt } from './jwt.js';
import { httpText, type TokenRequest } from './token-request.js';

/** A member of the reply that is a text. */
export function textIn({ body }: Reply, name: string): string | undefined {
  const value = members(body)?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** What the page found out beside the reply. */
export interface Findings {
  /** Undefined: the server knows nothing of the request. */
  readonly outcome: Outcome | undefined;
  /** What the server says of an opaque access token; undefined: the client may not ask, or has none. */
  readonly introspection: Members | undefined;
  /** What the request presented, decoded. */
  readonly presented: string;
}

/** The reply and everything that can be said of it, as cards. */
export function replyCards(
  request: TokenRequest,
  reply: Reply,
  { outcome, introspection, presented }: Findings,
): HTMLElement[] {
  return [
    replyCard(request, reply, { outcome, presented }),
    ...tokenCards(reply, introspection),
    ...(outcome ? [eventCard(outcome.event)] : []),
  ];
}

function replyCard(
  request: TokenRequest,
  { status, headers, body }: Reply,
  { outcome, presented }: Pick<Findings, 'outcome' | 'presented'>,
): HTMLElement {
  const read = members(body);
  const kind = status < 400 ? 'success' : 'failure';
  return card(
    'The reply',
    element(
      'div',
      { class: 'verdict' },
      element(
        'p',
        { class: `status ${kind}`, role: 'status' },
        element('strong', {}, String(status)),
        ` ${phrases[status] ?? ''}`,
      ),
      ...(outcome?.explanation ? explained(outcome.explanation, outcome.event) : []),
    ),
    block('The body of the reply', read ? pretty(read) : body),
    folded('Headers of the reply', headers.map((header) => header.join(': ')).join('\n')),
    folded('The request that was sent', httpText(request)),
    folded('What it presented', presented),
  );
}

const phrases: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Content Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** What the event says by itself is not said again. */
function explained(
  { reason, error, happened, remedy, detail = {} }: NonNullable<Outcome['explanation']>,
  event: Members,
): HTMLElement[] {
  const shown = Object.entries(detail)
    .filter(([name, value]) => event[name] !== value)
    .map(([name, value]) => [name, textOf(value)] as const);
  return [
    element('h3', {}, 'Why it failed'),
    element('p', {}, element('code', { class: 'reason' }, reason ?? error ?? 'failed')),
    ...(happened === undefined ? [] : [prose(happened)]),
    ...(remedy === undefined
      ? []
      : [element('p', {}, element('strong', {}, 'What to do: '), ...prose(remedy).childNodes)]),
    ...(shown.length === 0 ? [] : [list(shown)]),
    quiet('Operators find this by the correlation id. Callers see it with `explain_in_reply` alone, as in this demo.'),
  ];
}

const tokenNames = { access_token: 'Access token', id_token: 'ID token' } as const;

function tokenCards(reply: Reply, introspection: Members | undefined): HTMLElement[] {
  return Object.entries(tokenNames).flatMap(([name, title]) => {
    const token = textIn(reply, name);
    if (token === undefined) return [];
    const decoded = decodeJwt(token);
    return decoded ? jwtCard(title, decoded) : opaqueCard(title, introspection);
  });
}

function jwtCard(title: string, { header, claims }: { readonly header: Members; readonly claims: Members }) {
  return card(
    title,
    element('h3', {}, 'Header'),
    block(`Header of the ${title}`, pretty(header)),
    element('h3', {}, 'Claims'),
    block(`Claims of the ${title}`, pretty(claims)),
    times(claims),
  );
}

function opaqueCard(title: string, introspection: Members | undefined): HTMLElement {
  const opaque = element('p', {}, 'It is opaque: only the server knows what it says.');
  if (!introspection) {
    return card(title, opaque, prose('A client whose scope has `introspect_tokens` may ask.'));
  }
  return card(
    title,
    opaque,
    element('h3', {}, 'Introspection'),
    block(`Introspection of the ${title}`, pretty(introspection)),
    times(introspection),
  );
}

/** Seconds since 1970 as people read them. */
function times(claims: Members): HTMLElement {
  const rows = Object.entries({ iat: 'Issued', auth_time: 'Signed in', exp: 'Expires' }).flatMap(([name, label]) => {
    const seconds = claims[name];
    return typeof seconds === 'number' ? [[label, new Date(seconds * 1000).toLocaleString()] as const] : [];
  });
  return list(rows);
}

function eventCard(event: Members): HTMLElement {
  return card(
    'The event',
    block('The event', pretty(event)),
    quiet('What `onEvent` tells the log and the metrics. It holds no secret and no token.'),
  );
}

function quiet(text: string): HTMLElement {
  const made = prose(text);
  made.className = 'quiet';
  return made;
}

function folded(title: string, text: string): HTMLElement {
  return element('details', {}, element('summary', {}, title), block(title, text));
}

type Members = Readonly<Record<string, unknown>>;

function members(body: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Members) : undefined;
  } catch {
    return undefined;
  }
}

function pretty(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
