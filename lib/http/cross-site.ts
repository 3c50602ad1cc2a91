import type { IncomingMessage } from 'node:http';
import { OAuthError } from '../errors.js';

/**
 * Refuses a post that a page of another site has caused, whatever else it carries (W3C Fetch Metadata 2.2; RFC 6454
 * 7). `issuer` names the only origin our forms come from. Throws `cross_site_post`. A caller that sends neither header
 * is not judged here: the sealed form is.
 */
export function refuseCrossSite({ headers }: IncomingMessage, issuer: string): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) {
    // `none`: the person did it by themselves, by a reload.
    if (site === 'same-origin' || site === 'none') return;
    throw new OAuthError('cross_site_post', { detail: { sec_fetch_site: site } });
  }
  const { origin } = headers;
  // Our pages have Referrer-Policy no-referrer, with which browsers send the origin of a form as `null`.
  if (origin === undefined || origin === 'null' || origin === new URL(issuer).origin) return;
  throw new OAuthError('cross_site_post', { detail: { origin } });
}
