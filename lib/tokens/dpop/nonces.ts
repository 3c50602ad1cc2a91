import type { SecretKeys } from '../../secret-keys.js';

/** Seconds. A nonce is good for the rest of its slot and the whole of the next one. */
const slotSeconds = 120;

/** Seconds that a proof with a nonce can be accepted for at most, whatever the clocks. */
export const longestNonceLife = 2 * slotSeconds + 120;

/** Whose nonces they are: one given by the token endpoint must not serve at an API (RFC 9449 9). */
export type NoncePurpose = 'dpop nonce of the authorization server' | 'dpop nonce of a resource server';

export interface NonceOptions {
  readonly secretKeys: SecretKeys;
  readonly purpose: NoncePurpose;
  readonly issuer: string;
  /** Seconds by which the clocks of machines that share the keys may differ. */
  readonly clockTolerance: number;
  /** Milliseconds since 1970. */
  now(): number;
}

/**
 * The nonces a server demands in DPoP proofs (RFC 9449 8): the MAC of a slot of time under `secret_keys`. Nothing is
 * stored, so that machines with the same keys take each other's. A nonce is no secret: whoever asks gets it.
 */
export class DpopNonces {
  readonly #options: NonceOptions;

  constructor(options: NonceOptions) {
    this.#options = options;
  }

  /** The nonce to hand out now, 43 base64url characters. */
  get current(): string {
    return this.#ofSlot(this.#slot(0))[0] as string;
  }

  /** Whether a nonce is of this slot or the one before, or of the next by a clock that is a little ahead. */
  accepts(nonce: string): boolean {
    const slots = new Set([this.#slot(0), this.#slot(-slotSeconds), this.#slot(this.#options.clockTolerance)]);
    return [...slots].some((slot) => this.#ofSlot(slot).includes(nonce));
  }

  #slot(ahead: number): number {
    return Math.floor((this.#options.now() / 1000 + ahead) / slotSeconds);
  }

  /** By the current key first, then by those that are still listed. */
  #ofSlot(slot: number): string[] {
    const { secretKeys, purpose, issuer } = this.#options;
    return secretKeys.ids.flatMap((id) => {
      const mac = secretKeys.mac(purpose, `${issuer}\n${slot}`, id);
      return mac ? [mac.toString('base64url')] : [];
    });
  }
}
