import { curlOptions } from '../../demo/curl.js';
import type { PlaygroundFacts } from '../facts.js';
import type { TokenRequest } from './token-request.js';

/** The request as a command that works in any directory of the server's machine. */
export function curlCommand(request: TokenRequest, { authorityPath, certificates }: PlaygroundFacts): string {
  const certificate = certificates.find(({ name }) => name === request.certificate);
  const headers = request.headers.filter(([name]) => name !== 'Content-Type');
  const user = headers.map(([, value]) => /^Basic (.+)$/.exec(value)?.[1]).find((basic) => basic !== undefined);
  const others = headers.filter(([name]) => name !== 'Authorization').map((header) => header.join(': '));
  return curlOptions(request.url, {
    authorityPath,
    literal: true,
    ...(user !== undefined && { user: atob(user) }),
    ...(certificate && { certificate }),
    headers: others,
    form: Object.fromEntries(request.parameters),
  }).join(' \\\n  ');
}
