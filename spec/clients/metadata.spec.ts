import { describe, expect, it } from '@jest/globals';
import { type ClientMetadataInput, clientMetadataSchema } from '../../lib/clients/metadata.js';
import { OptionsError, parseOptions } from '../../lib/options.js';
import { certificateJwk, clientKey } from '../support/client-keys.js';
import { makeCa, selfSigned } from '../support/pki.js';

const ec = clientKey('P-256').jwk;
const rsa = clientKey('RSA').jwk;
const certificate = selfSigned();
const secret = 's'.repeat(64);

type Members = Record<string, unknown>;

/** Valid metadata by method, to be spoilt. */
const valid: Record<string, Members> = {
  basic: { client_secret: secret, grant_types: ['client_credentials'] },
  post: { token_endpoint_auth_method: 'client_secret_post', client_secret: secret },
  jwt: { token_endpoint_auth_method: 'client_secret_jwt', client_secret: secret },
  key: { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [ec] } },
  uri: { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://app.example.com/jwks' },
  tls: { token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'app.example.com' },
  self: { token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [certificateJwk(certificate)] } },
  none: { token_endpoint_auth_method: 'none', redirect_uris: ['https://app.example.com/cb'] },
  own: { token_endpoint_auth_method: 'spiffe_jwt' },
};

function mistakes(members: Members): string[] {
  try {
    parseOptions(clientMetadataSchema, { client_id: 'app', ...members }, 'clients[3]');
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(OptionsError);
    return (error as OptionsError).mistakes.map(({ path, message }) => `${path} ${message}`);
  }
}

/** The mistakes of a valid client that has these further members. */
const spoilt = (kind: string, members: Members) => mistakes({ ...valid[kind], ...members });
const parse = (input: ClientMetadataInput) => clientMetadataSchema.parse(input);

describe('client metadata', () => {
  it.each(Object.keys(valid))('%s is valid', (kind) => expect(spoilt(kind, {})).toEqual([]));

  it("RFC 7591's defaults are filled in", () => {
    expect(parse({ client_id: 'app', client_secret: secret })).toMatchObject({
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: [],
      application_type: 'web',
      tls_client_certificate_bound_access_tokens: false,
      secret_methods: 'strict',
      status: 'active',
      trusted: false,
    });
    expect(parse({ client_id: 'app', client_secret: secret, grant_types: ['client_credentials'] })).toMatchObject({
      response_types: [],
    });
  });

  it('what the IANA registry knows and we do not use is kept', () => {
    const kept = {
      contacts: ['a@example.com'],
      software_id: 'x',
      software_version: '1',
      client_id_issued_at: 1,
      registration_client_uri: 'https://as.example.com/register/app',
      introspection_signed_response_alg: 'ES256',
      backchannel_logout_uri: 'https://app.example.com/logout',
      default_acr_values: ['1'],
      authorization_details_types: ['payment'],
      client_registration_types: ['automatic'],
      'client_name#de-CH': 'Anwendung',
      'logo_uri#fr': 'https://app.example.com/logo-fr.png',
      subject_type: 'public',
      dpop_bound_access_tokens: false,
      request_uris: [],
      metadata: { anything: [1, { b: null }] },
    } as const;
    expect(parse({ client_id: 'app', client_secret: secret, ...kept } as never)).toMatchObject(kept);
  });

  it('unknown members are mistakes that name the member, and never its value', () => {
    expect(spoilt('basic', { clientSecret: 'hush', redirectUris: [] })).toEqual([
      'clients[3].clientSecret is not a known member; did you mean client_secret?',
      'clients[3].redirectUris is not a known member; did you mean redirect_uris?',
    ]);
    expect(spoilt('basic', { 'scope#de': 'x' })).toEqual(['clients[3].scope#de is not a known member']);
    expect(spoilt('basic', { 'logo_uri#de': 'javascript:x' })).toHaveLength(1);
    expect(spoilt('basic', { token_ttls: { accessToken: 1 } })).toEqual([
      'clients[3].token_ttls.accessToken is not a known member; did you mean access_token?',
    ]);
    expect(mistakes(JSON.parse(`{"client_secret":"${secret}","__proto__":{"x":1}}`))).toEqual([]);
  });

  it.each([
    [{ client_id: '' }, 'client_id'],
    [{ client_id: 'é' }, 'client_id'],
    [{ client_id: 'a\nb' }, 'client_id'],
    [{ client_id: 'a'.repeat(256) }, 'client_id'],
    [{ client_secret: '' }, 'client_secret'],
    [{ client_secret: 5 }, 'client_secret'],
    [{ scope: 'a  b' }, 'scope'],
    [{ scope: 'a "b"' }, 'scope'],
    [{ scope: ' a' }, 'scope'],
    [{ logo_uri: 'javascript:alert(1)' }, 'logo_uri'],
    [{ client_uri: 'not a url' }, 'client_uri'],
    [{ token_ttls: { access_token: 0 } }, 'token_ttls.access_token'],
    [{ token_ttls: { authorization_code: 601 } }, 'token_ttls.authorization_code'],
    [{ status: 'deleted' }, 'status'],
    [{ secret_methods: 'any' }, 'secret_methods'],
    [{ default_max_age: -1 }, 'default_max_age'],
    [{ id_token_signed_response_alg: 'none' }, 'id_token_signed_response_alg'],
    [{ trusted: 'yes' }, 'trusted'],
    [{ metadata: { a: 1n } }, 'metadata.a'],
  ])('%p is refused', (members, path) => {
    const found = spoilt('basic', members);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(new RegExp(`^clients\\[3\\]\\.${path.replace('.', '\\.')} `));
  });

  it('token_ttls name what differs and nothing else', () => {
    const { token_ttls } = parse({ client_id: 'app', client_secret: secret, token_ttls: { id_token: 60 } });
    expect(token_ttls).toEqual({ id_token: 60 });
  });
});

describe('DCR-05 grants', () => {
  it.each([
    [{ grant_types: ['authorization_code'] }, 'redirect_uris is needed'],
    [{ grant_types: ['authorization_code'], redirect_uris: [] }, 'redirect_uris is needed'],
    [{ grant_types: ['implicit'] }, 'grant_types has implicit'],
    [{ grant_types: ['client_credentials'], response_types: ['code'] }, 'response_types must have "code" exactly'],
    [
      { grant_types: ['authorization_code'], redirect_uris: ['https://a.example/'], response_types: [] },
      'response_types must have "code" exactly',
    ],
    [
      { response_types: ['code', 'token'], redirect_uris: ['https://a.example/'], grant_types: undefined },
      'only "code"',
    ],
  ])('%j is refused', (members, message) => {
    expect(spoilt('basic', members)).toEqual([expect.stringContaining(message)]);
  });

  it('client_credentials is not for public clients', () => {
    expect(spoilt('none', { grant_types: ['authorization_code', 'client_credentials'] })).toEqual([
      expect.stringMatching(/^clients\[3\]\.grant_types has client_credentials/),
    ]);
    expect(spoilt('none', { grant_types: ['authorization_code', 'refresh_token'] })).toEqual([]);
  });

  it('DCR-07 each redirect URI is judged by itself', () => {
    const redirect_uris = ['https://a.example/cb', 'http://a.example/cb'];
    expect(spoilt('basic', { redirect_uris })).toEqual([
      expect.stringMatching(/^clients\[3\]\.redirect_uris\[1\] must use/),
    ]);
    expect(spoilt('basic', { post_logout_redirect_uris: ['https://a.example/#x'] })).toEqual([
      expect.stringMatching(/post_logout_redirect_uris\[0\] must not have a fragment/),
    ]);
  });
});

describe('secrets', () => {
  const hash = `sha256:${'ab'.repeat(32)}`;

  it.each(['basic', 'post', 'jwt'])('%s needs one', (kind) => {
    expect(spoilt(kind, { client_secret: undefined })).toEqual([
      expect.stringMatching(/^clients\[3\]\.client_secret is needed for the method client_secret_/),
    ]);
    expect(spoilt(kind, { client_secret: undefined, client_secrets: [] })).toHaveLength(1);
    expect(spoilt(kind, { client_secret: undefined, client_secrets: [{ value: secret }] })).toEqual([]);
  });

  it.each(['key', 'uri', 'tls', 'self', 'none'])('%s has none', (kind) => {
    expect(spoilt(kind, { client_secret: secret })).toEqual([
      expect.stringMatching(/^clients\[3\]\.client_secret is not used with the method /),
    ]);
    expect(spoilt(kind, { client_secret_hash: hash, client_secret_expires_at: 0 })).toHaveLength(1);
    expect(spoilt(kind, { client_secret_expires_at: 0 })).toEqual([]);
  });

  it('a hash serves basic and post, and never client_secret_jwt', () => {
    expect(spoilt('basic', { client_secret: undefined, client_secret_hash: hash })).toEqual([]);
    expect(spoilt('jwt', { client_secret_hash: hash })).toEqual([
      'clients[3].client_secret_hash cannot be used with the method client_secret_jwt',
    ]);
    expect(spoilt('jwt', { client_secret: undefined, client_secret_hash: hash })).toHaveLength(2);
    expect(spoilt('basic', { client_secret_encrypted: 'aes-256-gcm:x:y' })).toHaveLength(1);
    expect(spoilt('own', { client_secret: 'x' })).toEqual([]);
  });

  it('basic-or-post never weakens another method', () => {
    for (const kind of ['basic', 'post']) expect(spoilt(kind, { secret_methods: 'basic-or-post' })).toEqual([]);
    for (const kind of ['jwt', 'key', 'tls', 'self', 'none']) {
      expect(spoilt(kind, { secret_methods: 'basic-or-post' })).toEqual([
        'clients[3].secret_methods may be "basic-or-post" with client_secret_basic and client_secret_post alone',
      ]);
    }
  });

  it.each(['plain', 'sha256:', 'sha256:zz', 'md5:00', 'hmac-sha256:a', `hmac-sha256::${'a'.repeat(43)}`, `${hash}0`])(
    'the hash %j is refused',
    (client_secret_hash) => {
      expect(spoilt('basic', { client_secret_hash })).toEqual([expect.stringContaining('client_secret_hash must be')]);
    },
  );

  it.each([
    [undefined, 32],
    ['HS256', 32],
    ['HS384', 48],
    ['HS512', 64],
  ])('CSJ-03 with %s a secret for MACs has %d octets or more', (alg, octets) => {
    const members = { token_endpoint_auth_signing_alg: alg };
    const short = 'x'.repeat(octets - 1);
    expect(spoilt('jwt', { ...members, client_secret: `${short}x` })).toEqual([]);
    expect(spoilt('jwt', { ...members, client_secret: 'é'.repeat(octets / 2) })).toEqual([]);
    const message = `must have at least ${octets} octets for client_secret_jwt (RFC 7518 3.2)`;
    expect(spoilt('jwt', { ...members, client_secret: short })).toEqual([`clients[3].client_secret ${message}`]);
    expect(spoilt('jwt', { ...members, client_secrets: [{ value: secret }, { value: short }] })).toEqual([
      `clients[3].client_secrets[1].value ${message}`,
    ]);
  });

  it('a short secret is no mistake for basic and post', () => {
    expect(spoilt('basic', { client_secret: 'short' })).toEqual([]);
    expect(spoilt('post', { client_secret: 'short' })).toEqual([]);
  });

  it('no mistake repeats a secret', () => {
    const found = [
      ...spoilt('jwt', { client_secret: 'hush-hush' }),
      ...spoilt('none', { client_secret: 'hush-hush', client_secrets: [{ value: 'hush-hush', x: 1 }] }),
      ...spoilt('basic', { client_secret: ['hush-hush'], client_secret_hash: 'hush-hush' }),
    ];
    expect(found.length).toBeGreaterThan(3);
    expect(found.join()).not.toContain('hush');
  });
});

describe('DCR-05 token_endpoint_auth_signing_alg', () => {
  it.each([
    ['jwt', 'HS256'],
    ['jwt', 'HS512'],
    ['key', 'ES256'],
    ['uri', 'EdDSA'],
    ['uri', 'Ed25519'],
    ['uri', 'PS512'],
    ['basic', 'ES256'],
  ])('%s may name %s', (kind, alg) => {
    expect(spoilt(kind, { token_endpoint_auth_signing_alg: alg })).toEqual([]);
  });

  it.each([
    ['jwt', 'ES256'],
    ['key', 'HS256'],
    ['key', 'none'],
    ['jwt', 'none'],
    ['basic', 'none'],
    ['basic', 'RS1'],
    ['key', 'es256'],
  ])('%s may not name %s', (kind, alg) => {
    const found = spoilt(kind, { token_endpoint_auth_signing_alg: alg });
    expect(found[0]).toMatch(/^clients\[3\]\.token_endpoint_auth_signing_alg /);
  });
});

describe('key sets', () => {
  it('PKJ-02 jwks and jwks_uri exclude each other, and private_key_jwt needs one', () => {
    expect(spoilt('key', { jwks_uri: 'https://app.example.com/jwks' })).toEqual([
      'clients[3].jwks_uri must not stand beside jwks (RFC 7591 2)',
    ]);
    expect(spoilt('key', { jwks: undefined })).toEqual([
      'clients[3].jwks or jwks_uri is needed for the method private_key_jwt',
    ]);
  });

  it.each(['http://a.example/', 'https://u@a.example/', 'https://a.example/#x', 'file:///x', 'x'])(
    'PKJ-07 jwks_uri %s is refused',
    (jwks_uri) => expect(spoilt('uri', { jwks_uri })).toHaveLength(1),
  );

  it.each([
    ['weak', clientKey('RSA-1024').jwk],
    ['private', clientKey().privateJwk],
    ['oct', { kty: 'oct', k: 'AAAA' }],
  ])('PKJ-04 a %s key is refused and named', (_name, key) => {
    for (const kind of ['key', 'basic', 'none']) {
      expect(spoilt(kind, { jwks: { keys: [ec, key] } })).toEqual([
        expect.stringMatching(/^clients\[3\]\.jwks\.keys\[1\] (is|holds) /),
      ]);
    }
  });

  it('there must be a key for what is going to be signed', () => {
    expect(spoilt('key', { jwks: { keys: [] } })).toEqual(['clients[3].jwks holds no key that can verify a signature']);
    expect(spoilt('key', { jwks: { keys: [{ ...ec, use: 'enc' }] } })).toHaveLength(1);
    expect(spoilt('key', { token_endpoint_auth_signing_alg: 'RS256' })).toEqual([
      'clients[3].jwks holds no key that can verify RS256',
    ]);
    expect(spoilt('key', { token_endpoint_auth_signing_alg: 'RS256', jwks: { keys: [ec, rsa] } })).toEqual([]);
    expect(spoilt('key', { jwks: { keys: new Array(65).fill(ec) } })).toEqual([
      'clients[3].jwks.keys may hold 64 keys at most',
    ]);
    expect(spoilt('key', { jwks: { keys: 'x' } })).toHaveLength(1);
    expect(spoilt('key', { jwks: [ec] })).toHaveLength(1);
  });

  it('SST-02 self_signed_tls_client_auth needs an x5c, a jwks_uri or a certificate', () => {
    const bare = { jwks: { keys: [ec] } };
    expect(spoilt('self', bare)).toEqual([expect.stringMatching(/^clients\[3\]\.jwks holds no key with an x5c/)]);
    expect(spoilt('self', { jwks: undefined })).toEqual([expect.stringMatching(/^clients\[3\]\.jwks or jwks_uri/)]);
    expect(spoilt('self', { jwks: undefined, jwks_uri: 'https://app.example.com/jwks' })).toEqual([]);
    expect(spoilt('self', { jwks: undefined, certificate: certificate.cert })).toEqual([]);
    expect(spoilt('self', { ...bare, certificate: certificate.cert })).toEqual([]);
  });

  it('SST-02 an x5c of another key is refused', () => {
    const jwk = { ...certificateJwk(certificate), x5c: [selfSigned().der.toString('base64')] };
    expect(spoilt('self', { jwks: { keys: [jwk] } })).toEqual([
      'clients[3].jwks.keys[0] is not the key of its x5c certificate (RFC 7517 4.7)',
    ]);
  });

  it('certificate is one certificate, of a self-signed client', () => {
    const two = certificate.cert + selfSigned().cert;
    expect(spoilt('self', { certificate: two })).toEqual(['clients[3].certificate must hold exactly one certificate']);
    expect(spoilt('self', { certificate: certificate.key })).toHaveLength(1);
    expect(spoilt('self', { certificate: 'client.crt' })).toHaveLength(1);
    for (const keyType of ['rsa1024', 'secp256k1', 'ecExplicit'] as const) {
      const { cert } = selfSigned({ keyType });
      const mistakes = ['clients[3].certificate has a key that is too weak or of unknown kind'];
      expect(spoilt('self', { certificate: cert })).toEqual(mistakes);
      expect(spoilt('tls', { certificate: cert })).toEqual(mistakes);
    }
    expect(spoilt('self', { certificate: selfSigned({ keyType: 'ed25519' }).cert })).toEqual([]);
    expect(spoilt('tls', { certificate: certificate.cert })).toEqual([]);
    expect(spoilt('tls', { tls_client_auth_san_dns: undefined, certificate: certificate.cert })).toEqual([]);
    expect(spoilt('basic', { certificate: certificate.cert })).toEqual([
      'clients[3].certificate is used with the methods tls_client_auth and self_signed_tls_client_auth alone',
    ]);
    expect(spoilt('self', { jwks: undefined, certificate: makeCa().issue().cert })).toEqual([]);
  });
});

describe('TCA-02 the name in the certificate', () => {
  const names = {
    tls_client_auth_subject_dn: 'CN=app,O=Example',
    tls_client_auth_san_dns: 'app.example.com',
    tls_client_auth_san_uri: 'spiffe://example.com/app',
    tls_client_auth_san_ip: '192.0.2.1',
    tls_client_auth_san_email: 'app@example.com',
  };
  const none = { tls_client_auth_san_dns: undefined };

  it.each(Object.entries(names))('%s alone is taken', (member, value) => {
    expect(spoilt('tls', { ...none, [member]: value })).toEqual([]);
  });

  it('none is refused, and so are two', () => {
    expect(spoilt('tls', none)).toEqual([expect.stringMatching(/^clients\[3\]\.tls_client_auth_subject_dn or one/)]);
    expect(spoilt('tls', { tls_client_auth_san_ip: '192.0.2.1' })).toEqual([
      'clients[3].tls_client_auth_san_ip must not stand beside tls_client_auth_san_dns: one name is registered (RFC 8705 2.1.2)',
    ]);
    expect(spoilt('tls', names)).toHaveLength(4);
  });

  it.each([
    ['tls_client_auth_subject_dn', 'no name'],
    ['tls_client_auth_san_dns', 'a b'],
    ['tls_client_auth_san_uri', 'no uri'],
    ['tls_client_auth_san_ip', '192.0.2'],
    ['tls_client_auth_san_email', 'nobody'],
  ])('%s: %j cannot be matched', (member, value) => {
    expect(spoilt('tls', { ...none, [member]: value })).toEqual([
      expect.stringMatching(new RegExp(`^clients\\[3\\]\\.${member} cannot be used: `)),
    ]);
  });

  it.each(['basic', 'key', 'self', 'none'])('a client of %s has no such name', (kind) => {
    expect(spoilt(kind, { tls_client_auth_san_dns: 'app.example.com' })).toEqual([
      'clients[3].tls_client_auth_san_dns is used with the method tls_client_auth alone',
    ]);
  });
});

describe('what is not built yet', () => {
  it.each([
    ['require_signed_request_object', true],
    ['id_token_encrypted_response_alg', 'RSA-OAEP'],
    ['userinfo_encrypted_response_alg', 'RSA-OAEP'],
    ['request_object_signing_alg', 'ES256'],
    ['request_uris', ['https://app.example.com/r']],
    ['sector_identifier_uri', 'https://app.example.com/s'],
    ['subject_type', 'pairwise'],
  ])('%s: %j says so', (member, value) => {
    expect(spoilt('basic', { [member]: value })).toEqual([`clients[3].${member} is not part of this version`]);
  });
});
