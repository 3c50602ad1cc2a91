import type { PlaygroundFacts } from '../facts.js';
import { decodeJwt } from './jwt.js';
import type { TokenRequest } from './token-request.js';

/** What a request presents of its client, as people read it: what is encoded is decoded. */
export function presented(request: TokenRequest, { certificates }: PlaygroundFacts): string {
  const parameters = new Map(request.parameters);
  const headers = new Map(request.headers);
  const basic = /^Basic (.+)$/.exec(headers.get('Authorization') ?? '')?.[1];
  const certificate = certificates.find(({ name }) => name === request.certificate);
  const lines = [
    ['client_id', parameters.get('client_id')],
    ['client_secret', parameters.get('client_secret')],
    ['Authorization: Basic', basic && atob(basic)],
    ['client_assertion', decoded(parameters.get('client_assertion'))],
    ['certificate', request.sender === 'server' ? certificate?.label : request.certificate && 'what your browser has'],
    ['DPoP', decoded(headers.get('DPoP'))],
  ];
  return lines.flatMap(([name, value]) => (value ? [`${name}: ${value}`] : [])).join('\n');
}

function decoded(jwt: string | undefined): string | undefined {
  const parts = jwt === undefined ? undefined : decodeJwt(jwt);
  return parts && JSON.stringify(parts, undefined, 2);
}
