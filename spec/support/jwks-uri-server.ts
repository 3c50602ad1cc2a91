import type { JsonWebKey } from 'node:crypto';
import { type Outcome, present } from './assertion-requests.js';
import { type ClientKeyPair, clientKey } from './client-keys.js';
import { type DocumentServer, documentServer, json } from './document-server.js';
import { type allClients, assertion, clientPerMethod } from './methods.js';
import { type SpecServer, specServer } from './spec-server.js';

export const [first, second, third] = [1, 2, 3].map((number) => clientKey('P-256', { kid: `key-${number}` })) as [
  ClientKeyPair,
  ClientKeyPair,
  ClientKeyPair,
];

/** An authorization server and, on 127.0.0.1, the documents its client `remote` publishes. The clock stands still. */
export class JwksUriServer {
  readonly documents: DocumentServer;
  server: SpecServer;
  /** Milliseconds since 1970. */
  now = 1_800_000_000_000;

  constructor(documents: DocumentServer) {
    this.documents = documents;
    this.server = this.serving();
  }

  /** With the first key published. */
  static async start(): Promise<JwksUriServer> {
    return new JwksUriServer(await documentServer(json({ keys: [first.jwk] })));
  }

  stop(): Promise<void> {
    return this.documents.close();
  }

  /** A server whose client `remote` has this jwks_uri; that of the client `other` is at `/other`. */
  serving(uri = this.documents.url(), options: Parameters<typeof specServer>[0] = {}): SpecServer {
    const client = (client_id: string, jwks_uri: string) => ({
      ...clientPerMethod.private_key_jwt,
      client_id,
      jwks: undefined,
      jwks_uri,
    });
    const clients = [
      client('remote', uri),
      client('other', this.documents.url('/other')),
      clientPerMethod.private_key_jwt,
      clientPerMethod.client_secret_jwt,
    ];
    return specServer({
      clients: clients as unknown as typeof allClients,
      outbound: { allow_private_hosts: [this.documents.host], ca: this.documents.ca },
      now: () => this.now,
      ...options,
    });
  }

  /** An assertion signed by one of the keys. */
  make(pair: ClientKeyPair, kid: string | undefined = pair.jwk.kid as string, client = 'remote'): Promise<string> {
    return assertion(client, { header: { kid }, key: pair.privateKey, now: this.now });
  }

  /** Sends one as the client `remote`. */
  async use(pair: ClientKeyPair, kid?: string): Promise<Outcome> {
    return present(this.server, await this.make(pair, kid));
  }

  publish(keys: JsonWebKey[], headers: Record<string, string> = {}): void {
    this.documents.answer = json({ keys }, headers);
  }

  /** How many requests for documents there were. */
  get fetches(): number {
    return this.documents.requests.length;
  }

  later(seconds: number): void {
    this.now += seconds * 1000;
  }
}
