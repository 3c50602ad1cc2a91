import type { AuthorizationServer, GeneratedCode } from './authorization-server.js';
import type { Memory } from './memory.js';

/** How codes reach people. */
export interface Post {
  /** Resolves when mail could be sent now. */
  ready(): Promise<void>;
  /** Takes over a mail with a code and the link that carries it. Never rejects. */
  post(address: string, code: string, link: string): Promise<void>;
}

/** What became of a request for a code, as far as it may be told: the same for every address, and whoever asked before. */
export type Outcome = 'asked' | 'no-mail';

/** Gets codes from the server and mails them. */
export class CodeSender {
  readonly #server: AuthorizationServer;
  readonly #memory: Memory;
  readonly #post: Post;
  readonly #linkUrl: string;
  readonly #onFailure: (thrown: unknown) => void;

  /** `linkUrl`: the page a link leads to. */
  constructor(parts: {
    readonly server: AuthorizationServer;
    readonly memory: Memory;
    readonly post: Post;
    readonly linkUrl: string;
    readonly onFailure: (thrown: unknown) => void;
  }) {
    this.#server = parts.server;
    this.#memory = parts.memory;
    this.#post = parts.post;
    this.#linkUrl = parts.linkUrl;
    this.#onFailure = parts.onFailure;
  }

  /**
   * Answers before it is known whether anybody has this address, so that the time does not tell. The link carries
   * `requestId`, by which the browser that asked knows it again.
   */
  async request(address: string, requestId: string): Promise<Outcome> {
    try {
      // A new code ends the one before. Without a mail server there is no new one.
      await this.#post.ready();
    } catch (thrown) {
      this.#onFailure(thrown);
      return 'no-mail';
    }
    if (await this.#memory.maySend(address)) setImmediate(() => void this.#send(address, requestId));
    return 'asked';
  }

  async #send(address: string, requestId: string): Promise<void> {
    try {
      const generated = await this.#server.generateCode(address);
      if (!generated) return;
      // Before the mail goes: its code may be typed at once.
      await this.#memory.name(address, userOf(generated));
      const query = new URLSearchParams({ extended_code: generated.extendedCode, request: requestId });
      await this.#post.post(address, generated.code, `${this.#linkUrl}?${query}`);
    } catch (thrown) {
      this.#onFailure(thrown);
    }
  }
}

/** An extended code is base64url of the user's id, a colon and the code. */
export function extendedCode(user: string, code: string): string {
  return Buffer.from(`${user}:${code}`).toString('base64url');
}

/** The plain code within an extended one; undefined when it is none. */
export function codeWithin(extended: string): string | undefined {
  if (!/^[\w-]{4,600}$/.test(extended)) return undefined;
  return /^[\x21-\x7E]+:([A-Za-z0-9]{1,80})$/.exec(Buffer.from(extended, 'base64url').toString())?.[1];
}

function userOf({ code, extendedCode: extended }: GeneratedCode): string {
  return Buffer.from(extended, 'base64url').toString().slice(0, -`:${code}`.length);
}
