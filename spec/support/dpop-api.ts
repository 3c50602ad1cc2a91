import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { type ProtectResourceOptions, protectResource } from '../../index.js';
import { type ProofChanges, ProofMaker } from './dpop.js';
import { exchangeAt, type Received } from './http-exchange.js';
import { basicHeader, issuer, secrets } from './methods.js';
import { type SpecServer, specServer } from './spec-server.js';
import { noteSecret } from './suite-log.js';

type Options = NonNullable<Parameters<typeof specServer>[0]>;
type Guard = Partial<ProtectResourceOptions>;

/** An API behind `protectResource` in Express, with a token bound to `key`, and a clock. */
export class DpopApi {
  /** Milliseconds since 1970. */
  now = 1_800_000_000_000;
  readonly key = new ProofMaker();
  readonly spec: SpecServer;
  readonly #server: Server;

  constructor(options: Options = {}, guard: Guard = {}) {
    this.spec = specServer({ access_token_format: 'jwt', signing_keys: ['ES256'], now: () => this.now, ...options });
    const protect = protectResource({ authorizationServer: this.spec.router, ...guard } as ProtectResourceOptions);
    const answer: express.RequestHandler = ({ auth }, response) => {
      response.json({ cnf: auth?.cnf ?? null, client_id: auth?.client_id });
    };
    const routes = express.Router();
    routes.all('/things{/:id}', express.urlencoded({ extended: false }), protect, answer);
    const app = express();
    app.use(this.spec.router);
    app.use('/api', routes);
    this.#server = createServer(app);
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.spec.router.close();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** A token of a client, bound to this key; undefined: a bearer token. */
  async token(maker: ProofMaker | undefined = this.key, nonce?: string): Promise<string> {
    const form = { grant_type: 'client_credentials', scope: 'read' };
    const headers = { Authorization: basicHeader('basic-client', secrets.basic) };
    const claims = { nonce };
    const DPoP = await maker?.proof('POST', `${issuer}/oauth2/token`, { now: this.now, claims });
    const { status, body } = await this.spec.token(form, { ...headers, ...(DPoP !== undefined && { DPoP }) });
    if (status !== 200) throw new Error(`no token: ${this.spec.last().reason}`);
    return noteSecret(body.access_token);
  }

  async bearerToken(): Promise<string> {
    const form = { grant_type: 'client_credentials', scope: 'read' };
    const { body } = await this.spec.token(form, { Authorization: basicHeader('basic-client', secrets.basic) });
    return noteSecret(body.access_token);
  }

  /** A proof for GET of a path with this token. */
  proof(token: string, path = '/api/things', changes: ProofChanges = {}, maker = this.key): Promise<string> {
    return maker.forToken(token, 'GET', issuer + path, { now: this.now, ...changes });
  }

  get(headers: Record<string, string | readonly string[]>, path = '/api/things', method = 'GET'): Promise<Received> {
    return exchangeAt(this.port, { method, path, headers });
  }

  /** Asks with a token and a proof under the scheme DPoP. */
  async call(token: string, proof: string | undefined, path = '/api/things'): Promise<Received> {
    return this.get({ authorization: `DPoP ${token}`, ...(proof !== undefined && { dpop: proof }) }, path);
  }

  /** Status, public error and private reason. */
  seen({ status, text }: Received): unknown[] {
    const { error } = text === '' ? { error: undefined } : JSON.parse(text);
    return [status, error, this.spec.last().reason];
  }
}
