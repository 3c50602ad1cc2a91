import { randomUUID } from 'node:crypto';
import type { Grant } from './grant.js';

/** What a client asks for itself. `expiresIn`: seconds that the access token shall live at most. */
export interface MachineScopes {
  readonly scopes: readonly string[];
  readonly expiresIn?: number;
}

/** A token whose subject is the client (RFC 9068 2.2). Never a refresh or ID token. */
export function issueToClient(grantType: string): Grant<MachineScopes>['issue'] {
  return ({ client, certificate, jkt, resource, receivedAt: asOf }, { scopes, expiresIn }, { tokens }) => {
    const order = { grantType, client, scopes, resource, grantId: randomUUID(), certificate, jkt, asOf };
    return tokens.mint(expiresIn === undefined ? order : { ...order, expiresIn });
  };
}
