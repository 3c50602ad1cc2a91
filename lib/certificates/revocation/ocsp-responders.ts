import { randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { longestDocument } from '../../http/limits.js';
import { type PathCertificate, readPathCertificate } from '../path-certificate.js';
import { parsePemCertificates } from '../pem.js';
import { encodeOcspRequest } from './ocsp-request.js';
import { judgeOcspResponse, type OcspVerdict } from './ocsp-verdict.js';
import type { RevocationOptions } from './options.js';
import type { RevocationDependencies } from './revocation-lists.js';
import { type SourceVerdict, undetermined } from './source-verdict.js';
import type { RevocationTarget } from './target.js';

const mediaType = 'application/ocsp-response';
/** RFC 9654 2.1 */
const nonceOctets = 32;
const rememberedAnswers = 10_000;
const rememberedResponders = 1000;

interface Remembered {
  readonly verdict: SourceVerdict;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** The configured responder, where `responder_certificate` is given. Throws a TypeError when it is no certificate. */
export function configuredResponder(pem: string | undefined): PathCertificate | undefined {
  if (pem === undefined) return undefined;
  const parsed = parsePemCertificates(pem);
  const [der] = parsed.ok ? parsed.certificates : [];
  const certificate = der && readPathCertificate(der);
  if (certificate === undefined) throw new TypeError('is not a well-formed certificate');
  return certificate;
}

/**
 * Asks OCSP responders (RFC 6960) by POST, about one certificate at a time. An answer is remembered here and in the
 * store; one question is asked once, however many wait for it; what failed is let alone for `retry_after`.
 */
export class OcspResponders {
  readonly #options: RevocationOptions['ocsp'];
  readonly #retryAfter: number;
  readonly #dependencies: RevocationDependencies;
  readonly #responder: PathCertificate | undefined;
  readonly #answers = new LRUCache<string, Remembered>({ max: rememberedAnswers });
  /** Why a responder could not be reached; kept until it may be tried again. */
  readonly #down = new LRUCache<string, { readonly problem: string; readonly until: number }>({
    max: rememberedResponders,
  });
  readonly #underway = new Map<string, Promise<SourceVerdict>>();

  constructor({ ocsp, retry_after }: RevocationOptions, dependencies: RevocationDependencies) {
    this.#options = ocsp;
    this.#retryAfter = retry_after * 1000;
    this.#dependencies = dependencies;
    this.#responder = configuredResponder(ocsp.responder_certificate);
  }

  check(target: RevocationTarget): Promise<SourceVerdict> | SourceVerdict {
    const known = this.#answers.get(target.id);
    if (known && this.#dependencies.now() < known.until) return known.verdict;
    const underway = this.#underway.get(target.id);
    if (underway) return underway;
    const asked = this.#find(target).finally(() => this.#underway.delete(target.id));
    this.#underway.set(target.id, asked);
    return asked;
  }

  async #find(target: RevocationTarget): Promise<SourceVerdict> {
    const { responder_url, cache_time } = this.#options;
    const urls = responder_url === undefined ? target.responders : [responder_url];
    if (urls.length === 0) return undetermined('the certificate names no responder, and none is configured');
    const shared = cache_time > 0 ? await this.#fromStore(target) : undefined;
    if (shared) return shared;
    const problems: string[] = [];
    for (const url of urls) {
      const answer = await this.#ask(url, target);
      if (answer.ok) return this.#remember(target, answer);
      problems.push(`${url}: ${answer.problem}`);
    }
    return this.#remember(target, {
      verdict: undetermined(problems.join('; ')),
      until: this.#dependencies.now() + this.#retryAfter,
    });
  }

  #remember({ id }: RevocationTarget, { verdict, until }: Remembered): SourceVerdict {
    this.#answers.set(id, { verdict, until });
    return verdict;
  }

  async #ask(url: string, target: RevocationTarget): Promise<OcspVerdict> {
    const down = this.#down.get(url);
    if (down && this.#dependencies.now() < down.until) return { ok: false, problem: down.problem };
    const { hash, nonce: wish, timeout } = this.#options;
    const nonce = wish === 'off' ? undefined : randomBytes(nonceOctets);
    const reply = await this.#dependencies.fetchDocument(url, {
      accept: [mediaType],
      maxBytes: longestDocument.ocspResponse,
      timeout: timeout * 1000,
      plain: true,
      post: { type: 'application/ocsp-request', content: encodeOcspRequest(target, hash, nonce) },
    });
    if (!reply.ok) {
      this.#down.set(url, { problem: reply.problem, until: this.#dependencies.now() + this.#retryAfter });
      return this.#failed(url, reply.problem);
    }
    const judged = this.#judge(reply.body, target, nonce);
    if (!judged.ok) return this.#failed(url, judged.problem);
    await this.#toStore(target, reply.body, judged.until);
    return judged;
  }

  #judge(body: Buffer, target: RevocationTarget, nonce: Buffer | undefined): OcspVerdict {
    const { cache_time: cacheTime, nonce: wish } = this.#options;
    return judgeOcspResponse(body, target, {
      responder: this.#responder,
      now: this.#dependencies.now(),
      clockTolerance: this.#dependencies.clockTolerance,
      cacheTime,
      nonce,
      nonceRequired: wish === 'require',
    });
  }

  #failed(url: string, problem: string): OcspVerdict {
    this.#dependencies.failed(url, problem);
    return { ok: false, problem };
  }

  /** Until when it serves, and the answer: whoever reads it verifies it again. */
  async #toStore({ id }: RevocationTarget, body: Buffer, until: number): Promise<void> {
    const seconds = (until - this.#dependencies.now()) / 1000;
    if (seconds <= 0) return;
    // A store that is down keeps nobody from using what has been fetched.
    await this.#dependencies.store
      .set(`ocsp/${id}`, `${until}.${body.toString('base64')}`, seconds)
      .catch(() => undefined);
  }

  async #fromStore(target: RevocationTarget): Promise<SourceVerdict | undefined> {
    const value = (await this.#dependencies.store.get(`ocsp/${target.id}`).catch(() => undefined)) ?? '';
    const dot = value.indexOf('.');
    const until = Number(value.slice(0, Math.max(dot, 0)));
    if (!(until > this.#dependencies.now())) return undefined;
    const judged = this.#judge(Buffer.from(value.slice(dot + 1), 'base64'), target, undefined);
    if (!judged.ok) return undefined;
    return this.#remember(target, { verdict: judged.verdict, until: Math.min(until, judged.until) });
  }
}
