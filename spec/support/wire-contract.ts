import { readFileSync } from 'node:fs';
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Answer } from './site-visitor.js';

type Json = Readonly<Record<string, unknown>>;

/** One operation of docs/openapi.json. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly at: string;
  readonly responses: readonly string[];
}

const place = new URL('../../docs/openapi.json', import.meta.url);
const verbs = ['get', 'post', 'put', 'delete'];

/** docs/openapi.json, to hold requests and replies against. */
export class WireContract {
  readonly document: Json = JSON.parse(readFileSync(place, 'utf8'));
  readonly operations: ReadonlyMap<string, Operation>;
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor() {
    formats.default(this.#ajv);
    this.#ajv.addSchema(this.document as AnySchema, 'openapi');
    const found = Object.entries(this.document.paths as Record<string, Record<string, Json>>).flatMap(([path, item]) =>
      verbs
        .filter((method) => method in item)
        .map((method) => ({
          id: String(item[method]?.operationId),
          method: method.toUpperCase(),
          path,
          at: `#/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method}`,
          responses: Object.keys(item[method]?.responses ?? {}),
        })),
    );
    this.operations = new Map(found.map((operation) => [operation.id, operation]));
  }

  operation(id: string): Operation {
    const operation = this.operations.get(id);
    if (!operation) throw new Error(`There is no operation ${id}`);
    return operation;
  }

  /** What of a body the document does not allow. */
  requestMistakes({ at }: Operation, type: string, body: unknown): string[] {
    const content = this.#resolve(`${at}/requestBody/content`);
    if (!(type in content.value)) return [`${type} is not among ${Object.keys(content.value)}`];
    return this.#mistakes(`${content.at}/${type.replaceAll('/', '~1')}/schema`, body);
  }

  /** What of a reply the document does not tell. */
  replyMistakes({ at, responses }: Operation, { status, headers, text }: Answer): string[] {
    if (!responses.includes(String(status))) return [`${status} is not among ${responses}: ${text.slice(0, 300)}`];
    const { at: found, value } = this.#resolve(`${at}/responses/${status}`);
    return [
      ...this.#headerMistakes(found, value.headers as Json, headers),
      ...this.#bodyMistakes(found, headers, text),
    ];
  }

  #headerMistakes(at: string, told: Json = {}, headers: Answer['headers']): string[] {
    return Object.keys(told).flatMap((name) => {
      const { at: found, value } = this.#resolve(`${at}/headers/${name}`);
      const sent = headers[name.toLowerCase()];
      if (sent === undefined) return value.required ? [`${name} is missing`] : [];
      return this.#mistakes(`${found}/schema`, sent).map((mistake) => `${name}: ${mistake}`);
    });
  }

  #bodyMistakes(at: string, headers: Answer['headers'], text: string): string[] {
    const content = this.#resolve(at).value.content as Json | undefined;
    if (!content) return text === '' ? [] : [`there is a body: ${text.slice(0, 300)}`];
    const type = String(headers['content-type']).split(';')[0] ?? '';
    if (!(type in content)) return [`${type} is not among ${Object.keys(content)}`];
    const body = type === 'application/json' ? JSON.parse(text) : text;
    return this.#mistakes(`${at}/content/${type.replaceAll('/', '~1')}/schema`, body);
  }

  #mistakes(at: string, value: unknown): string[] {
    const { at: found } = this.#resolve(at);
    const validate = this.#ajv.compile({ $ref: `openapi${encodeURI(found)}` });
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  }

  /** The part of the document at a pointer, behind its references. */
  #resolve(at: string): { readonly at: string; readonly value: Json } {
    let pointer = '#';
    let value = this.document;
    for (const name of at.split('/').slice(1)) {
      pointer = `${pointer}/${name}`;
      value = value[name.replaceAll('~1', '/').replaceAll('~0', '~')] as Json;
      if (value === undefined) throw new Error(`${at} leads nowhere`);
      if (typeof value.$ref === 'string') ({ at: pointer, value } = this.#resolve(value.$ref));
    }
    return { at: pointer, value };
  }
}
