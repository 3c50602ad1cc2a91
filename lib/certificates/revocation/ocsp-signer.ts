import { isWithinValidity } from '../client-certificate.js';
import { unlessMalformed } from '../der.js';
import { type PathCertificate, readPathCertificate } from '../path-certificate.js';
import { isStrongKey, verifySignature } from '../signature.js';
import { keyHash } from './ocsp-request.js';
import type { OcspResponse, ResponderId } from './ocsp-response.js';
import type { RevocationTarget } from './target.js';

/** Who may answer, and when. `responder` is the one certificate configured, if one is. */
export interface SignerRules {
  readonly responder: PathCertificate | undefined;
  /** Milliseconds. */
  readonly now: number;
  /** Seconds. */
  readonly clockTolerance: number;
}

/**
 * Whether a response is signed by somebody who may say it (RFC 6960 4.2.2.2): the configured certificate where there is
 * one; otherwise the key that issued the certificate asked about, or one that this key has certified for OCSPSigning.
 * Answers the problem, or `undefined`.
 */
export function signerProblem(
  response: OcspResponse,
  target: RevocationTarget,
  rules: SignerRules,
): string | undefined {
  if (rules.responder) return configuredProblem(response, rules.responder, rules);
  if (isNamed(response.responder, target.issuer)) return signatureProblem(response, target.issuer);
  let problem = 'the answer is signed by somebody who is neither the issuer nor came along';
  for (const der of response.certificates) {
    const delegate = readPathCertificate(der);
    if (delegate === undefined || !isNamed(response.responder, delegate)) continue;
    const found = delegateProblem(delegate, target, rules) ?? signatureProblem(response, delegate);
    if (found === undefined) return undefined;
    problem = found;
  }
  return problem;
}

function configuredProblem(response: OcspResponse, responder: PathCertificate, rules: SignerRules): string | undefined {
  if (!isNamed(response.responder, responder)) return 'the answer is not of responder_certificate';
  if (!isWithinValidity(responder.fields, rules.now, rules.clockTolerance))
    return 'responder_certificate is not valid now';
  return signatureProblem(response, responder);
}

function delegateProblem(
  delegate: PathCertificate,
  { issuer }: RevocationTarget,
  { now, clockTolerance }: SignerRules,
): string | undefined {
  const { extensions, fields } = delegate;
  if (delegate.issuer.key !== issuer.subject.key || issuer.key === undefined) return strangersDelegate;
  if (verifySignature(fields, issuer.key) !== 'valid') return strangersDelegate;
  if (!extensions.maySignOcsp || !extensions.mayMakeSignatures) return 'the delegated responder lacks OCSPSigning';
  if (extensions.unknownCritical !== undefined) return 'the delegated responder has an unknown critical extension';
  if (!isWithinValidity(fields, now, clockTolerance)) return 'the delegated responder is not valid now';
  return undefined;
}

const strangersDelegate = 'the delegated responder was not certified by the issuer';

function isNamed(responder: ResponderId, certificate: PathCertificate): boolean {
  if ('name' in responder) return responder.name === certificate.subject.key;
  const hash = unlessMalformed(() => keyHash(certificate.fields.subjectPublicKeyInfo, 'sha1'));
  return hash?.equals(responder.keyHash) === true;
}

function signatureProblem(response: OcspResponse, { key }: PathCertificate): string | undefined {
  const verdict = key && isStrongKey(key) ? verifySignature(response, key) : 'weak';
  if (verdict === 'weak') return 'the signature of the answer is weak or of unknown kind';
  return verdict === 'valid' ? undefined : 'the signature of the answer does not verify';
}
