import { createHash } from 'node:crypto';
import type { AuthorizationServer } from './authorization-server.js';
import { newSecret } from './browser.js';
import type { Memory, Session } from './memory.js';

const scope = 'openid profile email read';

/** How the way back from the server ended. */
export type Ending =
  | { readonly session: Session }
  /** The server, or the person, said no. */
  | { readonly error: string }
  /** Nothing that began in this browser. */
  | 'not-ours';

/** The authorization code grant, from here to the server and back (RFC 6749 4.1, with PKCE). */
export class Authorization {
  readonly #server: AuthorizationServer;
  readonly #memory: Memory;

  constructor(server: AuthorizationServer, memory: Memory) {
    this.#server = server;
    this.#memory = memory;
  }

  /** Where to send the browser to sign in with a one-time code. Rejects with WireError. */
  async begin(browser: string, extendedCode: string): Promise<string> {
    const [state, nonce, verifier] = [newSecret(), newSecret(), newSecret()];
    const url = await this.#server.authorizationUrl({
      scope,
      state,
      nonce,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      authentication_code: extendedCode,
    });
    await this.#memory.saveTransaction(state, { browser, verifier, nonce });
    return url;
  }

  /** Reads what the browser brought back. Rejects with WireError. */
  async end(browser: string | undefined, query: Readonly<Record<string, unknown>>): Promise<Ending> {
    const { state, code, error, iss } = query;
    const transaction = typeof state === 'string' ? await this.#memory.takeTransaction(state, browser) : undefined;
    // RFC 9207 2.4: an answer of another server is none of ours.
    if (!transaction || (iss !== undefined && iss !== this.#server.facts.issuer)) return 'not-ours';
    if (typeof error === 'string') return { error };
    if (typeof code !== 'string') return 'not-ours';
    const { accessToken, idToken, scope: granted } = await this.#server.redeem(code, transaction.verifier);
    const claims = await this.#server.verifyIdToken(idToken, transaction.nonce);
    return { session: { accessToken, idToken, scope: granted, claims } };
  }
}
