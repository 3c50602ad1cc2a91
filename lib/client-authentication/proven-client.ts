import type { IncomingMessage } from 'node:http';
import type { ClientCertificate } from '../certificates/client-certificate.js';
import type { ClientMetadata } from '../clients/metadata.js';
import type { ClientAuthentication } from './authenticator.js';

/** What `req.clientAuth` holds. */
export interface ProvenClient {
  /** The client's metadata, RFC 7591 names verbatim, without secrets. */
  readonly client: ClientMetadata;
  /** The method it authenticated with; `none` for a public client. */
  readonly method: string;
  /** The certificate of the connection, if there was one. */
  readonly certificate?: ClientCertificate;
}

declare global {
  namespace Express {
    interface Request {
      /** Set by the strategies, `authenticateClient` and the router once a client has authenticated. */
      clientAuth?: ProvenClient;
    }
  }
}

/** What may be told of it. */
export function provenFacts({ client, method, secretId }: ClientAuthentication) {
  return { client_id: client.id, method, ...(secretId !== undefined && { secret_id: secretId }) };
}

/** Sets `request.clientAuth` and answers it. */
export function noteProvenClient(
  request: IncomingMessage & { clientAuth?: ProvenClient },
  { client, method, certificate }: ClientAuthentication,
): ProvenClient {
  const proven = certificate ? { client: client.metadata, method, certificate } : { client: client.metadata, method };
  request.clientAuth = proven;
  return proven;
}
