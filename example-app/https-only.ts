import type { RequestListener } from 'node:http';
import { isLoopbackHost } from './loopback.js';

/** Seconds a browser keeps to https: a year. */
const policy = 'max-age=31536000';

/** Every answer tells browsers to come by https alone (RFC 6797), unless the host is this machine's own. */
export function httpsOnly(host: string, handle: RequestListener): RequestListener {
  // On localhost it would take plain HTTP from every other program of this machine.
  if (isLoopbackHost(host)) return handle;
  return (request, response) => {
    response.setHeader('Strict-Transport-Security', policy);
    handle(request, response);
  };
}
