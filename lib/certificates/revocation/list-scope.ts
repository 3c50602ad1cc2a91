import { contextTag, DerError, type DerValue, readDer, readSequence, TAG } from '../der.js';
import { fullNames, type RevocationTarget, toUrl } from './target.js';

/** What an issuingDistributionPoint says a list is for (RFC 5280 5.2.5). */
export interface ListScope {
  /** The URLs by one of which a certificate must name it; `undefined` where the list is for all. */
  readonly urls: readonly string[] | undefined;
  readonly only: 'any' | 'users' | 'authorities';
  /** It is for some reasons, for attribute certificates, or for certificates of other CAs. */
  readonly partial: boolean;
}

const everything: ListScope = { urls: undefined, only: 'any', partial: false };

const TRUE = Buffer.from([0xff]);

/** Reads an issuingDistributionPoint. Throws a DerError. */
export function readListScope(extension: Buffer | undefined): ListScope {
  if (extension === undefined) return everything;
  const members = new Map<number, DerValue>();
  for (const member of readSequence(readDer(extension, TAG.sequence))) {
    if (members.has(member.tag)) throw new DerError('a member appears twice');
    members.set(member.tag, member);
  }
  const flag = (number: number) => readFlag(take(members, contextTag(number, false)));
  const name = take(members, contextTag(0, true));
  const users = flag(1);
  const authorities = flag(2);
  const someReasons = take(members, contextTag(3, false)) !== undefined;
  const partial = [flag(4), flag(5), someReasons].includes(true);
  if (members.size > 0 || (users && authorities)) throw new DerError('broken issuingDistributionPoint');
  return {
    urls: name && fullNames(name).flatMap(toUrl),
    only: users ? 'users' : authorities ? 'authorities' : 'any',
    partial,
  };
}

/** A BOOLEAN DEFAULT FALSE, which is there only when it is TRUE (X.690 11.5). */
function readFlag(value: DerValue | undefined): boolean {
  if (value && !value.content.equals(TRUE)) throw new DerError('broken BOOLEAN');
  return value !== undefined;
}

function take(members: Map<number, DerValue>, tag: number): DerValue | undefined {
  const member = members.get(tag);
  members.delete(tag);
  return member;
}

/** Why a list of this scope does not tell about a certificate; `undefined` when it does (RFC 5280 6.3.3 (b)(2)). */
export function scopeProblem({ urls, only, partial }: ListScope, target: RevocationTarget): string | undefined {
  if (partial) return 'the list is indirect, or for some reasons or attribute certificates alone';
  const { isCa } = target.certificate.extensions;
  if (only !== 'any' && isCa !== (only === 'authorities')) return `the list is for ${only} alone`;
  if (urls && !urls.some((url) => target.listUrls.includes(url))) return 'the list is for another distribution point';
  return undefined;
}
