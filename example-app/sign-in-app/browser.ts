import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Sealing } from '../sealing.js';

const browserCookie = '__Host-sign-in';
const sessionCookie = '__Host-signed-in';
const browserSeconds = 86_400;

/** Tells browsers apart, so that a form and a callback count only where they began (RFC 6749 10.12). */
export class Browsers {
  readonly #sealing: Sealing;

  constructor(sealing: Sealing) {
    this.#sealing = sealing;
  }

  /** The tag of this browser, which gets one when it has none. */
  tag(request: Request, response: Response): string {
    const known = this.knownTag(request);
    if (known !== undefined) return known;
    const secret = newSecret();
    response.append('Set-Cookie', hostCookie(browserCookie, secret, browserSeconds));
    return this.#tag(secret);
  }

  /** The tag of a browser that was here before. */
  knownTag(request: Request): string | undefined {
    const secret = readCookie(request, browserCookie);
    return secret === undefined ? undefined : this.#tag(secret);
  }

  /** What a form of ours carries, for this browser. */
  formToken(browser: string): string {
    return this.#sealing.tag(`form ${browser}`);
  }

  /** Whether a form was sent from our page, in the browser that got it. */
  sentOwnForm(request: Request): boolean {
    const site = request.headers['sec-fetch-site'];
    // `none`: the person did it by themselves, by a reload.
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
    const browser = this.knownTag(request);
    const sent: unknown = request.body?.form_token;
    if (browser === undefined || typeof sent !== 'string') return false;
    const expected = Buffer.from(this.formToken(browser));
    const presented = Buffer.from(sent);
    return presented.length === expected.length && timingSafeEqual(presented, expected);
  }

  /** Begins a session under a new secret, and answers its tag. */
  beginSession(response: Response, seconds: number): string {
    const secret = newSecret();
    response.append('Set-Cookie', hostCookie(sessionCookie, secret, seconds));
    return this.#tag(secret);
  }

  /** The tag of this browser's session. */
  session(request: Request): string | undefined {
    const secret = readCookie(request, sessionCookie);
    return secret === undefined ? undefined : this.#tag(secret);
  }

  endSession(response: Response): void {
    response.append('Set-Cookie', hostCookie(sessionCookie, '', 0));
  }

  #tag(secret: string): string {
    return this.#sealing.tag(`browser ${secret}`);
  }
}

/** 256 random bits, base64url. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

function hostCookie(name: string, value: string, seconds: number): string {
  return `${name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; Secure; SameSite=Lax`;
}

/** A cookie of ours. Which of two with one name is ours cannot be told, so then there is none (RFC 6265 5.4). */
function readCookie(request: Request, name: string): string | undefined {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim());
  const values = pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined && /^[\w-]{43}$/.test(value) ? value : undefined;
}
