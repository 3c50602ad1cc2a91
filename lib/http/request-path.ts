import type { IncomingMessage } from 'node:http';

/** A request that Express may have taken a mount path off. */
export type RoutedRequest = IncomingMessage & { readonly originalUrl?: string };

/** The path that was asked for, without query: `originalUrl` is what the client sent, `url` what a mount left of it. */
export function requestPath({ originalUrl, url = '' }: RoutedRequest): string {
  const target = originForm(originalUrl ?? url);
  const question = target.indexOf('?');
  return question === -1 ? target : target.slice(0, question);
}

// RFC 9112 3.2.2: a server accepts the absolute form too. Which host it names does not matter here, but only a plain
// one is taken off: Express reads other authorities differently, and its guards on our paths must see what we see.
function originForm(target: string): string {
  return target.startsWith('/') ? target : target.replace(plainAuthority, '');
}

const plainAuthority = /^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?=[/?]|$)/i;
