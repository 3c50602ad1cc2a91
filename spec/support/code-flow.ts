import type { RequestListener } from 'node:http';
import type { ClientMetadataInput, SignedInUser } from '../../index.js';
import { exchange } from './http-exchange.js';
import { allClients, clientPerMethod } from './methods.js';
import { noteSecret } from './suite-log.js';

/** RFC 7636 Appendix B. */
const challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const callback = clientPerMethod.none.redirect_uris[0];

const person: SignedInUser = { id: 'u-jane', username: 'jane', email: 'jane@example.com', name: 'Jane' };

/** Options of a `specServer` that has Jane at its browser and asks nobody for consent. */
export const signedIn = {
  clients: allClients.map((client): ClientMetadataInput => {
    return client.token_endpoint_auth_method === 'none' ? { ...client, trusted: true } : client;
  }),
  authenticateUser: () => person,
};

/** A code for the public client. */
export async function freshCode(handler: RequestListener, base = ''): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: 'public-client',
    redirect_uri: callback,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  });
  const sent = { method: 'GET', path: `${base}/oauth2/authorize?${query}`, headers: { 'content-type': undefined } };
  const { headers, status, text } = await exchange(handler, sent);
  const code = headers.location === undefined ? undefined : new URL(headers.location).searchParams.get('code');
  if (!code) throw new Error(`no code: ${status} ${headers.location} ${text}`);
  return noteSecret(code);
}

/** The body that redeems it, without the client_id. */
export function redeeming(code: string): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callback,
    code_verifier: noteSecret('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'),
  };
}
