import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ClientMetadataInput, clientCredentials, grantRouter, standardStrategies } from '../../index.js';
import { bmpString, ia5String, printableString, t61String, utf8String } from '../support/der-writer.js';
import { ca } from '../support/methods.js';
import {
  type Certificate,
  type CertificateOptions,
  makeCa,
  nameConstraints,
  nameOf,
  selfSigned,
} from '../support/pki.js';
import { specServer, tlsServer } from '../support/spec-server.js';
import { accepted, type Identity, refused, type TlsWorld, tlsRequest, tlsWorld } from '../support/tls-world.js';

const [CN, O, OU, C, EMAIL] = ['2.5.4.3', '2.5.4.10', '2.5.4.11', '2.5.4.6', '1.2.840.113549.1.9.1'] as const;

const registered = new Map<string, ClientMetadataInput>();
let world: TlsWorld;
beforeAll(async () => {
  world = await tlsWorld({ clients: { find: (id) => registered.get(id) } });
});
afterAll(() => world.stop());

function metadata(names: Record<string, string>): ClientMetadataInput {
  return {
    client_id: `client-${registered.size}`,
    token_endpoint_auth_method: 'tls_client_auth',
    grant_types: ['client_credentials'],
    scope: 'read',
    ...names,
  } as ClientMetadataInput;
}

/** Registers a client of this name, and answers how it fares with each identity. */
async function verdicts(names: Record<string, string>, ...identities: Identity[]) {
  const client = metadata(names);
  registered.set(client.client_id, client);
  const results = [];
  for (const identity of identities) {
    results.push(world.verdict(await world.ask({ client_id: client.client_id }, identity)));
  }
  return results;
}

const mismatch = refused('certificate_name_mismatch');
const dn = (tls_client_auth_subject_dn: string) => ({ tls_client_auth_subject_dn });

describe('TCA-01 the anchors of the workspace', () => {
  const subject = 'CN=anchored,O=Example';
  const intermediate = ca.issue({ subject: 'CN=Intermediate', isCa: true });
  const leaf = intermediate.issue({ subject });
  const constrained = ca.issue({
    subject: 'CN=Constrained',
    isCa: true,
    extensions: [nameConstraints({ permitted: ['DNS:example.com'] })],
  });

  it('TCA-01 straight from the CA, and over an intermediate that came along', async () => {
    expect(await verdicts(dn(subject), ca.issue({ subject }), [leaf, intermediate], [leaf, intermediate, ca])).toEqual([
      accepted,
      accepted,
      accepted,
    ]);
  });

  const otherCa = makeCa({ subject: 'CN=Spec CA' });
  const evil = otherCa.issue({ subject });
  const notCa = ca.issue({ subject: 'CN=Leaf' });
  it.each<[string, Identity]>([
    ['the same subject from a CA of the same name', evil],
    ['that CA sent along', [evil, otherCa]],
    ['the real CA sent along with a leaf it did not sign', [evil, ca]],
    ['a self-signed certificate', selfSigned({ subject })],
    ['a leaf below another leaf', [notCa.issue({ subject }), notCa]],
    ['an intermediate that did not come along', intermediate.issue({ subject, keyType: 'ec384' })],
  ])('TCA-01 %s is refused', async (_title, identity) => {
    const [verdict] = await verdicts(dn(subject), identity);
    expect(verdict).toEqual(refused('certificate_untrusted'));
  });

  it('TCA-01 names outside what a CA may give are refused', async () => {
    const good = constrained.issue({ subject, san: ['DNS:a.example.com'] });
    const bad = constrained.issue({ subject, san: ['DNS:a.example.org'] });
    expect(await verdicts(dn(subject), [good, constrained], [bad, constrained])).toEqual([
      accepted,
      refused('certificate_untrusted'),
    ]);
  });

  it('TCA-01 the anchors of one workspace are not those of another', async () => {
    const client = { ...metadata(dn(subject)), client_id: 'c' };
    const [one, two] = ['https://as.example.com/acme/one', 'https://as.example.com/acme/two'];
    const reasons: (string | undefined)[] = [];
    const router = grantRouter({
      strategies: standardStrategies(),
      grants: [clientCredentials()],
      workspaces: [
        { issuer: one, clients: [client], root_cas: [ca.cert], scopes: { read: {} } },
        { issuer: two, clients: [client], root_cas: [otherCa.cert], scopes: { read: {} } },
      ],
      onEvent: (event) => event.event === 'token' && reasons.push(event.reason ?? event.outcome),
    });
    const server = await tlsServer(router);
    const form = { grant_type: 'client_credentials', client_id: 'c' };
    for (const as of [ca.issue({ subject }), evil]) {
      for (const workspace of ['one', 'two', 'one']) {
        await tlsRequest(server.origin, { path: `/acme/${workspace}/oauth2/token`, form, as });
      }
    }
    server.closeAllConnections();
    server.close();
    await router.close();
    const untrusted = 'certificate_untrusted';
    expect(reasons).toEqual(['success', untrusted, 'success', untrusted, 'success', untrusted]);
  });

  it('TCA-01 without anchors nothing is trusted', async () => {
    const bare = await tlsWorld({ root_cas: [], clients: [{ ...metadata(dn(subject)), client_id: 'c' }] });
    const reply = await bare.ask({ client_id: 'c' }, [leaf, intermediate, ca]);
    expect(bare.verdict(reply)).toEqual(refused('certificate_untrusted'));
    await bare.stop();
  });
});

describe('TCA-02 exactly one registered name', () => {
  const names = {
    tls_client_auth_subject_dn: 'CN=a',
    tls_client_auth_san_dns: 'a.example.com',
    tls_client_auth_san_uri: 'https://a.example.com/x',
    tls_client_auth_san_ip: '192.0.2.1',
    tls_client_auth_san_email: 'a@example.com',
  };
  const members = Object.keys(names) as (keyof typeof names)[];
  const construct = (given: object) => () => specServer({ clients: [metadata(given as Record<string, string>)] });

  it.each(members)('TCA-02 %s alone is accepted, an empty one is not', (member) => {
    expect(construct({ [member]: names[member] })).not.toThrow();
    expect(construct({ [member]: '' })).toThrow(`clients[0].${member}`);
  });

  it('TCA-02 none, two and five are refused', () => {
    expect(construct({})).toThrow(/clients\[0\]\.tls_client_auth_subject_dn: .* is needed/);
    for (const second of members.slice(1)) {
      const two = { tls_client_auth_subject_dn: 'CN=a', [second]: names[second] };
      expect(construct(two)).toThrow(`clients[0].${second}: must not stand beside tls_client_auth_subject_dn`);
    }
    expect(construct(names)).toThrow('must not stand beside');
  });

  it('TCA-02 a record of a database with two names is an error of ours, not a way in', async () => {
    const [verdict] = await verdicts({ ...dn('CN=a'), tls_client_auth_san_dns: 'b' }, ca.issue({ subject: 'CN=a' }));
    expect(verdict).toEqual({ status: 500, error: 'server_error', reason: 'internal_error' });
  });

  it.each([
    ['tls_client_auth_subject_dn', 'example'],
    ['tls_client_auth_subject_dn', 'CN=a,'],
    ['tls_client_auth_subject_dn', 'CN="a,O=b"'],
    ['tls_client_auth_san_ip', '192.0.2.0/24'],
    ['tls_client_auth_san_uri', 'not a uri'],
    ['tls_client_auth_san_email', 'nobody'],
    ['tls_client_auth_san_dns', 'a b'],
  ])('TCA-02 %s cannot be %j', (member, value) => {
    expect(construct({ [member]: value })).toThrow(`clients[0].${member}: cannot be used`);
  });
});

const certificateOrder = nameOf(
  [[C, printableString('US')]],
  [[O, utf8String('Example Inc')]],
  [[CN, utf8String('api')]],
);
const multi = nameOf(
  [[O, utf8String('Example')]],
  [
    [CN, utf8String('api')],
    [OU, utf8String('Ops')],
  ],
);
const mailed = nameOf([
  [EMAIL, ia5String('Ops@Example.com')],
  [CN, utf8String('api')],
]);

type NameRow = [title: string, registered: string, subject: Buffer | string, matches: boolean];

describe('TCA-03 distinguished names are compared as names', () => {
  it.each<NameRow>([
    ['case and runs of spaces do not count', 'cn=API,o=example   INC,c=us', certificateOrder, true],
    ['spaces around the separators do not count', 'CN=api, O=Example Inc , C=US', certificateOrder, true],
    ['types by OID', '2.5.4.3=api,2.5.4.10=Example Inc,2.5.4.6=US', certificateOrder, true],
    ['a missing RDN counts', 'CN=api,O=Example Inc', certificateOrder, false],
    ['a further RDN counts', 'CN=api,O=Example Inc,C=US,C=US', certificateOrder, false],
    ['inner spaces do not vanish', 'CN=api,O=ExampleInc,C=US', certificateOrder, false],
    ['another type counts', 'CN=api,OU=Example Inc,C=US', certificateOrder, false],
    ['a multi-valued RDN is a set', 'CN=api+OU=Ops,O=Example', multi, true],
    ['a multi-valued RDN is a set, the other way round', 'OU=ops+CN=API,O=Example', multi, true],
    ['a multi-valued RDN is not two', 'CN=api,OU=Ops,O=Example', multi, false],
    ['a part of a multi-valued RDN is not it', 'CN=api,O=Example', multi, false],
    ['two RDNs are not a multi-valued one', 'CN=api+O=Example', 'CN=api,O=Example', false],
    ['E is emailAddress', 'E=ops@example.com+CN=api', mailed, true],
    ['emailAddress is its OID', 'emailAddress=ops@example.com+CN=api', mailed, true],
    ['1.2.840.113549.1.9.1 is emailAddress', '1.2.840.113549.1.9.1=ops@example.com+CN=api', mailed, true],
    ['another address is not', 'E=ops@example.org+CN=api', mailed, false],
    ['another string type', 'CN=é', nameOf([[CN, bmpString('é')]]), true],
    ['the old string type, read as Latin-1', 'CN=é', nameOf([[CN, t61String('é')]]), true],
    ['the old string type with other letters', 'CN=é', nameOf([[CN, t61String('e')]]), false],
    ['an empty subject', 'CN=api', '', false],
  ])('TCA-03 %s', async (_title, text, subject, matches) => {
    const [verdict] = await verdicts(dn(text), ca.issue({ subject }));
    expect(verdict).toEqual(matches ? accepted : mismatch);
  });
});

describe('TCA-04 the order of RFC 4514', () => {
  it.each<NameRow>([
    ['the last RDN of the certificate comes first', 'CN=api,O=Example Inc,C=US', certificateOrder, true],
    ['the order of OpenSSL does not match', 'C=US,O=Example Inc,CN=api', certificateOrder, false],
    ['nor does any other', 'O=Example Inc,CN=api,C=US', certificateOrder, false],
    ['hexadecimal values', '2.5.4.3=#0c03617069,O=Example Inc,C=US', certificateOrder, true],
    ['hexadecimal values of something else', '2.5.4.3=#0c03617068,O=Example Inc,C=US', certificateOrder, false],
  ])('TCA-04 %s', async (_title, text, subject, matches) => {
    const [verdict] = await verdicts(dn(text), ca.issue({ subject }));
    expect(verdict).toEqual(matches ? accepted : mismatch);
  });
});

describe('TCA-05 escapes and hostile names', () => {
  const cn = (value: string) => nameOf([[CN, utf8String(value)]]);
  const two = nameOf([[O, utf8String('b')]], [[CN, utf8String('a')]]);
  it.each<NameRow>([
    ['a comma inside a value does not make two RDNs', 'CN=a,O=b', cn('a,O=b'), false],
    ['an escaped comma is one value', 'CN=a\\,O=b', cn('a,O=b'), true],
    ['an escaped comma is not two RDNs', 'CN=a\\,O=b', two, false],
    ['two RDNs are two RDNs', 'CN=a,O=b', two, true],
    ['a plus inside a value', 'CN=a+O=b', cn('a+O=b'), false],
    ['an escaped plus', 'CN=a\\+O=b', cn('a+O=b'), true],
    ['a hash at the start', 'CN=\\23a', cn('#a'), true],
    ['a newline that looks like OpenSSL output', 'CN=a,O=b', cn('a\nO=b'), false],
    ['a slash that looks like OpenSSL output', 'CN=a,O=b', cn('a/O=b'), false],
    ['escaped UTF-8', 'CN=\\C3\\A9', cn('é'), true],
  ])('TCA-05 %s', async (_title, text, subject, matches) => {
    const [verdict] = await verdicts(dn(text), ca.issue({ subject }));
    expect(verdict).toEqual(matches ? accepted : mismatch);
  });

  it('TCA-05 NUL cuts nothing off', async () => {
    for (const value of ['api\0', 'api\0.evil.example', '\0api']) {
      const certificate = ca.issue({ subject: cn(value) });
      const [verdict] = await verdicts(dn('CN=api'), certificate);
      expect([verdict?.status, verdict?.error]).toEqual([401, 'invalid_client']);
    }
    expect(() => specServer({ clients: [metadata(dn('CN=api\\00'))] })).toThrow('tls_client_auth_subject_dn');
  });
});

type SanRow = [
  title: string,
  member: string,
  registered: string,
  options: CertificateOptions,
  matches: boolean | 'malformed',
];
const sanTable: SanRow[] = [
  ['TCA-06 DNS in any case', 'dns', 'API.example.com', { san: ['DNS:api.EXAMPLE.com'] }, true],
  ['TCA-06 DNS: any one entry', 'dns', 'b.example.com', { san: ['DNS:a.example.com', 'DNS:b.example.com'] }, true],
  ['TCA-06 DNS: a wildcard is no pattern', 'dns', 'api.example.com', { san: ['DNS:*.example.com'] }, false],
  ['TCA-06 DNS: nor is a registered one', 'dns', '*.example.com', { san: ['DNS:api.example.com'] }, false],
  ['TCA-06 DNS: a wildcard equals itself', 'dns', '*.example.com', { san: ['DNS:*.example.com'] }, true],
  ['TCA-06 DNS: CN is no fallback', 'dns', 'api.example.com', { subject: 'CN=api.example.com' }, false],
  ['TCA-06 DNS: a final dot counts', 'dns', 'api.example.com', { san: ['DNS:api.example.com.'] }, false],
  ['TCA-06 DNS: a suffix is not it', 'dns', 'example.com', { san: ['DNS:api.example.com'] }, false],
  ['TCA-06 DNS: a URI is no DNS name', 'dns', 'api.example.com', { san: ['URI:api.example.com'] }, false],
  ['TCA-06 DNS: a comma makes no second one', 'dns', 'b.example.com', { san: ['DNS:a, DNS:b.example.com'] }, false],
  ['TCA-06 DNS: NUL cuts nothing off', 'dns', 'api.example.com', { san: ['DNS:api.example.com\0.evil'] }, 'malformed'],
  ['TCA-06 URI exactly', 'uri', 'spiffe://example.com/api', { san: ['URI:spiffe://example.com/api'] }, true],
  ['TCA-06 URI: case counts', 'uri', 'spiffe://example.com/api', { san: ['URI:spiffe://EXAMPLE.com/api'] }, false],
  ['TCA-06 URI: a slash counts', 'uri', 'https://a.example', { san: ['URI:https://a.example/'] }, false],
  ['TCA-06 mail: the domain in any case', 'email', 'ops@example.com', { san: ['email:ops@EXAMPLE.com'] }, true],
  ['TCA-06 mail: the local part exactly', 'email', 'ops@example.com', { san: ['email:Ops@example.com'] }, false],
  ['TCA-06 mail: not from the subject', 'email', 'ops@example.com', { subject: `${EMAIL}=ops@example.com` }, false],
  ['TCA-07 IPv4', 'ip', '192.0.2.1', { san: ['IP:192.0.2.1'] }, true],
  ['TCA-07 another IPv4', 'ip', '192.0.2.1', { san: ['IP:192.0.2.2'] }, false],
  ['TCA-07 IPv6 however it is written', 'ip', '2001:0DB8:0:0::1', { san: ['IP:2001:db8::1'] }, true],
  ['TCA-07 another IPv6', 'ip', '2001:db8::1', { san: ['IP:2001:db8::2'] }, false],
  ['TCA-07 mapped is not IPv4', 'ip', '192.0.2.1', { san: ['IP:::ffff:192.0.2.1'] }, false],
  ['TCA-07 IPv4 is not mapped', 'ip', '::ffff:192.0.2.1', { san: ['IP:192.0.2.1'] }, false],
  ['TCA-07 mapped is mapped', 'ip', '::ffff:c000:201', { san: ['IP:::ffff:192.0.2.1'] }, true],
  ['TCA-07 a DNS name is no address', 'ip', '192.0.2.1', { san: ['DNS:192.0.2.1'] }, false],
  ['TCA-07 a network is no address', 'ip', '192.0.2.0', { san: ['IP:192.0.2.0/255.255.255.0'] }, 'malformed'],
];

describe('subject alternative names', () => {
  it.each(sanTable)('%s', async (_title, member, text, options, matches) => {
    const [verdict] = await verdicts({ [`tls_client_auth_san_${member}`]: text }, ca.issue(options));
    const refusal = matches === 'malformed' ? refused('certificate_untrusted') : mismatch;
    expect(verdict).toEqual(matches === true ? accepted : refusal);
  });

  it('TCA-06 a subject is not looked for in the alternative names', async () => {
    const certificate = ca.issue({ subject: 'CN=other', san: ['DNS:api', 'dir:CN=api'] });
    expect(await verdicts(dn('CN=api'), certificate)).toEqual([mismatch]);
  });
});

describe('TCA-08 what the certificate is for', () => {
  const subject = 'CN=purpose';
  const purpose = refused('certificate_purpose_refused');
  it.each<[string, Certificate, object]>([
    ['clientAuth', ca.issue({ subject, eku: ['clientAuth'] }), accepted],
    ['clientAuth among others', ca.issue({ subject, eku: ['serverAuth', 'clientAuth'] }), accepted],
    ['any', ca.issue({ subject, eku: ['any'] }), accepted],
    ['no extendedKeyUsage', ca.issue({ subject, eku: [] }), accepted],
    ['serverAuth alone', ca.issue({ subject, eku: ['serverAuth'] }), purpose],
    ['another purpose alone', ca.issue({ subject, eku: ['1.3.6.1.5.5.7.3.4'] }), purpose],
    ['no digitalSignature', ca.issue({ subject, keyUsage: [2] }), purpose],
    ['a CA', ca.issue({ subject, isCa: true }), purpose],
  ])('TCA-08 %s', async (_title, certificate, expected) => {
    expect(await verdicts(dn(subject), certificate)).toEqual([expected]);
  });

  it('TCA-08 the anchor itself is no client', async () => {
    expect(await verdicts(dn('CN=Spec CA'), ca)).toEqual([purpose]);
  });
});

describe('TCA-09 renewal', () => {
  it('TCA-09 a new key under the same subject needs no new registration', async () => {
    const subject = 'CN=renewed,O=Example';
    const [old, renewed] = [ca.issue({ subject }), ca.issue({ subject, keyType: 'rsa' })];
    const stranger = ca.issue({ subject: 'CN=renewed,O=Other' });
    expect(await verdicts(dn(subject), old, renewed, stranger)).toEqual([accepted, accepted, mismatch]);
  });
});
