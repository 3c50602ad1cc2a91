const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text as HTML shows it, in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => entities[character] ?? '');
}

/** Markup made by `html`, and by nothing else: every text in it has been escaped. */
export interface Html {
  readonly markup: string;
}

/** What may stand in a template. A list is written one after the other; undefined and false are nothing. */
export type HtmlValue = string | number | false | undefined | Html | readonly Html[];

class Markup implements Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

/** A template for HTML: its own text is markup, every string put into it is escaped. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Markup(strings.reduce((markup, text, index) => markup + toMarkup(values[index - 1]) + text));
}

function toMarkup(value: HtmlValue): string {
  if (value === undefined || value === false) return '';
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  // By class and not by shape: an object that came from outside must not pass for markup.
  if (value instanceof Markup) return value.markup;
  return Array.isArray(value) ? value.map(toMarkup).join('') : '';
}
