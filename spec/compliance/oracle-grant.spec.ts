import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type AuthorizationServerEvent,
  authorizationCode,
  type ClientMetadataInput,
  clientCredentials,
  type Grant,
  grantRouter,
  refreshToken,
  standardStrategies,
  tlsClientAuthGrant,
} from '../../index.js';
import {
  basicHeader,
  ca,
  clientCertificate,
  clientPerMethod,
  issuer,
  newSecret,
  ownCertificate,
  secrets,
} from '../support/methods.js';
import { makeCa, selfSigned } from '../support/pki.js';
import { accepted, type Identity, refused, type TlsWorld, tlsWorld } from '../support/tls-world.js';

const grant = 'tls_client_auth';
const subject = 'CN=tls.example.com,O=Example';
const renewed = ca.issue({ subject });
const foreign = makeCa({ subject: 'CN=Spec CA' }).issue({ subject });

const machine = { grant_types: [grant], scope: 'read', app_roles: ['Writer'] };
const byAuthority = { ...machine, token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_subject_dn: subject };
const { tls_client_auth_subject_dn: _, ...withoutName } = byAuthority;
const clients = [
  { ...byAuthority, client_id: 'dn' },
  { ...withoutName, client_id: 'uploaded', certificate: clientCertificate.cert },
  { ...byAuthority, client_id: 'dn-and-uploaded', certificate: clientCertificate.cert },
  {
    ...byAuthority,
    client_id: 'other-dn',
    tls_client_auth_subject_dn: 'CN=other',
    certificate: clientCertificate.cert,
  },
  {
    ...byAuthority,
    client_id: 'also-refreshes',
    grant_types: [grant, 'refresh_token'],
    scope: 'read offline_access openid',
  },
  { ...byAuthority, client_id: 'credentials-alone', grant_types: ['client_credentials'] },
  { ...byAuthority, client_id: 'both', grant_types: [grant, 'client_credentials'] },
  { ...byAuthority, client_id: 'inactive', status: 'inactive' },
  {
    ...machine,
    client_id: 'own',
    token_endpoint_auth_method: 'self_signed_tls_client_auth',
    certificate: ownCertificate.cert,
  },
  { ...machine, client_id: 'secret', client_secret: secrets.basic, token_endpoint_auth_method: 'client_secret_basic' },
  {
    ...machine,
    client_id: 'public',
    token_endpoint_auth_method: 'none',
    redirect_uris: ['https://app.example.com/cb'],
    grant_types: ['authorization_code', grant],
  },
  clientPerMethod.client_secret_basic,
] as unknown as ClientMetadataInput[];

const options = {
  clients,
  grants: [authorizationCode(), clientCredentials(), refreshToken(), tlsClientAuthGrant()] as Grant[],
  grant_types: ['authorization_code', 'client_credentials', 'refresh_token', grant],
  app_roles: { Writer: ['write'], Nobody: ['admin'] },
  scopes: { openid: {}, offline_access: {}, read: {}, write: {}, admin: {} },
  oracle_endpoints: true,
};

let world: TlsWorld;
beforeAll(async () => {
  world = await tlsWorld(options);
});
afterAll(() => world.stop());

const ask = (form: Record<string, string>, as?: Identity, more: object = {}) =>
  world.ask({ grant_type: grant, ...form }, as, more);

async function verdict(form: Record<string, string>, as?: Identity, more: object = {}) {
  return world.verdict(await ask(form, as, more));
}

const refusal = (error: string, reason: string) => ({ status: 400, error, reason });

describe('OTG-01 who may use it', () => {
  it('OTG-01 is off by default', async () => {
    const { grant_types: __, ...rest } = options;
    const off = await tlsWorld({ ...rest, app_roles: { Writer: ['write'] } });
    const reply = await off.ask({ grant_type: grant, client_id: 'dn' }, clientCertificate);
    expect(off.verdict(reply)).toEqual(refusal('unsupported_grant_type', 'grant_type_unsupported'));
    await off.stop();
  });

  it('OTG-01 a client without it, or without a certificate as its method, may not', async () => {
    expect(await verdict({ client_id: 'credentials-alone' }, clientCertificate)).toEqual(
      refusal('unauthorized_client', 'grant_type_not_allowed'),
    );
    const authorization = basicHeader('secret', secrets.basic);
    expect(await verdict({}, undefined, { headers: { authorization } })).toEqual(
      refusal('unauthorized_client', 'grant_needs_certificate'),
    );
    expect(await verdict({}, clientCertificate, { headers: { authorization } })).toEqual(
      refusal('unauthorized_client', 'grant_needs_certificate'),
    );
    expect(await verdict({ client_id: 'public' }, clientCertificate)).toEqual(
      refusal('unauthorized_client', 'grant_needs_certificate'),
    );
  });

  it('OTG-01 the name as a grant does not enable the method, nor the method the grant', async () => {
    const noMethod = await tlsWorld({ ...options, token_endpoint_auth_methods: ['client_secret_basic'] });
    const reply = await noMethod.ask({ grant_type: grant, client_id: 'dn' }, clientCertificate);
    expect(noMethod.verdict(reply)).toEqual(refused('method_not_enabled'));
    const { body } = await noMethod.send({ path: '/.well-known/openid-configuration' });
    expect(body.grant_types_supported).toContain(grant);
    expect(body.token_endpoint_auth_methods_supported).toEqual(['client_secret_basic']);
    await noMethod.stop();
    const noGrant = await tlsWorld({ ...options, grant_types: ['client_credentials'] });
    const metadata = await noGrant.send({ path: '/.well-known/openid-configuration' });
    expect(metadata.body.grant_types_supported).toEqual(['client_credentials']);
    expect(metadata.body.token_endpoint_auth_methods_supported).toContain(grant);
    await noGrant.stop();
  });
});

describe('OTG-02 the certificate', () => {
  it.each(['dn', 'uploaded', 'dn-and-uploaded'])('OTG-02 %s is accepted, another is not', async (client_id) => {
    expect(await verdict({ client_id }, clientCertificate)).toEqual(accepted);
    expect(await verdict({ client_id }, foreign)).toEqual(refused('certificate_untrusted'));
    expect(await verdict({ client_id }, ownCertificate)).toEqual(refused('certificate_untrusted'));
    expect(await verdict({ client_id })).toEqual(refused('certificate_missing'));
  });

  it('OTG-02 an uploaded certificate is that very one, a registered name is any of the authority', async () => {
    expect(await verdict({ client_id: 'dn' }, renewed)).toEqual(accepted);
    expect(await verdict({ client_id: 'uploaded' }, renewed)).toEqual(refused('certificate_not_registered'));
    expect(await verdict({ client_id: 'dn-and-uploaded' }, renewed)).toEqual(refused('certificate_not_registered'));
    expect(await verdict({ client_id: 'other-dn' }, clientCertificate)).toEqual(refused('certificate_name_mismatch'));
  });

  it('OTG-02 a self-signed one, registered, needs no authority', async () => {
    expect(await verdict({ client_id: 'own' }, ownCertificate)).toEqual(accepted);
    const other = selfSigned({ subject: 'CN=self-signed.example.com' });
    expect(await verdict({ client_id: 'own' }, other)).toEqual(refused('certificate_not_registered'));
    expect(await verdict({ client_id: 'own' })).toEqual(refused('certificate_missing'));
  });

  it('OTG-02 no client_id, an unknown one and an inactive one are refused', async () => {
    expect(await verdict({}, clientCertificate)).toEqual(refused('no_credentials'));
    expect(await verdict({ client_id: 'nobody' }, clientCertificate)).toEqual(refused('unknown_client'));
    expect(await verdict({ client_id: 'inactive' }, clientCertificate)).toEqual(refused('client_inactive'));
  });
});

describe('OTG-03 the reply', () => {
  it('OTG-03 is a token for the client, bound to its certificate', async () => {
    const { body } = await ask({ client_id: 'dn', scope: 'read' }, clientCertificate);
    expect(body).toEqual({ access_token: expect.any(String), token_type: 'Bearer', expires_in: 3600, scope: 'read' });
    const call = await world.call(body.access_token, clientCertificate);
    expect(call.body).toMatchObject({ sub: 'dn', client_id: 'dn', scope: 'read' });
    expect((await world.call(body.access_token, renewed)).status).toBe(401);
    expect((await world.call(body.access_token)).status).toBe(401);
  });

  it('OTG-03 never has a refresh or ID token', async () => {
    const form = { client_id: 'also-refreshes', scope: 'read offline_access openid' };
    const { body } = await ask(form, clientCertificate);
    expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type']);
    expect(body.scope).toBe('read');
  });
});

describe('OTG-04 Basic alongside', () => {
  it('OTG-04 a secret beside the certificate is refused', async () => {
    const authorization = basicHeader('dn', newSecret());
    expect(await verdict({ client_id: 'dn' }, clientCertificate, { headers: { authorization } })).toEqual(
      refused('method_not_registered'),
    );
    const another = basicHeader('basic-client', secrets.basic);
    expect(await verdict({ client_id: 'dn' }, clientCertificate, { headers: { authorization: another } })).toEqual(
      refusal('invalid_request', 'client_id_conflict'),
    );
    expect(await verdict({ client_id: 'dn', client_secret: newSecret() }, clientCertificate)).toEqual(
      refused('method_not_registered'),
    );
    const both = { client_id: 'dn', client_secret: newSecret() };
    expect(await verdict(both, clientCertificate, { headers: { authorization } })).toEqual(
      refusal('invalid_request', 'several_methods'),
    );
  });
});

describe('OTG-03 scopes from application roles', () => {
  const scopeOf = async (scope?: string) => {
    const { body } = await ask({ client_id: 'both', ...(scope && { scope }) }, clientCertificate);
    return body.scope ?? body.error;
  };

  it('OTG-03 the scopes of the roles of the client are its own', async () => {
    expect(await scopeOf()).toBe('read write');
    expect(await scopeOf('write')).toBe('write');
    expect(await scopeOf('admin')).toBe('invalid_scope');
  });

  it('OTG-03 urn:opc:idm:__myscopes__ asks for all of them', async () => {
    expect(await scopeOf('urn:opc:idm:__myscopes__')).toBe('read write');
    expect(await scopeOf('urn:opc:idm:__myscopes__ read')).toBe('read write');
    expect(await scopeOf('urn:opc:idm:__myscopes__ admin')).toBe('invalid_scope');
    expect(await scopeOf('urn:opc:idm:__yourscopes__')).toBe('invalid_scope');
  });

  it.each([grant, 'client_credentials'])('OTG-03 %s: an expiry scope only shortens', async (grant_type) => {
    const replyTo = async (scope: string) => {
      const { body } = await ask({ client_id: 'both', grant_type, scope }, clientCertificate);
      return body.error ?? [body.expires_in, body.scope];
    };
    expect(await replyTo('urn:opc:resource:expiry=60 read')).toEqual([60, 'read']);
    expect(await replyTo('urn:opc:resource:expiry=60')).toEqual([60, 'read write']);
    expect(await replyTo('urn:opc:resource:expiry=60 urn:opc:idm:__myscopes__')).toEqual([60, 'read write']);
    expect(await replyTo('urn:opc:resource:expiry=3601 read')).toEqual([3600, 'read']);
    expect(await replyTo('urn:opc:resource:expiry=31556952 read')).toEqual([3600, 'read']);
    for (const seconds of ['59', '31556953', '-60', '6e1', '60.5', '', '0x60', '99999999999999999999'])
      expect(await replyTo(`urn:opc:resource:expiry=${seconds} read`)).toBe('invalid_scope');
    expect(await replyTo('urn:opc:resource:expiry=60 urn:opc:resource:expiry=90')).toBe('invalid_scope');
  });

  it("OTG-03 without oracle_endpoints client_credentials does not know Oracle's scopes", async () => {
    const plain = await tlsWorld({ ...options, oracle_endpoints: false });
    const form = { client_id: 'both', grant_type: 'client_credentials' };
    for (const scope of ['urn:opc:idm:__myscopes__', 'urn:opc:resource:expiry=60']) {
      const reply = await plain.ask({ ...form, scope }, clientCertificate);
      expect(plain.verdict(reply)).toEqual(refusal('invalid_scope', 'scope_not_allowed'));
    }
    expect((await plain.ask(form, clientCertificate)).body.scope).toBe('read write');
    expect((await plain.send({ path: '/oauth2/v1/token', form })).status).toBe(404);
    expect((await plain.send({ path: '/.well-known/idcs-configuration' })).status).toBe(404);
    await plain.stop();
  });

  it.each<[string, object, string]>([
    ['a role that there is not', { clients: [{ ...clients[0], app_roles: ['Reader'] }] }, 'clients[0].app_roles[0]'],
    ['a scope that there is not', { clients: [], app_roles: { Writer: ['write', 'erase'] } }, 'app_roles.Writer[1]'],
  ])('OTG-03 %s is a mistake at start', (__, wrong, path) => {
    const start = () => grantRouter({ issuer, strategies: standardStrategies(), ...options, ...wrong } as never);
    expect(start).toThrow(path);
  });
});

describe("OTG-02 Oracle's paths", () => {
  it('OTG-02 /oauth2/v1/token is the token endpoint', async () => {
    const path = '/oauth2/v1/token';
    expect(await verdict({ client_id: 'dn' }, clientCertificate, { path })).toEqual(accepted);
    expect(await verdict({ client_id: 'dn' }, foreign, { path })).toEqual(refused('certificate_untrusted'));
    expect((await world.send({ path })).status).toBe(405);
  });

  it('OTG-02 idcs-configuration says where, in the group Oracle has it in', async () => {
    const { body, status } = await world.send({ path: '/.well-known/idcs-configuration' });
    const plain = await world.send({ path: '/.well-known/openid-configuration' });
    const endpoint = `${issuer}/oauth2/v1/token`;
    expect(status).toBe(200);
    expect(body).toEqual({
      'openid-configuration': { ...plain.body, token_endpoint: endpoint, secure_token_endpoint: endpoint },
    });
    expect(body['openid-configuration'].grant_types_supported).toContain(grant);
  });

  it('OTG-02 the secure endpoint is on the name for certificates, where there is one', async () => {
    const two = await tlsWorld({ ...options, mtls: { public_url: 'https://mtls.as.example.com' } });
    const { body } = await two.send({ path: '/.well-known/idcs-configuration' });
    expect(body['openid-configuration']).toMatchObject({
      token_endpoint: `${issuer}/oauth2/v1/token`,
      secure_token_endpoint: 'https://mtls.as.example.com/oauth2/v1/token',
    });
    await two.stop();
  });
});

describe('certificates that end soon', () => {
  const day = 86_400_000;
  let now = Date.now();
  const ending = (days: number) => ca.issue({ subject, notAfter: new Date(now + days * day - 3_600_000) });
  let soon: TlsWorld | undefined;
  afterEach(() => soon?.stop());

  const told = (events: readonly AuthorizationServerEvent[]) =>
    events.flatMap((event) => (event.event === 'warning' && event.name === 'certificate_expires_soon' ? [event] : []));

  it('MTL-06 are told, once per certificate and day', async () => {
    const start = now;
    soon = await tlsWorld({ ...options, now: () => now });
    const enter = (as: Identity) => soon!.ask({ grant_type: grant, client_id: 'dn' }, as);
    const [near, far] = [ending(10), ending(32)];
    await enter(near);
    await enter(near);
    await enter(far);
    expect(told(soon.events)).toEqual([
      {
        event: 'warning',
        name: 'certificate_expires_soon',
        detail: {
          client_id: 'dn',
          'x5t#S256': expect.stringMatching(/^[\w-]{43}$/),
          not_after: expect.any(Date),
          days_left: 9,
        },
        issuer,
      },
    ]);
    now += 2 * day;
    await enter(near);
    await enter(far);
    expect(told(soon.events).map(({ detail }) => detail.days_left)).toEqual([9, 7, 29]);
    now = start;
  });

  it('MTL-06 are not told of who was refused, or proved itself otherwise', async () => {
    soon = await tlsWorld({ ...options, now: () => now });
    const near = ending(10);
    await soon.ask({ grant_type: grant, client_id: 'own' }, near);
    await soon.ask({ grant_type: grant, client_id: 'inactive' }, near);
    const authorization = basicHeader('basic-client', secrets.basic);
    expect((await soon.ask({}, near, { headers: { authorization } })).status).toBe(200);
    expect(told(soon.events)).toEqual([]);
  });
});
