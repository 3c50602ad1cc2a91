import type { IncomingMessage } from 'node:http';
import { OAuthError } from '../errors.js';
import type { Soon } from '../soon.js';
import { Form, formFromJson, formFromParsedBody, parseForm, parseJsonForm } from './form.js';
import { longestBody } from './limits.js';

/** A request whose body a parser of the host may have read already. */
export type BodyRequest = IncomingMessage & { body?: unknown };

export interface BodyOptions {
  /** Also read `application/json`: a flat object of strings. */
  readonly acceptJson?: boolean;
}

/**
 * The parameters of the body (RFC 6749 App. B): of `request.body` where a parser has run, of the stream otherwise.
 * Throws or rejects with `media_type_unsupported`, `body_malformed`, `body_too_large` or `body_already_consumed`.
 */
export function readForm(request: BodyRequest, { acceptJson = false }: BodyOptions = {}): Soon<Form> {
  const json = isJson(request, acceptJson);
  const { body } = request;
  if (body !== undefined && (request.readableDidRead || !isEmptyObject(body))) {
    return json && !isText(body) ? formFromJson(body) : json ? parseJsonForm(body as Buffer) : formFromParsedBody(body);
  }
  // An empty body that a parser has read to its end: nothing more will ever come.
  if (request.readableEnded && !request.readableDidRead) return new Form();
  if (request.readableDidRead) {
    throw new OAuthError('body_already_consumed', {
      detail: {
        fix: 'Something read the request body and kept it. Mount the router before it, or let it set request.body (express.urlencoded does).',
      },
    });
  }
  return readBytes(request).then((bytes) => {
    if (bytes.length === 0) return new Form();
    return json ? parseJsonForm(bytes) : parseForm(bytes);
  });
}

// Parsers of Express 4 set an empty body on requests they do not read.
function isEmptyObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && !Buffer.isBuffer(body) && Object.keys(body).length === 0;
}

function isText(body: unknown): body is string | Buffer {
  return typeof body === 'string' || Buffer.isBuffer(body);
}

const formType = 'application/x-www-form-urlencoded';

/** Whether the request says that its body is a form. */
export function isForm(request: IncomingMessage): boolean {
  return mediaType(request) === formType;
}

function mediaType({ headers: { 'content-type': contentType = '' } }: IncomingMessage): string {
  const semicolon = contentType.indexOf(';');
  return (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase();
}

/** Whether the body is JSON; throws for every type and coding that is not read here. */
function isJson(request: IncomingMessage, acceptJson: boolean): boolean {
  const { 'content-type': contentType, 'content-encoding': coding = 'identity' } = request.headers;
  const type = mediaType(request);
  const json = acceptJson && type === 'application/json';
  if ((json || type === formType) && coding.toLowerCase() === 'identity') return json;
  throw new OAuthError('media_type_unsupported', {
    detail: { content_type: contentType ?? null, content_encoding: coding },
  });
}

/** The body of the stream. Rejects with `body_malformed` or `body_too_large`. */
export function readBytes(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const cutShort = (cause?: unknown) =>
      reject(new OAuthError('body_malformed', { detail: { what: 'ended too early' }, cause }));
    const closed = () => cutShort();
    // No event will tell of a connection that was gone before we came.
    if (request.destroyed) {
      cutShort();
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    const collect = (chunk: Buffer) => {
      length += chunk.length;
      if (length > longestBody) tooLarge();
      else chunks.push(chunk);
    };
    const tooLarge = () => {
      request.off('data', collect);
      request.resume();
      reject(new OAuthError('body_too_large', { detail: { limit: longestBody } }));
    };
    if (Number(request.headers['content-length']) > longestBody) {
      tooLarge();
      return;
    }
    request.on('data', collect);
    request.on('end', () => {
      // Every request closes at last, and a failure that nobody hears of costs its stack trace all the same.
      request.off('close', closed);
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
    });
    // The caller going away is no failure of ours.
    request.on('error', cutShort);
    request.on('close', closed);
  });
}
