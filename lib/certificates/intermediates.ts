import { createHash } from 'node:crypto';
import { type PathCertificate, readPathCertificate } from './path-certificate.js';
import { parsePemCertificates } from './pem.js';
import { isStrongKey } from './signature.js';

/**
 * Certificates of CAs that a path may lead through, for clients that do not send them and proxies that do not pass
 * them on. They prove nothing: a path still has to end in an anchor.
 */
export interface Intermediates {
  /** By the key of their subject. */
  readonly bySubject: ReadonlyMap<string, readonly PathCertificate[]>;
  /** base64url SHA-256 over all of them; the empty string when there are none. */
  readonly digest: string;
}

/** Intermediates, or what is wrong with the text at `index`. */
export type CompiledIntermediates =
  | { readonly ok: true; readonly intermediates: Intermediates }
  | { readonly ok: false; readonly index: number; readonly problem: string };

export const NO_INTERMEDIATES: Intermediates = { bySubject: new Map(), digest: '' };

function authorityProblem(certificate: PathCertificate | undefined): string | undefined {
  if (certificate === undefined) return 'a certificate in it is not well-formed';
  const { key, extensions } = certificate;
  if (!extensions.isCa || !extensions.maySignCertificates) return 'a certificate in it is not one of a CA';
  if (key === undefined || !isStrongKey(key)) return 'a certificate in it has a weak or unknown key';
  return undefined;
}

function compile(certificates: readonly PathCertificate[]): Intermediates {
  if (certificates.length === 0) return NO_INTERMEDIATES;
  const bySubject = new Map<string, PathCertificate[]>();
  const hash = createHash('sha256');
  for (const certificate of certificates) {
    const { key } = certificate.subject;
    bySubject.set(key, [...(bySubject.get(key) ?? []), certificate]);
    hash.update(certificate.der);
  }
  return { bySubject, digest: hash.digest('base64url') };
}

/** Compiles PEM texts, of which each may hold several certificates. Never throws. */
export function compileIntermediates(texts: readonly string[]): CompiledIntermediates {
  const certificates: PathCertificate[] = [];
  for (const [index, text] of texts.entries()) {
    const parsed = parsePemCertificates(text);
    if (!parsed.ok) return { ok: false, index, problem: parsed.problem };
    for (const der of parsed.certificates) {
      const certificate = readPathCertificate(der);
      const problem = authorityProblem(certificate);
      if (problem !== undefined) return { ok: false, index, problem };
      if (certificate) certificates.push(certificate);
    }
  }
  return { ok: true, intermediates: compile(certificates) };
}
