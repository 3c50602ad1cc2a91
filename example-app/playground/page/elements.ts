/** The element of that id. Throws TypeError when the page has none of that kind. */
export function byId<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`The page has no ${id}`);
  return found;
}

type Child = Node | string | undefined;

/** A new element. Texts stay texts; absent children leave nothing. */
export function element(tag: string, attributes: Readonly<Record<string, string>>, ...children: Child[]): HTMLElement {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A card with a heading. */
export function card(title: string, ...children: Child[]): HTMLElement {
  return element('section', { class: 'card' }, element('h2', {}, title), ...children);
}

/** A block of text that can be reached and scrolled by keyboard. */
export function block(label: string, text: string): HTMLElement {
  return element('pre', { tabindex: '0', role: 'region', 'aria-label': label }, element('code', {}, text));
}

/** Names and values. */
export function list(rows: readonly (readonly [name: string, value: string])[]): HTMLElement {
  const items = rows.flatMap(([name, value]) => [
    element('dt', {}, name),
    element('dd', {}, element('code', {}, value)),
  ]);
  return element('dl', {}, ...items);
}

/** Text in which code words are in backticks. */
export function prose(text: string): HTMLElement {
  const parts = text.split('`').map((part, index) => (index % 2 === 1 ? element('code', {}, part) : part));
  return element('p', {}, ...parts);
}
