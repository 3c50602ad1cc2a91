import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import request from 'supertest';
import { certificateJwk, clientKey } from '../support/client-keys.js';
import { clientCertificate, issuer, newSecret, ownCertificate, signer } from '../support/methods.js';
import {
  initialToken,
  machineMembers,
  noteSecrets,
  RegistrationServer,
  webMembers,
} from '../support/registration-server.js';
import { noteSecret } from '../support/suite-log.js';

const server = new RegistrationServer();
const refused = (members: unknown, token?: string | null) => server.refusal(server.register(members, token));

describe('a client that registers itself', () => {
  it('DCR-01 is answered 201 and no-store with all that it now is, defaults among it; unknown members are ignored', async () => {
    const reply = await server.register({
      ...webMembers,
      client_name: 'Books',
      'client_name#de': 'Bücher',
      colour: 'red',
    });
    const body = noteSecrets(reply.body);
    expect(reply.status).toBe(201);
    expect(reply.headers['content-type']).toBe('application/json');
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(body).toMatchObject({
      client_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      client_id_issued_at: expect.any(Number),
      client_secret: expect.stringMatching(/^[\w-]{43,}$/),
      client_secret_expires_at: 0,
      registration_access_token: expect.stringMatching(/^[\w-]{43}$/),
      registration_client_uri: `${issuer}/oauth2/register/${body.client_id}`,
      client_name: 'Books',
      'client_name#de': 'Bücher',
      redirect_uris: ['https://app.example.com/cb'],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      application_type: 'web',
      tls_client_certificate_bound_access_tokens: false,
    });
    expect(body).not.toHaveProperty('colour');
    expect(server.spec.last()).toMatchObject({ event: 'registration', outcome: 'success', client_id: body.client_id });
  });

  it('DCR-01 can use what it registered at once, within its scope and no further', async () => {
    const client = await server.registered(machineMembers);
    expect((await server.token(client)).status).toBe(200);
    expect(server.spec.last()).toMatchObject({ client_id: client.client_id, scope: 'read' });
    expect((await server.token(client, { scope: 'write' })).body.error).toBe('invalid_scope');
    expect((await server.token({ ...client, client_secret: newSecret() })).status).toBe(401);
  });

  it.each([
    ['trusted', true],
    ['status', 'inactive'],
    ['app_roles', ['Admin']],
    ['token_ttls', { access_token: 99999 }],
    ['refresh_token_rotation', false],
    ['legacy_assertion_audience', true],
    ['client_secret_hash', `sha256:${'0'.repeat(64)}`],
  ])('DCR-01 does not decide what operators do: %s is ignored', async (member, value) => {
    const { client_id, ...body } = await server.registered({ ...machineMembers, [member]: value });
    expect(body).not.toHaveProperty(member);
    const found = await server.spec.router.workspaces[0]?.clients.find(client_id);
    expect(found?.metadata).toMatchObject({ status: 'active', trusted: false });
    expect(found?.metadata[member as 'trusted']).not.toEqual(value);
  });

  it('DCR-08 never chooses its client_id or its secret', async () => {
    const wished = { client_id: 'basic-client', client_secret: newSecret(), client_id_issued_at: 1 };
    const client = await server.registered({ ...machineMembers, ...wished });
    expect(client.client_id).not.toBe(wished.client_id);
    expect(client.client_id).not.toMatch(/^https:/);
    expect(client.client_secret).not.toBe(wished.client_secret);
    expect(client.client_id_issued_at).not.toBe(1);
    const second = await server.registered(machineMembers);
    expect(second.client_id).not.toBe(client.client_id);
  });

  it.each([
    ['client_secret_basic', {}, true],
    ['client_secret_post', {}, true],
    ['client_secret_jwt', {}, true],
    ['private_key_jwt', { jwks: { keys: [signer.jwk] } }, false],
    ['private_key_jwt', { jwks_uri: 'https://keys.example.com/jwks' }, false],
    ['tls_client_auth', { tls_client_auth_san_dns: 'client.example.com' }, false],
    ['self_signed_tls_client_auth', { jwks: { keys: [certificateJwk(ownCertificate)] } }, false],
    ['self_signed_tls_client_auth', { certificate: ownCertificate.cert }, false],
    ['none', { grant_types: ['authorization_code'] }, false],
  ])('DCR-06 %s %#: a secret where the method has one, and then with its end', async (method, members, expected) => {
    const body = await server.registered({
      ...machineMembers,
      ...webMembers,
      ...members,
      token_endpoint_auth_method: method,
    });
    expect('client_secret' in body).toBe(expected);
    expect(body.client_secret_expires_at).toBe(expected ? 0 : undefined);
    expect(body.token_endpoint_auth_method).toBe(method);
  });

  it('CSJ-03 a generated secret suits the largest MAC algorithm of the workspace', async () => {
    const large = new RegistrationServer({ token_endpoint_auth_signing_alg_values: ['HS256', 'HS512'] });
    const members = { ...machineMembers, token_endpoint_auth_method: 'client_secret_jwt' };
    const { client_secret } = await large.registered({ ...members, token_endpoint_auth_signing_alg: 'HS512' });
    expect(Buffer.byteLength(client_secret)).toBeGreaterThanOrEqual(64);
  });
});

describe('who may register', () => {
  it('DCR-02 nobody without a token: 401 with a Bearer challenge, and nothing is registered', async () => {
    expect(await refused(webMembers, null)).toEqual({
      status: 401,
      error: 'invalid_token',
      description: 'An access token is required.',
      reason: 'token_missing',
      challenge: `Bearer realm="${issuer}"`,
    });
  });

  it.each([
    ['another', newSecret(), 'initial_token_unknown'],
    ['the beginning of one', initialToken.slice(0, -1), 'initial_token_unknown'],
  ])('DCR-02 nobody with %s', async (_what, token, reason) => {
    const failure = await refused(webMembers, token);
    expect(failure).toMatchObject({ status: 401, error: 'invalid_token', reason });
    expect(failure.challenge).toMatch(/^Bearer realm="[^"]+", error="invalid_token"/);
  });

  it('DCR-02 nobody at all where no token is configured', async () => {
    const closed = new RegistrationServer({ registration: { initial_access_tokens: [] } });
    expect(await closed.refusal(closed.register(webMembers))).toMatchObject({
      status: 401,
      reason: 'initial_token_unknown',
    });
    expect(await closed.refusal(closed.register(webMembers, null))).toMatchObject({
      status: 401,
      reason: 'token_missing',
    });
  });

  it('DCR-02 a token ends at expires_at, and after max_uses clients; a mistake does not count', async () => {
    let now = Date.now();
    const [ending, once] = [newSecret(), newSecret()];
    const limited = new RegistrationServer({
      registration: {
        initial_access_tokens: [
          { value: ending, expires_at: Math.floor(now / 1000) + 60 },
          { value: once, max_uses: 1 },
        ],
      },
      now: () => now,
    });
    expect((await limited.register(machineMembers, ending)).status).toBe(201);
    expect((await limited.register({ redirect_uris: ['http://evil'] }, once)).status).toBe(400);
    expect((await limited.register(machineMembers, once)).status).toBe(201);
    const again = await limited.refusal(limited.register(machineMembers, once));
    expect(again).toMatchObject({ status: 401, error: 'invalid_token', reason: 'initial_token_used' });
    now += 61_000;
    const late = await limited.refusal(limited.register(machineMembers, ending));
    expect(late).toMatchObject({ status: 401, error: 'invalid_token', reason: 'initial_token_expired' });
    expect(late.description).toBe(again.description);
  });

  it('DCR-02 of fifty at once with a token for one client, one is registered', async () => {
    const once = newSecret();
    const race = new RegistrationServer({ registration: { initial_access_tokens: [{ value: once, max_uses: 1 }] } });
    const replies = await Promise.all(Array.from({ length: 50 }, () => race.register(machineMembers, once)));
    expect(replies.map(({ status }) => status).sort()).toEqual([201, ...Array(49).fill(401)]);
    const { directory } = race.spec.router.workspaces[0]!;
    expect((await directory.list()).filter(({ origin }) => origin === 'registered')).toHaveLength(1);
  });

  it('MET-09 where it is off there is no endpoint, and the metadata name none', async () => {
    const off = new RegistrationServer({ registration: { enabled: false } });
    expect((await off.register(webMembers)).status).toBe(404);
    const known = async ({ spec }: RegistrationServer) =>
      (await request(spec.router).get('/.well-known/openid-configuration')).body.registration_endpoint;
    expect(await known(off)).toBeUndefined();
    expect(await known(server)).toBe(`${issuer}/oauth2/register`);
  });
});

const ec = clientKey('P-256');
const rsa1024 = clientKey('RSA-1024');

describe('metadata that cannot be registered', () => {
  it.each<[string, unknown]>([
    ['none at all', undefined],
    ['an empty list', []],
    ['no list', 'https://app.example.com/cb'],
    ['a relative one', ['/cb']],
    ['a fragment', ['https://app.example.com/cb#x']],
    ['a wildcard', ['https://*.example.com/cb']],
    ['javascript:', ['javascript:alert(1)']],
    ['data:', ['data:text/html,x']],
    ['http', ['http://app.example.com/cb']],
    ['http on localhost by name', ['http://localhost/cb']],
    ['a private scheme without a period', ['myapp:/cb']],
    ['one good and one bad', ['https://app.example.com/cb', 'https://u:p@app.example.com/']],
  ])('DCR-07 DCR-03 redirect_uris: %s', async (_what, redirect_uris) => {
    const failure = await refused({ client_name: 'x', redirect_uris });
    expect(failure).toMatchObject({ status: 400, error: 'invalid_redirect_uri', reason: 'redirect_uri_invalid' });
    expect(failure.description).toMatch(/^redirect_uris/);
  });

  it.each([
    ['https://app.example.com/cb?x=1'],
    ['com.example.app:/cb'],
    ['http://127.0.0.1/cb'],
    ['http://[::1]:8000/cb'],
  ])('DCR-07 takes %s', async (uri) => {
    const { redirect_uris } = await server.registered({ ...webMembers, redirect_uris: [uri] });
    expect(redirect_uris).toEqual([uri]);
  });

  const keyed = { ...machineMembers, token_endpoint_auth_method: 'private_key_jwt' };
  const tls = { ...machineMembers, token_endpoint_auth_method: 'tls_client_auth' };
  const own = { ...machineMembers, token_endpoint_auth_method: 'self_signed_tls_client_auth' };
  const jwt = { ...machineMembers, token_endpoint_auth_method: 'client_secret_jwt' };
  it.each<[string, string, object]>([
    [
      'DCR-04 jwks beside jwks_uri',
      'jwks_uri',
      { ...keyed, jwks: { keys: [ec.jwk] }, jwks_uri: 'https://k.example.com' },
    ],
    ['DCR-04 no keys', 'jwks', keyed],
    ['DCR-04 a jwks_uri by http', 'jwks_uri', { ...keyed, jwks_uri: 'http://k.example.com' }],
    ['DCR-04 PKJ-04 a private key', 'jwks.keys[0]', { ...keyed, jwks: { keys: [{ ...ec.jwk, d: 'AAAA' }] } }],
    ['DCR-04 PKJ-04 a symmetric key', 'jwks.keys[0]', { ...keyed, jwks: { keys: [{ kty: 'oct', k: 'AAAA' }] } }],
    ['DCR-04 PKJ-04 a short RSA key', 'jwks.keys[0]', { ...keyed, jwks: { keys: [rsa1024.jwk] } }],
    [
      'DCR-04 SST-02 a key that is not that of its x5c',
      'jwks.keys[0]',
      { ...own, jwks: { keys: [{ ...ec.jwk, x5c: certificateJwk(ownCertificate).x5c }] } },
    ],
    ['DCR-04 SST-02 no x5c', 'jwks', { ...own, jwks: { keys: [ec.jwk] } }],
    ['DCR-04 TCA-02 no name', 'tls_client_auth_subject_dn', tls],
    [
      'DCR-04 TCA-02 two names',
      'tls_client_auth_san_dns',
      { ...tls, tls_client_auth_subject_dn: 'CN=a', tls_client_auth_san_dns: 'a.example.com' },
    ],
    ['DCR-04 TCA-03 a name that is none', 'tls_client_auth_subject_dn', { ...tls, tls_client_auth_subject_dn: 'a' }],
    [
      'DCR-04 TCA-02 a name with another method',
      'tls_client_auth_san_dns',
      { ...machineMembers, tls_client_auth_san_dns: 'a' },
    ],
    [
      'DCR-05 CSJ-01 an asymmetric pin',
      'token_endpoint_auth_signing_alg',
      { ...jwt, token_endpoint_auth_signing_alg: 'ES256' },
    ],
    ['DCR-05 alg none', 'token_endpoint_auth_signing_alg', { ...jwt, token_endpoint_auth_signing_alg: 'none' }],
    ['DCR-05 an unlisted alg', 'token_endpoint_auth_signing_alg', { ...jwt, token_endpoint_auth_signing_alg: 'HS512' }],
    [
      'DCR-05 an unknown method',
      'token_endpoint_auth_method',
      { ...machineMembers, token_endpoint_auth_method: 'attest' },
    ],
    ['DCR-05 client_credentials with none', 'grant_types', { ...machineMembers, token_endpoint_auth_method: 'none' }],
    ['DCR-05 implicit', 'grant_types[0]', { ...webMembers, grant_types: ['implicit'] }],
    ['DCR-05 a grant that is not offered', 'grant_types[0]', { ...webMembers, grant_types: ['password'] }],
    ['DCR-05 a response type beside the grants', 'response_types', { ...machineMembers, response_types: ['code'] }],
    ['DCR-05 the response type token', 'response_types', { ...webMembers, response_types: ['token'] }],
    ['DCR-03 a scope of operators', 'scope', { ...machineMembers, scope: 'read introspect_tokens' }],
    ['DCR-03 an unknown scope', 'scope', { ...machineMembers, scope: 'fly' }],
    ['DCR-03 a member of the wrong type', 'client_name', { ...machineMembers, client_name: 7 }],
    ['DCR-03 a logo that runs', 'logo_uri', { ...machineMembers, logo_uri: 'javascript:alert(1)' }],
    ['DCR-03 what this version has not', 'subject_type', { ...machineMembers, subject_type: 'pairwise' }],
    [
      'DCR-03 a key that the workspace has not',
      'id_token_signed_response_alg',
      { ...machineMembers, id_token_signed_response_alg: 'Ed25519' },
    ],
  ])('%s: invalid_client_metadata names %s', async (_what, member, members) => {
    const failure = await refused(members);
    expect(failure).toMatchObject({ status: 400, error: 'invalid_client_metadata', reason: 'client_metadata_invalid' });
    expect(failure.description.startsWith(`${member}: `)).toBe(true);
    expect(failure.challenge).toBeUndefined();
  });

  it('DCR-03 all mistakes are told at once, and a wrong redirect URI decides the code', async () => {
    const failure = await refused({ ...keyed, redirect_uris: ['x:y'], client_uri: 'x' });
    expect(failure.error).toBe('invalid_redirect_uri');
    for (const member of ['redirect_uris[0]', 'client_uri', 'jwks'])
      expect(failure.description).toContain(`${member}: `);
  });

  it('DCR-05 a method, an algorithm or a grant that the workspace has not is refused', async () => {
    const narrow = new RegistrationServer({
      token_endpoint_auth_methods: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values: ['ES256'],
      grant_types: ['client_credentials'],
      clients: [],
    });
    const fail = async (members: object) => (await narrow.refusal(narrow.register(members))).description;
    expect(await fail(webMembers)).toMatch(/^token_endpoint_auth_method: .*; grant_types\[0\]: /);
    const good = { ...keyed, jwks: { keys: [signer.jwk] }, token_endpoint_auth_signing_alg: 'ES256' };
    expect(await fail({ ...good, token_endpoint_auth_signing_alg: 'RS256' })).toMatch(
      /^token_endpoint_auth_signing_alg: /,
    );
    expect((await narrow.register(good)).status).toBe(201);
  });

  it.each<[string, string, string]>([
    ['no JSON', 'redirect_uris=x', 'body_malformed'],
    ['a list', '[]', 'body_malformed'],
    ['a member twice', '{"client_name":"a","client_name":"b"}', 'body_malformed'],
    ['nothing', '', 'body_malformed'],
  ])('DCR-03 %s: 400', async (_what, body, reason) => {
    expect(await refused(body)).toMatchObject({ status: 400, error: 'invalid_request', reason });
  });

  it('DCR-03 what is nested without end is refused, what is nested a little is not', async () => {
    const { jwk } = clientKey('P-256');
    const members = { ...machineMembers, token_endpoint_auth_method: 'private_key_jwt' };
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const send = (levels: number) =>
      server.register(
        JSON.stringify({ ...members, jwks: { keys: [jwk], x: 0 } }).replace('"x":0', `"x":${nested(levels)}`),
      );
    for (const levels of [31, 20_000]) {
      expect(await server.refusal(send(levels))).toMatchObject({
        status: 400,
        error: 'invalid_request',
        reason: 'body_malformed',
      });
    }
    expect((await send(30)).status).toBe(201);
  });

  it('GEN-10 other HTTP methods: 405', async () => {
    const reply = await request(server.spec.router).get('/oauth2/register');
    expect([reply.status, reply.headers.allow]).toEqual([405, 'POST']);
  });

  it('PKJ-07 a jwks_uri is not fetched by a registration', async () => {
    const fetched: unknown[] = [];
    const before = server.spec.events.length;
    const members = { ...keyed, jwks_uri: 'https://127.0.0.1:9/keys' };
    expect((await server.register(members)).status).toBe(201);
    for (const event of server.spec.events.slice(before)) if (event.event === 'warning') fetched.push(event.name);
    expect(fetched).toEqual([]);
  });
});

describe('registration.scopes', () => {
  const bounded = new RegistrationServer({
    registration: { scopes: ['read', 'accounts.*', 'files:*'] },
    scopes: { read: {}, write: {}, 'accounts.*': {}, 'files:*': {} },
  });

  it('DCR-03 bounds what may be registered', async () => {
    const { scope } = await bounded.registered({ ...machineMembers, scope: 'read accounts.1' });
    expect(scope).toBe('read accounts.1');
    const failure = await bounded.refusal(bounded.register({ ...machineMembers, scope: 'read write' }));
    expect(failure).toMatchObject({
      error: 'invalid_client_metadata',
      description: expect.stringMatching(/^scope: has write,/),
    });
  });

  it('DCR-01 is what a client gets that asks for none', async () => {
    const { scope: _, ...members } = machineMembers;
    expect((await bounded.registered(members)).scope).toBe('read');
    expect((await server.registered(members)).scope).toBeUndefined();
  });

  it('must be scopes of the workspace', () => {
    expect(() => new RegistrationServer({ registration: { scopes: ['fly'] } })).toThrow(
      'registration.scopes[0]: is not one of',
    );
  });
});

describe('software statements', () => {
  const anchor = clientKey('P-256', { kid: 'a1' });
  const anchors = { 'https://directory.example.com': { keys: [anchor.jwk] } };
  const open = new RegistrationServer({
    registration: { initial_access_tokens: [], software_statement_keys: anchors },
  });
  const statement = async (claims: object, { key = anchor.privateKey, alg = 'ES256', header = {} } = {}) =>
    noteSecret(
      await new SignJWT({ iss: 'https://directory.example.com', ...claims })
        .setProtectedHeader({ alg, kid: 'a1', ...header })
        .sign(key),
    );
  const refusedBy = async (software_statement: unknown) =>
    open.refusal(open.register({ ...machineMembers, software_statement }, null));

  it('DCR-03 of an approved issuer opens registration, wins over what stands beside it, and comes back', async () => {
    const software_statement = await statement({ client_name: 'Approved', software_id: 's-1', trusted: true });
    const { status, body } = await open.register({ ...machineMembers, client_name: 'Other', software_statement }, null);
    noteSecrets(body);
    expect(status).toBe(201);
    expect(body).toMatchObject({ client_name: 'Approved', software_id: 's-1', software_statement });
    expect(body).not.toHaveProperty('trusted');
  });

  it('DCR-03 none, where it is what opens registration: invalid_software_statement', async () => {
    const failure = await open.refusal(open.register(machineMembers, null));
    expect(failure).toMatchObject({
      status: 400,
      error: 'invalid_software_statement',
      reason: 'software_statement_missing',
    });
  });

  it.each<[string, () => Promise<unknown> | unknown]>([
    ['no JWS', () => 'abc'],
    ['a number', () => 7],
    ['the key of another', async () => statement({}, { key: clientKey('P-256').privateKey })],
    ['the public key as a secret', async () => statement({}, { key: randomBytes(32) as never, alg: 'HS256' })],
    ['a past end', async () => statement({ exp: 1000 })],
    ['a beginning to come', async () => statement({ nbf: Date.now() / 1000 + 3600 })],
    ['an end that is no number', async () => statement({ exp: 'soon' })],
    ['no signature', async () => `${(await statement({})).split('.').slice(0, 2).join('.')}.`],
    [
      'another payload',
      async () =>
        (await statement({})).replace(
          /\.[^.]+\./,
          `.${Buffer.from('{"iss":"https://directory.example.com","a":1}').toString('base64url')}.`,
        ),
    ],
  ])('DCR-03 %s: invalid_software_statement', async (_what, make) => {
    const failure = await refusedBy(await make());
    expect(failure).toMatchObject({
      status: 400,
      error: 'invalid_software_statement',
      reason: 'software_statement_invalid',
    });
    expect(failure.description).toMatch(/^software_statement: /);
  });

  it.each([['https://other.example.com'], ['__proto__'], [undefined]])(
    'DCR-03 of the issuer %s: unapproved_software_statement',
    async (iss) => {
      const failure = await refusedBy(await statement({ iss }));
      expect(failure).toMatchObject({
        status: 400,
        error: 'unapproved_software_statement',
        reason: 'software_statement_unapproved',
      });
    },
  );

  it('DCR-03 what it says is checked as everything else is', async () => {
    const failure = await refusedBy(await statement({ scope: 'introspect_tokens' }));
    expect(failure).toMatchObject({ error: 'invalid_client_metadata', description: expect.stringMatching(/^scope: /) });
  });

  it('DCR-02 does not take the place of a token where tokens are configured', async () => {
    const both = new RegistrationServer({ registration: { software_statement_keys: anchors } });
    const members = { ...machineMembers, software_statement: await statement({}) };
    expect((await both.register(members, null)).status).toBe(401);
    expect((await both.register(members)).status).toBe(201);
    expect(await server.refusal(server.register(members))).toMatchObject({ error: 'unapproved_software_statement' });
  });

  it('keys that verify nothing are a mistake in the options', () => {
    const software_statement_keys = { a: { keys: [{ kty: 'oct', k: 'AAAA' }] } };
    expect(() => new RegistrationServer({ registration: { software_statement_keys } })).toThrow(
      'registration.software_statement_keys.a.keys[0]: is a symmetric key',
    );
  });
});

describe('tls_client_auth by registration', () => {
  it('DCR-04 the registered name is the one that lets in', async () => {
    const proxied = new RegistrationServer({
      trusted_proxies: [{ cidr: '127.0.0.1/32', client_certificate: 'nginx' }],
    });
    const { client_id } = await proxied.registered({
      ...machineMembers,
      token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: 'CN=tls.example.com,O=Example',
    });
    const send = (cert: string) =>
      proxied.spec.token(
        { grant_type: 'client_credentials', client_id },
        { 'X-SSL-Client-Cert': encodeURIComponent(cert), 'X-SSL-Client-Verify': 'SUCCESS' },
      );
    expect((await send(clientCertificate.cert)).status).toBe(200);
    expect((await send(ownCertificate.cert)).status).toBe(401);
    expect(proxied.spec.last().reason).toBe('certificate_untrusted');
  });
});

describe('the authorization endpoint before anybody has signed in', () => {
  const authorize = ({ client_id }: { readonly client_id: string }, more: Record<string, string> = {}) =>
    request(server.spec.router)
      .get('/oauth2/authorize')
      .query({ response_type: 'code', client_id, redirect_uri: webMembers.redirect_uris[0], scope: '"', ...more });

  it('AUT-12 an error does not take a stranger to a client that registered itself', async () => {
    const reply = await authorize(await server.registered(webMembers));
    expect([reply.status, reply.headers.location, server.spec.last().reason]).toEqual([
      400,
      undefined,
      'scope_malformed',
    ]);
  });

  it('AUT-12 under prompt=none it does, as nobody is to be asked', async () => {
    const reply = await authorize(await server.registered(webMembers), { prompt: 'none' });
    expect(reply.status).toBe(303);
    expect(new URL(reply.headers.location!).searchParams.get('error')).toBe('invalid_scope');
  });
});
