import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { parse, serialize } from './cookies.js';

/** A person who signed in at this browser. */
export interface Session {
  readonly tenant: string;
  readonly pool: string;
  readonly user: string;
  /** Seconds since 1970. */
  readonly authTime: number;
}

const sessionCookie = '__Host-session';
const formCookie = '__Host-sign-in';
const lifetimeSeconds = 28_800;

/** Sessions that live in the browser, in cookies only this server can make. */
export class Sessions {
  readonly #keys: readonly Buffer[];

  /** `secretKeys`: base64, newest first. Cookies made under an older one stay good. */
  constructor(secretKeys: readonly string[]) {
    this.#keys = secretKeys.map((key) =>
      Buffer.from(hkdfSync('sha256', Buffer.from(key, 'base64'), '', 'example-app sessions', 32)),
    );
  }

  /** The value of a Set-Cookie header. */
  begin(session: Session): string {
    return serialize(sessionCookie, this.#seal(session), lifetimeSeconds);
  }

  /** The session of a request's Cookie header, or undefined. `now` in seconds. */
  read(cookieHeader: string | undefined, now: number): Session | undefined {
    const session = this.#open(parse(cookieHeader).get(sessionCookie));
    return session && session.authTime <= now && now - session.authTime < lifetimeSeconds ? session : undefined;
  }

  /** A form's secret, bound to the browser by a cookie (CON-01). `setCookie` is absent when the browser has it. */
  formToken(cookieHeader: string | undefined, purpose: string): { token: string; setCookie: string | undefined } {
    const known = parse(cookieHeader).get(formCookie);
    const browser = known ?? randomBytes(32).toString('base64url');
    const setCookie = known === undefined ? serialize(formCookie, browser, lifetimeSeconds) : undefined;
    return { token: this.#mac(`form ${browser} ${purpose}`).toString('base64url'), setCookie };
  }

  /** Whether `token` is the secret of this browser's form. */
  isFormToken(token: string, cookieHeader: string | undefined, purpose: string): boolean {
    const browser = parse(cookieHeader).get(formCookie);
    return browser !== undefined && this.#isMac(`form ${browser} ${purpose}`, token);
  }

  #seal(session: Session): string {
    const body = Buffer.from(JSON.stringify(session)).toString('base64url');
    return `${body}.${this.#mac(`session ${body}`).toString('base64url')}`;
  }

  #open(sealed: string | undefined): Session | undefined {
    const [body = '', mac = ''] = sealed?.split('.') ?? [];
    if (!this.#isMac(`session ${body}`, mac)) return undefined;
    return JSON.parse(Buffer.from(body, 'base64url').toString());
  }

  #mac(text: string, key = this.#keys[0]): Buffer {
    if (key === undefined) throw new TypeError('Sessions need a key');
    return createHmac('sha256', key).update(text).digest();
  }

  #isMac(text: string, presented: string): boolean {
    const bytes = Buffer.from(presented, 'base64url');
    return this.#keys.some((key) => bytes.length === 32 && timingSafeEqual(bytes, this.#mac(text, key)));
  }
}
