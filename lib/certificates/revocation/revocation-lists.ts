import { LRUCache } from 'lru-cache';
import { scopeProblem } from './list-scope.js';
import { ListSource, type ListTiming } from './list-source.js';
import { fromFile, fromUrl, type ListFetching } from './list-sources.js';
import type { RevocationOptions } from './options.js';
import type { RevocationList } from './revocation-list.js';
import { good, type SourceVerdict, undetermined } from './source-verdict.js';
import type { RevocationTarget } from './target.js';

/** What lists and responders work with. */
export interface RevocationDependencies extends ListFetching {
  /** Seconds by which clocks may differ. */
  readonly clockTolerance: number;
  /** Hears that a file, URL or responder gave nothing usable. */
  failed(source: string, problem: string): void;
}

/** URLs that certificates have named, of which each holds a list in memory. */
const mostDistributionPoints = 100;

/** Certificate revocation lists from files, URLs and distribution points (RFC 5280 6.3). */
export class RevocationLists {
  readonly #options: RevocationOptions['crl'];
  readonly #dependencies: RevocationDependencies;
  readonly #timing: ListTiming;
  readonly #configured: readonly ListSource[];
  readonly #named = new LRUCache<string, ListSource>({ max: mostDistributionPoints });

  constructor({ crl, retry_after }: RevocationOptions, dependencies: RevocationDependencies) {
    this.#options = crl;
    this.#dependencies = dependencies;
    this.#timing = {
      reloadInterval: crl.reload_interval,
      retryAfter: retry_after,
      now: () => dependencies.now(),
      failed: (source, problem) => dependencies.failed(source, problem),
    };
    this.#configured = [
      ...crl.files.map((path) => new ListSource(path, fromFile(path, crl), this.#timing)),
      ...crl.urls.map((url) => this.#at(url)),
    ];
  }

  /** The configured lists are asked first; those that the certificate names only when these do not tell. */
  async check(target: RevocationTarget): Promise<SourceVerdict> {
    const first = await this.#ask(this.#configured, target);
    if (first.status !== 'undetermined' || !this.#options.distribution_points) return first;
    const urls = target.listUrls.filter((url) => !this.#options.urls.includes(url));
    if (urls.length === 0) return first;
    const second = await this.#ask(
      urls.map((url) => this.#at(url)),
      target,
    );
    if (second.status !== 'undetermined' || this.#configured.length === 0) return second;
    return undetermined(`${first.problem}; ${second.problem}`);
  }

  #at(url: string): ListSource {
    const known = this.#named.get(url);
    if (known) return known;
    const made = new ListSource(url, fromUrl(url, this.#options, this.#dependencies), this.#timing);
    this.#named.set(url, made);
    return made;
  }

  async #ask(sources: readonly ListSource[], target: RevocationTarget): Promise<SourceVerdict> {
    const problems = new Set<string>();
    let answer: SourceVerdict | undefined;
    const loaded = await Promise.all(sources.map(async (source) => ({ source, ...(await source.current()) })));
    for (const { source, lists, problem } of loaded) {
      if (problem !== undefined) problems.add(`${source.name}: ${problem}`);
      for (const list of lists) {
        const verdict = await judgeList(list, target, this.#dependencies);
        // No list clears what another one has revoked.
        if (verdict?.status === 'revoked') return verdict;
        if (verdict?.status === 'good') answer = verdict;
        if (verdict?.status === 'undetermined') problems.add(`${source.name}: ${verdict.problem}`);
      }
    }
    return answer ?? undetermined([...problems].join('; ') || 'there is no list of its issuer');
  }
}

/** What one list says (RFC 5280 6.3.3); `undefined` when it is of an issuer with another name. */
export async function judgeList(
  list: RevocationList,
  target: RevocationTarget,
  { now, clockTolerance }: Pick<RevocationDependencies, 'now' | 'clockTolerance'>,
): Promise<SourceVerdict | undefined> {
  const { certificate, issuer } = target;
  if (list.issuerKey !== issuer.subject.key) return undefined;
  // RFC 5280 6.3.3 (f)
  if (!issuer.extensions.maySignRevocationLists) return undetermined('the keyUsage of its issuer lacks cRLSign');
  const signature = issuer.key === undefined ? 'invalid' : list.signatureBy(issuer.key);
  if (signature === 'weak') return undetermined('the signature of the list is weak or of unknown kind');
  if (signature !== 'valid') return undetermined('the list is not signed by the issuer of the certificate');
  const problem = scopeProblem(list.scope, target);
  if (problem !== undefined) return undetermined(problem);
  const time = now();
  if (time + clockTolerance * 1000 < list.thisUpdate) return undetermined('the list is of the future');
  const listed = await list.lists(certificate.fields.serialNumber);
  if (listed === undefined) return undetermined('the list has entries that are malformed or not understood');
  // Also in one that has run out: what has been revoked seldom comes back.
  if (listed) return { status: 'revoked', source: 'crl' };
  if (time - clockTolerance * 1000 <= list.nextUpdate) return good;
  return undetermined(`the list ran out at ${new Date(list.nextUpdate).toISOString()}`);
}
