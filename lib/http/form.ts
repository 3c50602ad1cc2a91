import { isUtf8 } from 'node:buffer';
import { OAuthError } from '../errors.js';
import { parseStrictJson } from './strict-json.js';

/**
 * Parameters of a request: flat, decoded, empty ones gone (RFC 6749 3.1, 3.2). Names such as `scope[]` or `__proto__`
 * are names and nothing more.
 */
export class Form {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]> = new Map()) {
    this.#values = values;
  }

  /** The first value, or undefined. */
  get(name: string): string | undefined {
    return this.#values.get(name)?.[0];
  }

  /** All values, in the order sent. Only `resource` and `audience` may have several. */
  getAll(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  names(): IterableIterator<string> {
    return this.#values.keys();
  }

  /** Every name with each of its values, in the order sent. */
  *entries(): IterableIterator<readonly [name: string, value: string]> {
    for (const [name, values] of this.#values) for (const value of values) yield [name, value];
  }

  /** Throws `parameter_repeated` if one of these was sent more than once, even with equal values (RFC 6749 3.2). */
  refuseRepeated(known: readonly string[]): void {
    for (const [name, values] of this.#values) {
      if (values.length > 1 && known.includes(name)) {
        throw new OAuthError('parameter_repeated', {
          description: `The parameter ${name} was sent more than once.`,
          detail: { parameter: name },
        });
      }
    }
  }

  /** As a body parser would have left it: a value, or an array where there were several. Has no prototype. */
  toObject(): Record<string, string | readonly string[]> {
    const object: Record<string, string | readonly string[]> = Object.create(null);
    for (const [name, values] of this.#values) object[name] = values.length === 1 ? (values[0] as string) : values;
    return object;
  }

  /** With these values in place of what was sent under their names, if anything; undefined and '' take a name away. */
  with(changes: Readonly<Record<string, string | undefined>>): Form {
    const changed = new Map(this.#values);
    for (const [name, value] of Object.entries(changes)) {
      changed.delete(name);
      if (value !== undefined && value !== '') changed.set(name, [value]);
    }
    return new Form(changed);
  }

  /** As the query of a URL. */
  toQuery(): string {
    return new URLSearchParams([...this.entries()].map(([name, value]): [string, string] => [name, value])).toString();
  }

  /** Of names and values that were parsed before; empty values are gone. */
  static of(entries: Iterable<readonly [name: string, value: string]>): Form {
    const values = new Map<string, string[]>();
    for (const [name, value] of entries) add(values, name, value);
    return new Form(values);
  }

  /** Only these parameters. */
  only(names: readonly string[]): Form {
    const kept = new Map<string, readonly string[]>();
    for (const name of names) {
      const values = this.#values.get(name);
      if (values) kept.set(name, values);
    }
    return new Form(kept);
  }
}

/** application/x-www-form-urlencoded, strictly UTF-8 (RFC 6749 App. B). Throws `body_malformed`. */
export function parseForm(encoded: string | Buffer): Form {
  if (typeof encoded !== 'string' && !isUtf8(encoded)) throw malformed('is not UTF-8');
  const values = new Map<string, string[]>();
  for (const pair of encoded.toString().split('&')) {
    const equals = pair.indexOf('=');
    if (equals === -1 || equals === pair.length - 1) {
      formDecode(pair);
      continue;
    }
    add(values, formDecode(pair.slice(0, equals)), formDecode(pair.slice(equals + 1)));
  }
  return new Form(values);
}

/** A body that a parser of the host has read already, such as express.urlencoded's. Throws `body_malformed`. */
export function formFromParsedBody(body: unknown): Form {
  if (typeof body === 'string' || Buffer.isBuffer(body)) return parseForm(body);
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw malformed('is not a set of parameters');
  const values = new Map<string, string[]>();
  for (const [name, value] of Object.entries(body)) {
    if (typeof value === 'string') add(values, name, value);
    else if (isRepetition(value)) for (const item of value) add(values, name, typeof item === 'string' ? item : name);
  }
  return new Form(values);
}

// Of `a=1&a=2` every parser makes a list. qs makes one of `a=1&a[b]=2` too, which must not hide the first. Whatever
// else it builds comes from `a[]=1` or `a[b]=c`, names that we do not know: ignored as any unknown parameter is.
function isRepetition(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 1 && value.some((item) => typeof item === 'string');
}

/** A JSON request body, where a workspace accepts one: a flat object of strings. Throws `body_malformed`. */
export function parseJsonForm(encoded: string | Buffer): Form {
  const json = parseStrictJson(encoded);
  if (!json.ok) throw malformed(json.problem);
  return formFromJson(json.value);
}

/** The same for a body that a JSON parser of the host has read already. */
export function formFromJson(body: unknown): Form {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw malformed('is not a JSON object');
  const values = new Map<string, string[]>();
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'string') throw malformed('has a member that is not a string');
    add(values, name, value);
  }
  return new Form(values);
}

/** One form-decoded value: `+` is a space, %XX are UTF-8 octets. Throws `body_malformed` instead of guessing. */
export function formDecode(encoded: string): string {
  const spaced = encoded.includes('+') ? encoded.replaceAll('+', ' ') : encoded;
  if (!spaced.includes('%')) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    throw malformed('has a malformed percent-encoding');
  }
}

function add(values: Map<string, string[]>, name: string, value: string): void {
  if (value === '') return;
  const known = values.get(name);
  if (known) known.push(value);
  else values.set(name, [value]);
}

function malformed(what: string): OAuthError {
  return new OAuthError('body_malformed', { description: `The request body ${what}.`, detail: { what } });
}
