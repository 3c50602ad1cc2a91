import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Request, Response } from 'express';
import type { Sealing } from '../sealing.js';
import { Visit } from './visit.js';

const visitCookie = '__Host-sign-in';
const sessionCookie = '__Host-signed-in';
const visitSeconds = 86_400;

/** What we keep in browsers: a sealed visit, and the secret of a session. */
export class Browsers {
  readonly #sealing: Sealing;

  constructor(sealing: Sealing) {
    this.#sealing = sealing;
  }

  /** What this browser was here for before; a new visit when it was not here. */
  visit(request: Request): Visit {
    const sealed = readCookie(request, visitCookie);
    return Visit.read(sealed === undefined ? undefined : this.#sealing.open(sealed), newSecret());
  }

  /** Puts a visit into the browser, sealed: it holds addresses and PKCE verifiers. */
  keep(visit: Visit, response: Response): void {
    response.append('Set-Cookie', hostCookie(visitCookie, this.#sealing.seal(visit.contents), visitSeconds));
  }

  /** What a form of ours carries, for this browser. */
  formToken({ id }: Visit): string {
    return this.#sealing.tag(`form ${id}`);
  }

  /** Whether a form was sent from our page, in the browser that got it (RFC 6749 10.12). */
  sentOwnForm(request: Request): boolean {
    const site = request.headers['sec-fetch-site'];
    // `none`: the person did it by themselves, by a reload.
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return false;
    const sent: unknown = request.body?.form_token;
    if (typeof sent !== 'string') return false;
    const expected = Buffer.from(this.formToken(this.visit(request)));
    const presented = Buffer.from(sent);
    return presented.length === expected.length && timingSafeEqual(presented, expected);
  }

  /** Begins a session under a new secret, and answers its tag. */
  beginSession(response: Response, seconds: number): string {
    const secret = newSecret();
    response.append('Set-Cookie', hostCookie(sessionCookie, secret, seconds));
    return this.#sessionTag(secret);
  }

  /** The tag of this browser's session. */
  session(request: Request): string | undefined {
    const secret = readCookie(request, sessionCookie);
    return secret === undefined ? undefined : this.#sessionTag(secret);
  }

  endSession(response: Response): void {
    response.append('Set-Cookie', hostCookie(sessionCookie, '', 0));
  }

  #sessionTag(secret: string): string {
    return this.#sealing.tag(`session ${secret}`);
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
  // Not `trim`: it takes U+00A0 too, with which a sibling host could begin a name of ours.
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.replace(/^[ \t]+/, ''));
  const values = pairs.filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));
  const [value] = values;
  return values.length === 1 && value !== undefined && /^[\w-]{43,4096}$/.test(value) ? value : undefined;
}
