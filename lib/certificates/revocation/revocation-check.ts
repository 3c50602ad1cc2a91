import { formatDistinguishedName } from '../distinguished-name.js';
import type { PathCertificate } from '../path-certificate.js';
import { OcspResponders } from './ocsp-responders.js';
import type { RevocationOptions } from './options.js';
import { type RevocationDependencies, RevocationLists } from './revocation-lists.js';
import { type SourceVerdict, undetermined } from './source-verdict.js';
import { type RevocationTarget, revocationTarget } from './target.js';

/** Facts about a certificate of a path, for the operator. */
export type RevocationFacts = Readonly<Record<string, unknown>>;

/**
 * The verdict on a path. `unchecked` are certificates whose status nothing could tell, and which are accepted all the
 * same.
 */
export type PathRevocation =
  | { readonly ok: true; readonly unchecked: readonly RevocationFacts[] }
  | { readonly ok: false; readonly reason: 'revoked' | 'unknown'; readonly detail: RevocationFacts };

/** Tells whether certificates have been revoked. */
export interface RevocationCheck {
  /** Whether the registered `x5c` certificates of private_key_jwt clients are held to it too. */
  readonly coversKeys: boolean;
  /** `path` has the leaf first and its anchor last, which is trusted as it is. Never rejects for a source that fails. */
  check(path: readonly PathCertificate[]): Promise<PathRevocation>;
}

/** The check that a policy asks for; `undefined` when all of it is off. */
export function revocationCheck(
  options: RevocationOptions,
  dependencies: RevocationDependencies,
): RevocationCheck | undefined {
  const { crl, ocsp, x5c } = options;
  if (crl.mode === 'off' && ocsp.mode === 'off') return undefined;
  const lists = crl.mode === 'off' ? undefined : new RevocationLists(options, dependencies);
  const responders = ocsp.mode === 'off' ? undefined : new OcspResponders(options, dependencies);
  const required = crl.mode === 'require' || ocsp.mode === 'require';
  /** OCSP first: where it does not tell, the lists may. */
  const statusOf = async (target: RevocationTarget): Promise<SourceVerdict> => {
    const answer = await responders?.check(target);
    if (answer?.status === 'good' || answer?.status === 'revoked') return answer;
    const listed = await lists?.check(target);
    if (listed === undefined) return answer ?? undetermined('nothing is asked');
    if (answer === undefined || listed.status !== 'undetermined') return listed;
    return answer.status === 'unknown' ? answer : undetermined(`${answer.problem}; ${listed.problem}`);
  };
  const acceptsDespite = ({ status }: SourceVerdict) => (status === 'unknown' ? ocsp.allow_unknown : !required);
  return {
    coversKeys: x5c,
    async check(path) {
      const targets = path.slice(0, -1).map((certificate, index) => {
        return revocationTarget(certificate, path[index + 1] as PathCertificate);
      });
      const verdicts = await Promise.all(targets.map(async (target) => ({ target, verdict: await statusOf(target) })));
      const revoked = verdicts.find(({ verdict }) => verdict.status === 'revoked');
      if (revoked) return { ok: false, reason: 'revoked', detail: factsOf(revoked.target, revoked.verdict) };
      const open = verdicts.filter(({ verdict }) => verdict.status !== 'good');
      const refused = open.find(({ verdict }) => !acceptsDespite(verdict));
      if (refused) return { ok: false, reason: 'unknown', detail: factsOf(refused.target, refused.verdict) };
      return { ok: true, unchecked: open.map(({ target, verdict }) => factsOf(target, verdict)) };
    },
  };
}

function factsOf({ certificate }: RevocationTarget, verdict: SourceVerdict): RevocationFacts {
  return {
    subject: formatDistinguishedName(certificate.subject),
    issuer: formatDistinguishedName(certificate.issuer),
    serial_number: certificate.fields.serialNumber.toString('hex'),
    ...(verdict.status === 'revoked' && { source: verdict.source }),
    ...(verdict.status === 'revoked' &&
      verdict.revokedAt !== undefined && { revoked_at: new Date(verdict.revokedAt).toISOString() }),
    ...(verdict.status === 'unknown' && { problem: 'the responder does not know the certificate' }),
    ...(verdict.status === 'undetermined' && { problem: verdict.problem }),
  };
}
