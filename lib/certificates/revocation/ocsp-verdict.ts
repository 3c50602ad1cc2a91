import { unlessMalformed } from '../der.js';
import { certificateId } from './ocsp-request.js';
import { type OcspResponse, readOcspResponse, type SingleResponse } from './ocsp-response.js';
import { type SignerRules, signerProblem } from './ocsp-signer.js';
import { good, type SourceVerdict } from './source-verdict.js';
import type { RevocationTarget } from './target.js';

/** How a response is judged. */
export interface OcspRules extends SignerRules {
  /** Seconds a response without nextUpdate may be old, and any may be used. */
  readonly cacheTime: number;
  /** What was sent; `undefined` where none was, or where the response comes from the store. */
  readonly nonce: Buffer | undefined;
  /** Whether a response without nonce is refused. */
  readonly nonceRequired: boolean;
}

/** What a response says and until when (milliseconds) it serves, or why it is not believed. */
export type OcspVerdict =
  | { readonly ok: true; readonly verdict: SourceVerdict; readonly until: number }
  | { readonly ok: false; readonly problem: string };

function refuse(problem: string): OcspVerdict {
  return { ok: false, problem };
}

/** Judges the DER of an OCSPResponse about one certificate (RFC 6960 3.2). Never throws. */
export function judgeOcspResponse(der: Buffer, target: RevocationTarget, rules: OcspRules): OcspVerdict {
  const response = unlessMalformed(() => readOcspResponse(der));
  if (response === undefined) return refuse('the answer is malformed');
  if (typeof response === 'string') return refuse(`the responder answered ${response}`);
  const single = response.responses.find((candidate) => isAbout(candidate, target));
  if (single === undefined) return refuse('the answer is about another certificate');
  const problem = nonceProblem(response, rules) ?? timeProblem(single, rules) ?? signerProblem(response, target, rules);
  if (problem !== undefined) return refuse(problem);
  const limit = single.nextUpdate ?? single.thisUpdate + rules.cacheTime * 1000;
  return { ok: true, verdict: verdictOf(single), until: Math.min(limit, rules.now + rules.cacheTime * 1000) };
}

function isAbout(single: SingleResponse, target: RevocationTarget): boolean {
  if (single.hash === undefined || !single.serialNumber.equals(target.certificate.fields.serialNumber)) return false;
  const { issuerNameHash, issuerKeyHash } = certificateId(target, single.hash);
  return single.issuerNameHash.equals(issuerNameHash) && single.issuerKeyHash.equals(issuerKeyHash);
}

/** RFC 9654 2.1: a responder may leave the nonce out, but what it puts there must be ours. */
function nonceProblem({ nonce: found }: OcspResponse, { nonce, nonceRequired }: OcspRules): string | undefined {
  if (nonce === undefined) return undefined;
  if (found === undefined) return nonceRequired ? 'the answer has no nonce' : undefined;
  return found.equals(nonce) ? undefined : 'the answer has the nonce of another request';
}

/** RFC 6960 3.2 (5) and (6), 4.2.2.1: without nextUpdate, newer information is there all the time. */
function timeProblem({ thisUpdate, nextUpdate }: SingleResponse, rules: OcspRules): string | undefined {
  const { now, cacheTime } = rules;
  const tolerance = rules.clockTolerance * 1000;
  if (thisUpdate > now + tolerance) return 'the answer is of the future';
  if (nextUpdate === undefined) {
    return now > thisUpdate + cacheTime * 1000 + tolerance ? 'the answer has no nextUpdate and is old' : undefined;
  }
  if (nextUpdate < thisUpdate) return 'the answer ends before it begins';
  return now > nextUpdate + tolerance ? `the answer ran out at ${new Date(nextUpdate).toISOString()}` : undefined;
}

function verdictOf({ status, revokedAt }: SingleResponse): SourceVerdict {
  if (status === 'good') return good;
  if (status === 'unknown') return { status };
  return { status, source: 'ocsp', ...(revokedAt !== undefined && { revokedAt }) };
}
