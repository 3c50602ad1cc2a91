/** What one source says of one certificate. Of a certificate that is not revoked nothing more is known. */
export type SourceVerdict =
  | { readonly status: 'good' }
  /** `revokedAt` in milliseconds, where the source says it. */
  | { readonly status: 'revoked'; readonly source: 'ocsp' | 'crl'; readonly revokedAt?: number }
  /** The responder says that it does not know the certificate. */
  | { readonly status: 'unknown' }
  /** Nothing that can be believed. `problem` is for the operator. */
  | { readonly status: 'undetermined'; readonly problem: string };

export const good: SourceVerdict = { status: 'good' };

export function undetermined(problem: string): SourceVerdict {
  return { status: 'undetermined', problem };
}
