import type { IncomingMessage } from 'node:http';
import { makeConfiguration } from '../../example-app/configuration/configuration.js';
import { StartUpError } from '../../example-app/start-up-error.js';
import { OptionsError } from '../../index.js';
import { trustedProxies } from '../../lib/certificates/certificate-source.js';
import { parseClientCertificate } from '../../lib/certificates/client-certificate.js';
import { compileSubjectDn, readDistinguishedName } from '../../lib/certificates/distinguished-name.js';
import { readForwardedClientCert } from '../../lib/certificates/forwarded-client-cert.js';
import { parsePemCertificates } from '../../lib/certificates/pem.js';
import { readLists } from '../../lib/certificates/revocation/list-sources.js';
import { compileAlternativeName } from '../../lib/certificates/subject-alternative-names.js';
import { parseBasicCredentials } from '../../lib/client-authentication/basic-credentials.js';
import { clientMetadataSchema } from '../../lib/clients/metadata.js';
import { OAuthError } from '../../lib/errors.js';
import { readCompactJws } from '../../lib/http/compact-jws.js';
import { readCookie } from '../../lib/http/cookies.js';
import { parseForm, parseJsonForm } from '../../lib/http/form.js';
import { parseStrictJson } from '../../lib/http/strict-json.js';
import { normalizedUrl } from '../../lib/tokens/dpop/proof-url.js';
import { readProof } from '../../lib/tokens/dpop/read-proof.js';
import { presentedToken } from '../../lib/tokens/presented-token.js';
import { forge } from '../support/assertion-requests.js';
import { basicHeader, ca, clientCertificate, clientPerMethod, ownCertificate } from '../support/methods.js';
import { selfSigned } from '../support/pki.js';
import { makeList } from '../support/revocation-authority.js';

/** Something that reads what a stranger sent. It may refuse by an error of ours, and by no other. */
export interface Parser {
  readonly name: string;
  /** Inputs to be spoilt, of which it takes one at least. */
  readonly samples: readonly (string | Buffer)[];
  /** Octets where it reads octets, their text (UTF-8, or Latin-1 in headers) otherwise. */
  read(octets: Buffer): unknown;
}

const latin1 = (octets: Buffer) => octets.toString('latin1');
const utf8 = (octets: Buffer) => octets.toString('utf8');
const named = selfSigned({
  subject: 'CN=a+OU=b,O=Example',
  san: ['DNS:a.example', 'IP:::1', 'URI:spiffe://a/b', 'email:a@b.example'],
});
const pem = clientCertificate.cert;
const base64 = clientCertificate.der.toString('base64');
const proof = { alg: 'ES256', typ: 'dpop+jwt', jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA' } };
const proofClaims = { jti: 'a', htm: 'POST', htu: 'https://as.example.com/oauth2/token', iat: 1_800_000_000 };

/** A request of a proxy with these headers, as far as parsers look at one. */
function requestWith(headers: Readonly<Record<string, string>>): IncomingMessage {
  const headersDistinct = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
  const rawHeaders = Object.entries(headers).flat();
  const socket = { remoteAddress: '127.0.0.1' };
  return { method: 'POST', url: '/', headers, headersDistinct, rawHeaders, socket } as unknown as IncomingMessage;
}

const presets = {
  nginx: 'x-ssl-client-cert',
  rfc9440: 'client-cert',
  haproxy: 'x-ssl-client-der',
  apache: 'x-ssl-client-cert',
  traefik: 'x-forwarded-tls-client-cert',
  alb: 'x-amzn-mtls-clientcert',
  'envoy-xfcc': 'x-forwarded-client-cert',
} as const;

const certificateHeaders = Object.entries(presets).map(([preset, header]): Parser => {
  const proxies = trustedProxies([{ cidr: '127.0.0.1/32', client_certificate: preset as keyof typeof presets }]);
  return {
    name: `certificate header of ${preset}`,
    samples: [
      encodeURIComponent(pem),
      pem.replaceAll('\n', ' '),
      base64,
      `:${base64}:`,
      `By=x;Cert="${encodeURIComponent(pem)}"`,
    ],
    read: (octets) =>
      proxies.certificateOf(requestWith({ [header]: latin1(octets), 'x-ssl-client-verify': 'SUCCESS' })).certificate,
  };
});

const configuration = JSON.stringify({
  public_url: 'https://localhost:8443',
  store: 'memory:',
  trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }],
  tenants: {
    acme: {
      pools: { staff: { users: [{ id: 'u1', username: 'johndoe', email: 'johndoe@example.com' }] } },
      workspaces: { demo: { pool: 'staff', scopes: { read: {} }, clients: [clientPerMethod.client_secret_basic] } },
    },
  },
});

export const parsers: readonly Parser[] = [
  {
    name: 'form',
    samples: ['grant_type=client_credentials&scope=read+write&x=%C3%A9', 'a=1&a=2&b[]=3&__proto__=4'],
    read: (octets) => parseForm(octets),
  },
  {
    name: 'JSON form',
    samples: ['{"grant_type":"password","username":"\\u00e9"}'],
    read: (octets) => parseJsonForm(octets),
  },
  {
    name: 'strict JSON',
    samples: ['{"a":[1,2,{"b":null}],"c":"\\ud83d\\ude00"}', '[1e400,-0]'],
    read: (octets) => parseStrictJson(octets),
  },
  {
    name: 'Basic credentials',
    samples: [basicHeader('client', 's3cr:et %'), 'Basic ', 'basic   YTpi'],
    read: (octets) => parseBasicCredentials([latin1(octets)]),
  },
  {
    name: 'Authorization of a token',
    samples: ['Bearer abc.def.ghi', 'DPoP abc=='],
    read: (octets) => presentedToken(requestWith({ authorization: latin1(octets) })),
  },
  { name: 'compact JWS', samples: [forge()], read: (octets) => readCompactJws(utf8(octets), 16_384) },
  {
    name: 'DPoP proof',
    samples: [forge({ header: proof, claims: proofClaims })],
    read: (octets) => readProof([latin1(octets)]),
  },
  { name: 'htu', samples: ['https://as.example.com:443/a/../b?c#d'], read: (octets) => normalizedUrl(utf8(octets)) },
  {
    name: 'cookies',
    samples: ['a=b; __Host-session-x=abc; c="d"', '\u00a0__Host-session-x=planted; __Host-session-x=own'],
    read: (octets) => readCookie(requestWith({ cookie: latin1(octets) }), '__Host-session-x'),
  },
  {
    name: 'distinguished name, text',
    samples: ['CN=tls.example.com,O=Example', '2.5.4.3=#0c0161,OU=a\\,b+L="c"', 'CN=\\C3\\A9\\20'],
    read: (octets) => compileSubjectDn(utf8(octets)),
  },
  {
    name: 'distinguished name, DER',
    samples: [named.der.subarray(40, 120), Buffer.from('300c310a300806035504030c0161', 'hex')],
    read: (octets) => readDistinguishedName(octets),
  },
  ...(['dns', 'uri', 'ip', 'email'] as const).map(
    (type): Parser => ({
      name: `alternative name, ${type}`,
      samples: ['a.example', 'spiffe://a/b', '::ffff:127.0.0.1', 'a@b.example'],
      read: (octets) => compileAlternativeName(type, utf8(octets)),
    }),
  ),
  {
    name: 'certificate, DER',
    samples: [clientCertificate.der, ownCertificate.der, named.der, ca.der],
    read: (octets) => parseClientCertificate(octets),
  },
  {
    name: 'certificates, PEM',
    samples: [pem, pem + ownCertificate.cert],
    read: (octets) => parsePemCertificates(latin1(octets)),
  },
  {
    name: 'revocation list',
    samples: [makeList(ca), makeList(ca, { revoked: [clientCertificate] })],
    read: (octets) => readLists(octets, 100_000),
  },
  {
    name: 'X-Forwarded-Client-Cert',
    samples: [`By=a;Hash=b;Cert="${encodeURIComponent(pem)}";Subject="CN=\\"x\\""`, '[{"hash":"a","cert":"b"}]'],
    read: (octets) => readForwardedClientCert(latin1(octets)),
  },
  ...certificateHeaders,
  {
    name: 'client metadata',
    samples: Object.values(clientPerMethod).map((client) => JSON.stringify(client)),
    read: (octets) => {
      const json = parseStrictJson(octets);
      return json.ok && clientMetadataSchema.safeParse(json.value);
    },
  },
  {
    name: 'configuration',
    samples: [configuration],
    read: (octets) => {
      const json = parseStrictJson(octets);
      return json.ok && makeConfiguration(json.value, '/nowhere');
    },
  },
];

/** Whether a parser may throw this. */
export function isRefusal(thrown: unknown): boolean {
  if (thrown instanceof OAuthError) return thrown.status < 500;
  return thrown instanceof OptionsError || thrown instanceof StartUpError;
}
