import type { IssuedSecret } from '../../clients/stored/secret-administration.js';
import type { Workspace } from '../../workspaces/workspace.js';
import { registrableMembers } from './registrable-members.js';

/** What the reply tells beside the metadata. */
export interface ClientFacts {
  readonly clientId: string;
  /** With defaults; members that are an operator's or secret are left out. */
  readonly metadata: Readonly<Record<string, unknown>>;
  /** Seconds since 1970. */
  readonly created: number;
  /** A secret that was just made. */
  readonly secret: IssuedSecret | undefined;
  /** The registration access token to use from now on. */
  readonly token: string;
}

/** The client information response (RFC 7591 3.2.1, RFC 7592 3): all that the client now is. */
export function clientInformation({ urls }: Pick<Workspace, 'urls'>, facts: ClientFacts): Record<string, unknown> {
  const { clientId, metadata, created, secret, token } = facts;
  const { software_statement } = metadata;
  return {
    client_id: clientId,
    client_id_issued_at: created,
    ...(secret && { client_secret: secret.value, client_secret_expires_at: secret.expires_at ?? 0 }),
    registration_access_token: token,
    registration_client_uri: `${urls.register}/${encodeURIComponent(clientId)}`,
    ...registrableMembers(metadata),
    ...(software_statement !== undefined && { software_statement }),
  };
}
