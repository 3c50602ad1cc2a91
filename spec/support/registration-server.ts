import request, { type Test } from 'supertest';
import { memoryStore } from '../../lib/stores/memory.js';
import { newSecret } from './methods.js';
import { type SpecServer, specServer } from './spec-server.js';
import { noteSecret } from './suite-log.js';

type Options = NonNullable<Parameters<typeof specServer>[0]>;
type Members = Readonly<Record<string, unknown>>;

/** The initial access token of these servers. */
export const initialToken = newSecret();

/** What a client that registers sends at least. */
export const webMembers = { redirect_uris: ['https://app.example.com/cb'] };
export const machineMembers = {
  grant_types: ['client_credentials'],
  token_endpoint_auth_method: 'client_secret_post',
  scope: 'read',
};

/** A client that has registered itself. */
export interface Registered {
  readonly client_id: string;
  readonly client_secret: string;
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
  readonly [member: string]: unknown;
}

/** A server where clients register themselves. */
export class RegistrationServer {
  readonly spec: SpecServer;

  constructor({ registration, ...options }: Options = {}) {
    this.spec = specServer({
      store: memoryStore(),
      registration: { enabled: true, initial_access_tokens: [initialToken], ...registration },
      ...options,
    });
  }

  /** Without a token where `token` is null. */
  register(members: unknown, token: string | null = initialToken): Test {
    const sent = request(this.spec.router).post('/oauth2/register').set('Content-Type', 'application/json');
    if (token !== null) void sent.set('Authorization', `Bearer ${token}`);
    return sent.send(typeof members === 'string' ? members : JSON.stringify(members));
  }

  async registered(members: Members): Promise<Registered> {
    const { status, body } = await this.register(members);
    if (status !== 201) throw new Error(`not registered: ${status} ${JSON.stringify(body)}`);
    return noteSecrets(body);
  }

  /** A request to the client configuration endpoint, by the client's own token unless told otherwise. */
  manage(
    method: 'get' | 'put' | 'delete',
    { registration_client_uri, registration_access_token }: Registered,
    members?: Members,
    token: string | null = registration_access_token,
  ): Test {
    const sent = request(this.spec.router)[method](new URL(registration_client_uri).pathname);
    if (token !== null) void sent.set('Authorization', `Bearer ${token}`);
    return members ? sent.send(members) : sent;
  }

  /** A token request by secret in the body. */
  token({ client_id, client_secret }: Registered, more: Record<string, string> = {}): Test {
    return this.spec.token({ grant_type: 'client_credentials', client_id, client_secret, ...more });
  }

  /** The public error of a refusal, its words, and its private reason. */
  async refusal(pending: Test) {
    const { status, body, headers } = await pending;
    return {
      status,
      error: body.error,
      description: String(body.error_description),
      reason: this.spec.last().reason,
      challenge: headers['www-authenticate'],
    };
  }
}

/** The specs prove that no log has what was told here. */
export function noteSecrets(body: Members): Registered {
  for (const member of ['client_secret', 'registration_access_token']) {
    if (typeof body[member] === 'string') noteSecret(body[member]);
  }
  return body as unknown as Registered;
}
