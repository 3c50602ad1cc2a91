/**
 * Attribute types by the short name that `formatDistinguishedName` writes: RFC 4514 3's table first, then those of
 * X.520, PKCS #9 and the CA/Browser Forum that certificates carry.
 */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  C: '2.5.4.6',
  STREET: '2.5.4.9',
  DC: '0.9.2342.19200300.100.1.25',
  UID: '0.9.2342.19200300.100.1.1',
  SN: '2.5.4.4',
  serialNumber: '2.5.4.5',
  title: '2.5.4.12',
  description: '2.5.4.13',
  businessCategory: '2.5.4.15',
  postalCode: '2.5.4.17',
  name: '2.5.4.41',
  GN: '2.5.4.42',
  initials: '2.5.4.43',
  generationQualifier: '2.5.4.44',
  dnQualifier: '2.5.4.46',
  pseudonym: '2.5.4.65',
  organizationIdentifier: '2.5.4.97',
  emailAddress: '1.2.840.113549.1.9.1',
  unstructuredName: '1.2.840.113549.1.9.2',
  jurisdictionLocalityName: '1.3.6.1.4.1.311.60.2.1.1',
  jurisdictionStateOrProvinceName: '1.3.6.1.4.1.311.60.2.1.2',
  jurisdictionCountryName: '1.3.6.1.4.1.311.60.2.1.3',
};

/** Other spellings in use, for reading only. */
const ALIASES: Readonly<Record<string, string>> = {
  commonName: 'CN',
  localityName: 'L',
  stateOrProvinceName: 'ST',
  S: 'ST',
  organizationName: 'O',
  organizationalUnitName: 'OU',
  countryName: 'C',
  streetAddress: 'STREET',
  domainComponent: 'DC',
  userId: 'UID',
  surname: 'SN',
  givenName: 'GN',
  G: 'GN',
  T: 'title',
  E: 'emailAddress',
  email: 'emailAddress',
  jurisdictionL: 'jurisdictionLocalityName',
  jurisdictionST: 'jurisdictionStateOrProvinceName',
  jurisdictionC: 'jurisdictionCountryName',
  jurisdictionOfIncorporationLocalityName: 'jurisdictionLocalityName',
  jurisdictionOfIncorporationStateOrProvinceName: 'jurisdictionStateOrProvinceName',
  jurisdictionOfIncorporationCountryName: 'jurisdictionCountryName',
};

const nameByType = new Map(Object.entries(SHORT_NAMES).map(([name, type]) => [type, name]));
const typeByName = new Map([
  ...Object.entries(SHORT_NAMES).map(([name, type]) => [name.toLowerCase(), type] as const),
  ...Object.entries(ALIASES).map(([alias, name]) => [alias.toLowerCase(), SHORT_NAMES[name] ?? ''] as const),
]);

/** RFC 4512 1.4 numericoid: two arcs at least, no leading zeros. */
const NUMERIC_OID = /^[0-2](?:\.(?:0|[1-9]\d*))+$/;

/** `emailAddress`, the type that RFC 5280 4.1.2.6 lets a subject carry. */
export const EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

/** The dotted OID of a short name (in any case) or of a dotted OID itself; `undefined` when it is unknown. */
export function attributeType(name: string): string | undefined {
  return NUMERIC_OID.test(name) ? name : typeByName.get(name.toLowerCase());
}

/** The short name of a dotted OID; `undefined` when it has none. */
export function attributeShortName(type: string): string | undefined {
  return nameByType.get(type);
}
