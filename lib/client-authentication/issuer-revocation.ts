import { checkListFile } from '../certificates/revocation/list-sources.js';
import { configuredResponder } from '../certificates/revocation/ocsp-responders.js';
import { type RevocationCheck, revocationCheck } from '../certificates/revocation/revocation-check.js';
import { joinPath, OptionsError } from '../options.js';
import type { ServerResources } from '../server-resources.js';
import type { IssuerRules } from './make-authenticator.js';

/** What of a process the checks of client authentication use. */
export type CheckResources = Pick<ServerResources, 'now' | 'fetchDocument'>;

/** The revocation check of an issuer, where its policy asks for one. Throws OptionsError for files it cannot use. */
export function issuerRevocation(
  rules: IssuerRules,
  { now, fetchDocument }: CheckResources,
): RevocationCheck | undefined {
  const { crl, ocsp } = rules.revocation;
  const at = (...path: PropertyKey[]) => joinPath(rules.at, ['revocation', ...path]);
  if (crl.mode !== 'off') {
    for (const [index, file] of crl.files.entries())
      orMistake(at('crl', 'files', index), () => checkListFile(file, crl));
  }
  orMistake(at('ocsp', 'responder_certificate'), () => configuredResponder(ocsp.responder_certificate));
  return revocationCheck(rules.revocation, {
    fetchDocument,
    store: rules.store,
    now,
    clockTolerance: rules.clockTolerance,
    failed: (source, problem) => rules.warn('revocation_source_failed', { source, problem }),
  });
}

function orMistake(path: string, read: () => unknown): void {
  try {
    read();
  } catch (thrown) {
    throw new OptionsError([{ path, message: `cannot be used: ${thrown instanceof Error ? thrown.message : thrown}` }]);
  }
}
