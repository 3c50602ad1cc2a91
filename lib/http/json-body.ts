import { OAuthError } from '../errors.js';
import { type BodyRequest, isForm, readBytes } from './request-body.js';
import { parseStrictJson } from './strict-json.js';

/**
 * The JSON object of a body, as its own members. Also when the request calls it a form, as curl's `--data` does unless
 * told otherwise. Rejects with `media_type_unsupported`, `body_malformed`, `body_too_large` or `body_already_consumed`.
 */
export async function readJsonObject(request: BodyRequest): Promise<ReadonlyMap<string, unknown>> {
  requireJson(request);
  const { body } = request;
  const text = isText(body) ? body : request.readableDidRead ? undefined : await readBytes(request);
  if (text !== undefined && text.length > 0) return parse(text);
  // A form parser of the host would have made parameters of what was no form.
  if (typeof body === 'object' && body !== null && !isText(body) && !isForm(request)) return members(body);
  if (text === undefined) throw new OAuthError('body_already_consumed', { detail: { fix } });
  throw malformed('is empty');
}

const fix = 'Something read the request body as a form or kept it. Mount the router before it.';

function requireJson(request: BodyRequest): void {
  const { 'content-type': contentType = '', 'content-encoding': coding = 'identity' } = request.headers;
  const json = /^\s*application\/json\s*(;|$)/i.test(contentType);
  if ((json || contentType === '' || isForm(request)) && coding.toLowerCase() === 'identity') return;
  throw new OAuthError('media_type_unsupported', {
    description: 'Send the members as application/json.',
    detail: { content_type: contentType, content_encoding: coding },
  });
}

function isText(body: unknown): body is string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body);
}

function parse(encoded: string | Buffer): ReadonlyMap<string, unknown> {
  const json = parseStrictJson(encoded);
  if (!json.ok) throw malformed(json.problem);
  return members(json.value);
}

/** Levels. What walks through a value by recursion must come to its end. */
const deepest = 32;

function isDeeperThan(levels: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((each) => isDeeperThan(levels - 1, each));
}

function members(body: unknown): ReadonlyMap<string, unknown> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw malformed('is not a JSON object');
  if (isDeeperThan(deepest, body)) throw malformed('is nested too deeply');
  return new Map(Object.entries(body));
}

function malformed(what: string): OAuthError {
  return new OAuthError('body_malformed', { description: `The request body ${what}.`, detail: { what } });
}
