import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostCookie, readCookie } from './cookies.js';

const browserCookie = '__Host-authorization-browser';

/** The name we gave this browser, or undefined: it has none, or one that we cannot have given. */
export function browserOf(request: IncomingMessage): string | undefined {
  const value = readCookie(request, browserCookie);
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? value : undefined;
}

/**
 * The same, and a new name in a cookie for a browser that has none. One name for every tab, so that one page does not
 * spoil another. It says nothing of who is there: forms are bound to it, so that they work in this browser alone.
 */
export function browserNamedBy(request: IncomingMessage, response: ServerResponse): string {
  return browserOf(request) ?? newBrowser(response);
}

function newBrowser(response: ServerResponse): string {
  const browser = randomBytes(32).toString('base64url');
  // Beside the cookies that the host's own hook has set.
  response.appendHeader('Set-Cookie', hostCookie(browserCookie, browser));
  return browser;
}
