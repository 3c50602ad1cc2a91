import type { ServerResponse } from 'node:http';
import type { ClientMetadataInput, Store, WarningEvent } from '../../index.js';
import type { RevocationOptionsInput } from '../../lib/certificates/revocation/options.js';
import { ca } from './methods.js';
import type { Certificate } from './pki.js';
import { type AnswerOptions, listsAt, makeAnswer, responderAt } from './revocation-authority.js';
import { type RevocationServer, revocationServer } from './revocation-server.js';
import { type Identity, refused, type TlsWorld, tlsWorld } from './tls-world.js';

const client: ClientMetadataInput = {
  client_id: 'revocable',
  token_endpoint_auth_method: 'tls_client_auth',
  tls_client_auth_subject_dn: 'CN=revocable',
  grant_types: ['client_credentials'],
  scope: 'read',
};

/** A CA's server for lists and OCSP, and authorization servers that ask it about their one client. */
export class RevocationSite {
  readonly authority: RevocationServer;
  /** Milliseconds by which the clock of the authorization servers is ahead. */
  clock = 0;
  #worlds: TlsWorld[] = [];

  private constructor(authority: RevocationServer) {
    this.authority = authority;
  }

  static async start(): Promise<RevocationSite> {
    return new RevocationSite(await revocationServer());
  }

  /** A server that has asked nobody yet. `allow`: whether the authority's private address is an exception, or who is. */
  async world(
    revocation: RevocationOptionsInput,
    { store, allow = true }: { readonly store?: Store; readonly allow?: boolean | string } = {},
  ): Promise<TlsWorld> {
    const world = await tlsWorld({
      clients: [client],
      revocation,
      now: () => Date.now() + this.clock,
      outbound: { allow_private_hosts: allow === true ? [this.authority.host] : allow ? [allow] : [] },
      ...(store && { store }),
    });
    this.#worlds.push(world);
    return world;
  }

  /** A certificate of the client, naming the authority as its responder and its place for lists. */
  certificate(options: { issuer?: Certificate; ocsp?: boolean; crl?: boolean; host?: string } = {}): Certificate {
    const { issuer = ca, ocsp = true, crl = true, host = this.authority.host } = options;
    return issuer.issue({
      subject: 'CN=revocable',
      extensions: [
        ...(ocsp ? [responderAt(`http://${host}/ocsp`)] : []),
        ...(crl ? [listsAt(`http://${host}/ca.crl`)] : []),
      ],
    });
  }

  /** As it was at the start, for the next spec. */
  async reset(): Promise<void> {
    await Promise.all(this.#worlds.map((world) => world.stop()));
    this.#worlds = [];
    this.clock = 0;
    this.authority.requests.length = 0;
  }

  close(): Promise<void> {
    return this.authority.close();
  }
}

/** How the client fares with a certificate. */
export async function verdict(world: TlsWorld, identity: Identity) {
  return world.verdict(await world.ask({ client_id: client.client_id }, identity));
}

export const warnings = ({ events }: TlsWorld) =>
  events.filter((event): event is WarningEvent => event.event === 'warning');

/** Of the last outcome. */
export const detail = ({ last }: TlsWorld) => last().detail;

export const revoked = refused('certificate_revoked');
export const unknown = refused('certificate_revocation_unknown');

/** The answer of the CA about one certificate. */
export const answering =
  (identity: Certificate, options: AnswerOptions = {}) =>
  () =>
    makeAnswer(identity, ca, options);

export const status = (code: number) => (response: ServerResponse) => {
  response.writeHead(code).end();
};
