import { createHash, timingSafeEqual } from 'node:crypto';
import type { RequestHandler } from 'express';

/** The bearer tokens of operators (`admin_tokens`). */
export class AdminTokens {
  readonly #digests: readonly Buffer[];

  constructor(tokens: readonly string[]) {
    this.#digests = tokens.map(digest);
  }

  get exist(): boolean {
    return this.#digests.length > 0;
  }

  /** Compares with every token, whichever fits: the time tells nothing of them. */
  includes(token: string): boolean {
    const presented = digest(token);
    return this.#digests.filter((each) => timingSafeEqual(each, presented)).length > 0;
  }

  /** Lets requests with one of them through; all others are answered 401 (RFC 6750 3). */
  readonly guard: RequestHandler = (request, response, next) => {
    const [authorization, second] = request.headersDistinct.authorization ?? [];
    const token = /^Bearer +([\w.~+/-]+=*)$/i.exec(authorization ?? '')?.[1];
    if (token !== undefined && second === undefined && this.includes(token)) {
      next();
      return;
    }
    const error = authorization === undefined ? '' : ', error="invalid_token"';
    response.status(401).set('WWW-Authenticate', `Bearer realm="admin"${error}`).json({ error: 'invalid_token' });
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
