import { createHash } from 'node:crypto';
import type { AuthorizationServer } from './authorization-server.js';
import { newSecret } from './browser.js';
import type { Memory, Session } from './memory.js';
import type { Visit } from './visit.js';

const scope = 'openid profile email read';

/** How the way back from the server ended. */
export type Ending =
  | { readonly session: Session }
  /** The server, or the person, said no. */
  | { readonly error: string }
  /** Nothing that began in this browser. */
  | 'not-ours';

/** What an authorization request says of the person. */
export interface Person {
  /** An extended one-time code: instead of a login. */
  readonly authentication_code?: string;
  /** An address for the server's own login page. */
  readonly login_hint?: string;
}

/** The authorization code grant, from here to the server and back (RFC 6749 4.1, with PKCE). */
export class Authorization {
  readonly #server: AuthorizationServer;
  readonly #memory: Memory;

  constructor(server: AuthorizationServer, memory: Memory) {
    this.#server = server;
    this.#memory = memory;
  }

  /** Where to send the browser. The visit then holds the transaction. Rejects with WireError. */
  async begin(visit: Visit, person: Person): Promise<string> {
    const [state, nonce, verifier] = [newSecret(), newSecret(), newSecret()];
    const url = await this.#server.authorizationUrl({
      scope,
      state,
      nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...person,
    });
    visit.begin({ state, nonce, verifier });
    return url;
  }

  /** Reads what the browser brought back. Rejects with WireError. */
  async end(visit: Visit, query: Readonly<Record<string, unknown>>): Promise<Ending> {
    const { state, code, error, iss } = query;
    const transaction = typeof state === 'string' ? visit.take(state) : undefined;
    if (!transaction || !(await this.#memory.isFirstAnswer(transaction.state))) return 'not-ours';
    // RFC 9207 2.4: an answer of another server is none of ours.
    if (iss !== undefined && iss !== this.#server.facts.issuer) return 'not-ours';
    if (typeof error === 'string') return { error };
    if (typeof code !== 'string') return 'not-ours';
    const { accessToken, idToken, scope: granted } = await this.#server.redeem(code, transaction.verifier);
    const claims = await this.#server.verifyIdToken(idToken, transaction.nonce);
    return { session: { accessToken, idToken, scope: granted, claims } };
  }
}
