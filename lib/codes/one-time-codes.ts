import { randomInt, timingSafeEqual } from 'node:crypto';
import { type FailureReason, OAuthError } from '../errors.js';
import { randomToken } from '../http/random-token.js';
import { isInactive } from '../identity/active-user.js';
import { findNamedUser, type NamedUser } from '../identity/named-user.js';
import type { User, UserDirectory } from '../identity/users.js';
import type { SecretKeys } from '../secret-keys.js';
import type { Store } from '../stores/store.js';
import { type CodeRecord, CodeRecords, memoryOfUse, usedKey } from './code-records.js';
import { readExtendedCode, writeExtendedCode } from './extended-code.js';
import { GuessBudget } from './guess-budget.js';
import { type OtpSetting, type OtpSettings, type OtpType, otpSetting } from './otp-settings.js';

/** A code to be made. */
export interface CodeOrder {
  readonly type: OtpType;
  readonly user: User;
  /** Only this client may use it. */
  readonly clientId?: string | undefined;
  /** Only the workspace of this name may use it. */
  readonly workspace?: string | undefined;
  /** Only this browser may type it; the codes of others stay as they are. */
  readonly browser?: string | undefined;
}

/** A code for a person, told this once. */
export interface GeneratedCode {
  /** Names the code without telling it. */
  readonly id: string;
  /** Digits. */
  readonly code: string;
  /** Unpadded base64url of `<user id>:<code>`. */
  readonly extendedCode: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** A code as somebody presents it. */
export interface CodeAttempt {
  readonly type: OtpType;
  /** Plain or extended. */
  readonly code: string;
  /** Who it is for: a plain code needs it, and an extended code must agree. */
  readonly user?: NamedUser | undefined;
  /** Who presents it. A code bound to a client is good for that one alone. */
  readonly clientId?: string | undefined;
  /** The name of the workspace it is presented to. A code bound to a workspace is good there alone. */
  readonly workspace?: string | undefined;
  /** The browser it is typed in. Absent: the code must be one that needs none. */
  readonly browser?: string | undefined;
}

/** What the codes of a pool are made of. */
export interface OneTimeCodeParts {
  readonly users: UserDirectory;
  readonly settings: OtpSettings;
  /** The pool's own part of the store. */
  readonly store: Store;
  readonly secretKeys: SecretKeys;
  now(): number;
}

/** Whom an attempt is about, or why it cannot succeed. */
interface Presented {
  readonly code: string;
  readonly user?: User;
  readonly refusal?: FailureReason;
}

/** Takes the place of what is not there, so that an attempt which cannot succeed does the same work as any other. */
const nobody = '';
const noRecord: CodeRecord = { id: '', mac: '', expiresAt: 0, attempts: 0 };

const purpose = 'one-time code';

/**
 * The one-time codes of a pool. A person has one live code per type, which a new one replaces, and up to three that are
 * good in one browser each. Guesses are paid for before anything is compared, so that however many come at once, for
 * however many codes, in however many processes, no more than the allowed number is looked at.
 */
export class OneTimeCodes {
  readonly #parts: OneTimeCodeParts;
  readonly #budget: GuessBudget;
  readonly #records: CodeRecords;

  constructor(parts: OneTimeCodeParts) {
    this.#parts = parts;
    this.#budget = new GuessBudget(parts.store, () => parts.now());
    this.#records = new CodeRecords(parts.store, () => parts.now());
  }

  /**
   * A new code; the one before it is dead, the budget of wrong guesses is not renewed. Rejects with `person_inactive`,
   * or with `otc_budget_spent` or `otc_browsers_many`, whose `detail.retry_after` is in seconds.
   */
  async generate({ type, user, clientId, workspace, browser }: CodeOrder): Promise<GeneratedCode> {
    if (isInactive(user)) throw new OAuthError('person_inactive', { detail: { subject: user.id } });
    const { length, ttl, max_attempts, daily_attempts } = otpSetting(this.#parts.settings, type);
    const left = daily_attempts - (await this.#budget.spent(user.id));
    if (left <= 0) throw await this.#budget.refusal(user.id);
    const { secretKeys, now } = this.#parts;
    const code = Array.from({ length }, () => randomInt(10)).join('');
    const id = randomToken();
    const mac = secretKeys.mac(purpose, macInput(type, user.id, id, code)).toString('base64url');
    const record: CodeRecord = {
      id,
      mac: `${secretKeys.currentId}:${mac}`,
      expiresAt: now() + ttl * 1000,
      // What is left of the day bounds the last code too, or parallel guesses at it would overdraw the budget.
      attempts: Math.min(max_attempts, left),
      ...(clientId !== undefined && { clientId }),
      ...(workspace !== undefined && { workspace }),
      ...(browser !== undefined && { browser }),
    };
    const free = await this.#records.put(type, user.id, record, ttl);
    if (free !== undefined) {
      const seconds = Math.max(1, Math.ceil((free - now()) / 1000));
      throw new OAuthError('otc_browsers_many', { detail: { subject: user.id, retry_after: seconds } });
    }
    return { id, code, extendedCode: writeExtendedCode({ userId: user.id, code }), expiresIn: ttl };
  }

  /**
   * The person a code is for, as they are now, without using it up; the guess is counted only if it was wrong. Rejects
   * with one of the `otc_*` reasons or `user_inactive`, all alike to the caller.
   */
  async inspect(attempt: CodeAttempt): Promise<User> {
    const { user, record, ttl } = await this.#attempt(attempt);
    await this.#giveBack(record, ttl);
    return user;
  }

  /** The same, and uses the code up: of any number of calls at once exactly one resolves. */
  async redeem(attempt: CodeAttempt): Promise<User> {
    const { user, record, ttl } = await this.#attempt(attempt);
    const { first } = await this.#parts.store.claim(usedKey(record.id), '1', ttl);
    if (!first) throw new OAuthError('otc_used', { detail: { subject: user.id } });
    return user;
  }

  /** The right code of an active person, its guess paid. Every other one costs the store the same. */
  async #attempt(attempt: CodeAttempt): Promise<{ user: User; record: CodeRecord; ttl: number }> {
    const setting = otpSetting(this.#parts.settings, attempt.type);
    const ttl = setting.ttl + memoryOfUse;
    const presented = await this.#presented(attempt);
    const { user } = presented;
    const userId = user?.id ?? nobody;
    const { record, dead } = await this.#find(attempt, userId, setting, presented.refusal);
    const unpaid = await this.#payGuess(record, dead, ttl);
    // Only what is compared is charged: a dead code must not let anybody lock a person out for the day.
    const day = await (unpaid === undefined
      ? this.#budget.take(userId, setting.daily_attempts)
      : this.#budget.take(nobody, Infinity));
    if (unpaid === undefined && !day.granted) await this.#giveBack(record, ttl);
    const uncompared = unpaid ?? (day.granted ? undefined : 'otc_attempts_spent');
    const wrong = uncompared ?? this.#whyWrong(record, attempt, presented.code, userId);
    if (user && wrong === undefined) {
      await day.giveBack();
      return { user, record, ttl };
    }
    throw new OAuthError(wrong ?? 'otc_unknown_user', { detail: user ? { subject: user.id } : {} });
  }

  async #presented({ code, user: named }: CodeAttempt): Promise<Presented> {
    const { users } = this.#parts;
    const extended = readExtendedCode(code);
    const key = named ?? (extended && { id: extended.userId });
    const user = key && (await findNamedUser(users, key));
    const digits = extended?.code ?? code;
    if (!user) return { code: digits, refusal: 'otc_unknown_user' };
    if (isInactive(user)) return { code: digits, refusal: 'user_inactive' };
    if (extended && extended.userId !== user.id) return { code: digits, refusal: 'otc_mismatch' };
    return { code: digits, user };
  }

  /** The live record, or another one in its place and why it is `dead`. */
  async #find(
    { type, browser }: CodeAttempt,
    userId: string,
    { daily_attempts }: OtpSetting,
    refusal: FailureReason | undefined,
  ): Promise<{ record: CodeRecord; dead: FailureReason | undefined }> {
    const [{ record, elsewhere }, spent] = await Promise.all([
      this.#records.find(type, userId, browser),
      this.#budget.spent(userId),
    ]);
    if (refusal !== undefined) return { record: noRecord, dead: refusal };
    if (spent >= daily_attempts) return { record: noRecord, dead: 'otc_attempts_spent' };
    if (!record) return { record: noRecord, dead: elsewhere ? 'otc_other_browser' : 'otc_mismatch' };
    const expired = record.expiresAt <= this.#parts.now();
    return expired ? { record: noRecord, dead: 'otc_expired' } : { record, dead: undefined };
  }

  /**
   * Takes one guess of a record. Resolves with why nothing may be compared, or undefined. What was given back is read
   * before the count goes up: it then stems from earlier guesses alone, and wrong ones never exceed the allowance.
   */
  async #payGuess(
    record: CodeRecord,
    dead: FailureReason | undefined,
    ttl: number,
  ): Promise<FailureReason | undefined> {
    const { store } = this.#parts;
    const [returned, used] = await Promise.all([store.get(returnedKey(record)), store.get(usedKey(record.id))]);
    const taken = await store.increment(`otc-taken/${record.id}`, ttl);
    if (dead !== undefined) return dead;
    if (used !== undefined) return 'otc_used';
    if (taken - Number(returned ?? 0) <= record.attempts) return undefined;
    await this.#giveBack(record, ttl);
    return 'otc_exhausted';
  }

  async #giveBack(record: CodeRecord, ttl: number): Promise<void> {
    await this.#parts.store.increment(returnedKey(record), ttl);
  }

  #whyWrong(record: CodeRecord, attempt: CodeAttempt, code: string, userId: string): FailureReason | undefined {
    const [keyId = '', encoded = ''] = record.mac.split(':');
    const expected = Buffer.from(encoded, 'base64url');
    const found = this.#parts.secretKeys.mac(purpose, macInput(attempt.type, userId, record.id, code), keyId);
    if (!found || found.length !== expected.length || !timingSafeEqual(found, expected)) return 'otc_mismatch';
    const boundElsewhere =
      (record.clientId !== undefined && record.clientId !== attempt.clientId) ||
      (record.workspace !== undefined && record.workspace !== attempt.workspace);
    return boundElsewhere ? 'otc_bound_elsewhere' : undefined;
  }
}

function macInput(type: OtpType, userId: string, recordId: string, code: string): string {
  return JSON.stringify([type, userId, recordId, code]);
}

function returnedKey({ id }: CodeRecord): string {
  return `otc-returned/${id}`;
}
