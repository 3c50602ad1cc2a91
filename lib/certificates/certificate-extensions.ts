import type { CertificateFields } from './certificate-fields.js';
import { DerError, readBoolean, readDer, readNamedBits, readOid, readSequence, readSmallInteger, TAG } from './der.js';
import { type NameConstraints, readNameConstraints } from './name-constraints.js';

const ID = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

/**
 * What we process. A critical certificatePolicies asks nothing of us, who accept any policy (RFC 5280 6.1.1 (c)).
 * policyConstraints and inhibitAnyPolicy are always critical, so a path that restricts policies is refused.
 */
const KNOWN: ReadonlySet<string> = new Set(Object.values(ID));

/** id-kp-clientAuth and anyExtendedKeyUsage, RFC 5280 4.2.1.12. */
const CLIENT_PURPOSES: ReadonlySet<string> = new Set(['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']);

/** id-kp-OCSPSigning, RFC 6960 4.2.2.2. */
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

/** Named bits of KeyUsage, RFC 5280 4.2.1.3. */
const DIGITAL_SIGNATURE = 0;
const KEY_CERT_SIGN = 5;
const CRL_SIGN = 6;

/** The extensions that path validation judges by. */
export interface PathExtensions {
  /** basicConstraints has cA TRUE. */
  readonly isCa: boolean;
  /** pathLenConstraint: how many more CAs may follow; `undefined` without one. */
  readonly pathLength: number | undefined;
  /** keyUsage allows, or does not speak of, signing certificates and making signatures. */
  readonly maySignCertificates: boolean;
  readonly mayMakeSignatures: boolean;
  /** keyUsage allows, or does not speak of, signing revocation lists. */
  readonly maySignRevocationLists: boolean;
  /** keyUsage speaks of signing certificates. */
  readonly claimsToSignCertificates: boolean;
  /** extendedKeyUsage is absent, or has clientAuth or any. */
  readonly mayAuthenticateClients: boolean;
  /** extendedKeyUsage has OCSPSigning itself (RFC 6960 4.2.2.2). */
  readonly maySignOcsp: boolean;
  readonly nameConstraints: NameConstraints | undefined;
  /** The dotted OID of a critical extension that we do not process. */
  readonly unknownCritical: string | undefined;
}

function readBasicConstraints(value: Buffer | undefined): Pick<PathExtensions, 'isCa' | 'pathLength'> {
  if (value === undefined) return { isCa: false, pathLength: undefined };
  const members = readSequence(readDer(value, TAG.sequence));
  const isCa = members[0]?.tag === TAG.boolean && readBoolean(members.shift());
  const pathLength = members[0] && readSmallInteger(members.shift());
  // RFC 5280 4.2.1.9: no path length without cA.
  if (members.length > 0 || (pathLength !== undefined && !isCa)) throw new DerError('broken basicConstraints');
  return { isCa, pathLength };
}

const mostPurposes = 100;

function readPurposes(value: Buffer | undefined): Pick<PathExtensions, 'mayAuthenticateClients' | 'maySignOcsp'> {
  if (value === undefined) return { mayAuthenticateClients: true, maySignOcsp: false };
  const items = readSequence(readDer(value, TAG.sequence));
  if (items.length > mostPurposes) throw new DerError('too many purposes');
  const purposes = items.map(readOid);
  return {
    mayAuthenticateClients: purposes.some((purpose) => CLIENT_PURPOSES.has(purpose)),
    maySignOcsp: purposes.includes(OCSP_SIGNING),
  };
}

/** Reads the extensions that path validation judges by. Throws a DerError when one of them is malformed. */
export function readPathExtensions({ extensions }: CertificateFields): PathExtensions {
  const value = (id: string) => extensions.get(id)?.value;
  const keyUsage = value(ID.keyUsage);
  const usage = keyUsage && readNamedBits(readDer(keyUsage, TAG.bitString));
  const constraints = value(ID.nameConstraints);
  return {
    ...readBasicConstraints(value(ID.basicConstraints)),
    maySignCertificates: usage?.(KEY_CERT_SIGN) ?? true,
    maySignRevocationLists: usage?.(CRL_SIGN) ?? true,
    mayMakeSignatures: usage?.(DIGITAL_SIGNATURE) ?? true,
    claimsToSignCertificates: usage?.(KEY_CERT_SIGN) ?? false,
    ...readPurposes(value(ID.extendedKeyUsage)),
    nameConstraints: constraints && readNameConstraints(constraints),
    unknownCritical: [...extensions].find(([id, extension]) => extension.critical && !KNOWN.has(id))?.[0],
  };
}
