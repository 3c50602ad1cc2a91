import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import request from 'supertest';
import type { ClientMetadataInput, WorkspacePolicyInput } from '../../index.js';
import { clientKey } from '../support/client-keys.js';
import { authorization, FapiWorld, keyClient, ownClient, tlsClient } from '../support/fapi-world.js';
import { basicHeader, issuer, newSecret, ownCertificate, secrets } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';

let world: FapiWorld;
beforeEach(() => {
  world = new FapiWorld();
});
afterEach(() => world.spec.router.close());

const good = [200, undefined, undefined];
const pushed = [201, undefined, undefined];

const startsWith = (policy: WorkspacePolicyInput) => () => void new FapiWorld(policy).spec.router.close();
const startsFor = (client: ClientMetadataInput) => () => void new FapiWorld({}, [client]).spec.router.close();

describe('what a workspace may not say', () => {
  it.each<[row: string, policy: WorkspacePolicyInput, path: string, allowed: WorkspacePolicyInput]>([
    [
      'CSJ-04',
      { token_endpoint_auth_methods: ['private_key_jwt', 'client_secret_jwt'] },
      'token_endpoint_auth_methods[1]: must be private_key_jwt, tls_client_auth or self_signed_tls_client_auth',
      { token_endpoint_auth_methods: ['tls_client_auth'] },
    ],
    ['PAR-01', { token_endpoint_auth_methods: ['none', 'private_key_jwt'] }, 'token_endpoint_auth_methods[0]: ', {}],
    [
      'PKJ-08',
      { token_endpoint_auth_signing_alg_values: ['ES256', 'RS256'] },
      'token_endpoint_auth_signing_alg_values[1]: must be PS256, ES256 or Ed25519',
      { token_endpoint_auth_signing_alg_values: ['Ed25519'] },
    ],
    ['PKJ-08', { token_endpoint_auth_signing_alg_values: ['ES384'] }, 'token_endpoint_auth_signing_alg_values[0]', {}],
    [
      'PKJ-08',
      { dpop_signing_alg_values: ['RS256'] },
      'dpop_signing_alg_values[0]',
      { dpop_signing_alg_values: ['PS256'] },
    ],
    ['MET-08', { signing_keys: ['ES256', 'RS256'] }, 'signing_keys[1]', { signing_keys: ['Ed25519'] }],
    ['PKC-01', { pkce: 'public-clients' }, 'pkce: must be required', { pkce: 'required' }],
    [
      'PAR-03',
      { require_pushed_authorization_requests: false },
      'require_pushed_authorization_requests: must be true',
      { require_pushed_authorization_requests: true },
    ],
    [
      'PAR-02',
      { pushed_authorization_request_ttl: 600 },
      'pushed_authorization_request_ttl: ',
      { pushed_authorization_request_ttl: 599 },
    ],
    [
      'AUT-11',
      { token_ttls: { authorization_code: 61 } },
      'token_ttls.authorization_code: must be at most 60',
      { token_ttls: { authorization_code: 60 } },
    ],
    ['AST-09 DPO-03', { clock_tolerance: 9 }, 'clock_tolerance: must be at least 10', { clock_tolerance: 60 }],
    ['AST-09 DPO-03', { clock_tolerance: 61 }, 'clock_tolerance: ', { clock_tolerance: 10 }],
    [
      'PWG-01',
      { grant_types: ['client_credentials', 'password'] },
      'grant_types[1]: must not be password',
      { grant_types: ['client_credentials'] },
    ],
  ])('%s %j', (_row, policy, message, allowed) => {
    expect(startsWith(policy)).toThrow(message);
    expect(startsWith(allowed)).not.toThrow();
  });

  it('all mistakes are told in one round', () => {
    expect(startsWith({ pkce: 'public-clients', clock_tolerance: 0, signing_keys: ['RS256'] })).toThrow(
      /pkce: .*\nsigning_keys\[0\]: .*\nclock_tolerance: /,
    );
  });
});

describe('what a client may not say', () => {
  it.each<[row: string, client: ClientMetadataInput, path: string]>([
    [
      'CSJ-04',
      { ...keyClient, jwks: undefined, token_endpoint_auth_method: 'client_secret_jwt', client_secret: secrets.jwt },
      'token_endpoint_auth_method',
    ],
    [
      'CSJ-04',
      {
        ...keyClient,
        jwks: undefined,
        token_endpoint_auth_method: 'client_secret_basic',
        client_secret: secrets.basic,
      },
      'token_endpoint_auth_method',
    ],
    [
      'PAR-01',
      { ...keyClient, grant_types: ['authorization_code'], token_endpoint_auth_method: 'none' },
      'token_endpoint_auth_method',
    ],
    ['PKJ-08', { ...keyClient, token_endpoint_auth_signing_alg: 'RS256' }, 'token_endpoint_auth_signing_alg'],
    ['MET-08', { ...keyClient, id_token_signed_response_alg: 'RS256' }, 'id_token_signed_response_alg'],
    ['AST-04', { ...keyClient, legacy_assertion_audience: true }, 'legacy_assertion_audience'],
    ['DPO-05 BND-01', { ...keyClient, dpop_bound_access_tokens: false }, 'dpop_bound_access_tokens'],
    ['RTG-06', { ...keyClient, refresh_token_rotation: true }, 'refresh_token_rotation'],
    ['PWG-01', { ...keyClient, grant_types: ['password'] }, 'grant_types[0]'],
    ['AUT-11', { ...keyClient, token_ttls: { authorization_code: 61 } }, 'token_ttls.authorization_code'],
    ['AUT-05', { ...keyClient, redirect_uris: ['http://app.example.com/callback'] }, 'redirect_uris[0]'],
  ])('%s %#', (_row, client, path) => {
    expect(startsFor(client)).toThrow(`clients[0].${path}: `);
    expect(startsFor(keyClient)).not.toThrow();
  });

  it.each<ClientMetadataInput>([
    { ...keyClient, token_endpoint_auth_signing_alg: 'EdDSA', refresh_token_rotation: false },
    { ...keyClient, dpop_bound_access_tokens: false, tls_client_certificate_bound_access_tokens: true },
    tlsClient,
    ownClient,
  ])('what it may say, %#', (client) => {
    expect(startsFor(client)).not.toThrow();
  });

  it('a client that the host finds is held to it too, when it comes', async () => {
    const found = { ...keyClient, dpop_bound_access_tokens: false };
    await world.spec.router.close();
    world = new FapiWorld({ clients: { find: () => found } } as WorkspacePolicyInput);
    expect(await world.verdict(world.token())).toEqual([500, 'server_error', 'internal_error']);
    expect(String(world.spec.last().cause)).toContain('dpop_bound_access_tokens: or tls_client_certificate_bound');
  });
});

describe('what requests may not do', () => {
  it('AST-04 the audience of an assertion is the issuer, as a string', async () => {
    const withAudience = (aud: unknown) => world.verdict(world.token({}, { assertion: { claims: { aud } } }));
    expect(await withAudience(issuer)).toEqual(good);
    for (const aud of [[issuer], `${issuer}/oauth2/token`, [issuer, issuer], `${issuer}/`]) {
      expect(await withAudience(aud)).toEqual([401, 'invalid_client', 'assertion_audience_mismatch']);
    }
  });

  it('AST-09 assertions may be 10 seconds ahead, and never more than 60', async () => {
    const ahead = (seconds: number) =>
      world.verdict(world.token({}, { assertion: { claims: { iat: world.now + seconds, nbf: world.now + seconds } } }));
    expect(await ahead(10)).toEqual(good);
    expect(await ahead(61)).toEqual([401, 'invalid_client', 'assertion_not_yet_valid']);
  });

  it('DPO-03 so may proofs', async () => {
    expect(await world.verdict(world.token({}, { ahead: 10 }))).toEqual(good);
    expect(await world.verdict(world.token({}, { ahead: 61 }))).toEqual([
      400,
      'invalid_dpop_proof',
      'dpop_not_yet_valid',
    ]);
    expect(await world.verdict(world.token({}, { ahead: -130 }))).toEqual([400, 'invalid_dpop_proof', 'dpop_expired']);
  });

  it.each(['PS256', 'ES256', 'Ed25519', 'EdDSA'])('PKJ-08 assertions by %s are taken', async (alg) => {
    expect(await world.verdict(world.token({}, { alg }))).toEqual(good);
  });

  it.each(['RS256', 'RS512', 'PS384'])('PKJ-08 assertions by %s are refused', async (alg) => {
    expect(await world.verdict(world.token({}, { alg }))).toEqual([
      401,
      'invalid_client',
      'assertion_algorithm_refused',
    ]);
  });

  it('BND-01 DPO-05 no token is a bearer token', async () => {
    expect(await world.verdict(world.token({}, { dpop: null }))).toEqual([
      400,
      'invalid_dpop_proof',
      'dpop_proof_missing',
    ]);
    const { body } = await world.token();
    expect(body.token_type).toBe('DPoP');
    expect(decodeJwt(body.access_token).cnf).toEqual({ jkt: await world.dpop.jkt });
    for (const reply of [await world.byCertificate('tls'), await world.byCertificate('own', ownCertificate)]) {
      expect(decodeJwt(reply.body.access_token).cnf).toEqual({ 'x5t#S256': expect.any(String) });
    }
  });

  it('DPO-05 BND-01 nor is what a refresh gives: the proof of the key is needed again', async () => {
    const { body } = await world.token(await world.codeGrant());
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    expect(await world.verdict(world.token(refresh, { dpop: null }))).toEqual([
      400,
      'invalid_dpop_proof',
      'dpop_proof_missing',
    ]);
    const { body: next } = await world.token(refresh);
    expect([next.token_type, decodeJwt(next.access_token).cnf]).toEqual(['DPoP', { jkt: await world.dpop.jkt }]);
  });

  it('PAR-03 a request that was not pushed is refused', async () => {
    await world.authorize(authorization);
    expect(world.spec.last().reason).toBe('request_not_pushed');
    expect(await world.verdict(world.token(await world.codeGrant()))).toEqual(good);
  });

  it('PAR-01 nobody pushes without having proven who they are', async () => {
    const send = (headers: Record<string, string>, form: Record<string, string>) =>
      request(world.spec.router)
        .post('/oauth2/par')
        .set(headers)
        .type('form')
        .send({ ...authorization, ...form });
    expect(await world.verdict(send({}, {}))).toEqual([401, 'invalid_client', 'no_credentials']);
    const stranger = { authorization: basicHeader('key', newSecret()) };
    expect(await world.verdict(send(stranger, {}))).toEqual([401, 'invalid_client', 'method_not_registered']);
    expect(await world.verdict(world.push())).toEqual(pushed);
  });

  it('PAR-02 what was pushed is good for less than 600 seconds', async () => {
    const { body } = await world.push();
    expect(body.expires_in).toBeLessThan(600);
    world.now += body.expires_in + 1;
    await world.authorize({ client_id: 'key', request_uri: body.request_uri });
    expect(world.spec.last().reason).toBe('request_uri_expired');
  });

  it('AUT-06 redirect_uri stands in what is pushed', async () => {
    const changes = { redirect_uri: '', scope: 'read' };
    expect(await world.verdict(world.push(changes))).toEqual([400, 'invalid_request', 'parameter_missing']);
    expect(await world.verdict(world.push({ scope: 'read' }))).toEqual(pushed);
  });

  it.each([
    ['none', { code_challenge: '', code_challenge_method: '' }, 'challenge_missing'],
    ['plain', { code_challenge_method: 'plain' }, 'challenge_invalid'],
    ['no method', { code_challenge_method: '' }, 'challenge_invalid'],
  ])('PKC-02 a challenge by S256 is needed, not %s', async (_title, changes, reason) => {
    expect(await world.verdict(world.push(changes))).toEqual([400, 'invalid_request', reason]);
  });

  it('AUT-11 a code is over after 60 seconds', async () => {
    const late = await world.codeGrant();
    world.now += 61;
    expect(await world.verdict(world.token(late))).toEqual([400, 'invalid_grant', 'code_expired']);
    const early = await world.codeGrant();
    world.now += 59;
    expect(await world.verdict(world.token(early))).toEqual(good);
  });

  it('RTG-06 a refresh token stays what it is, so that a lost reply costs nothing', async () => {
    const { body } = await world.token(await world.codeGrant());
    const refresh = { grant_type: 'refresh_token', refresh_token: body.refresh_token };
    for (const seconds of [0, 100, 10_000]) {
      world.now += seconds;
      const { body: next, status } = await world.token(refresh);
      expect([status, next.refresh_token]).toEqual([200, body.refresh_token]);
    }
  });

  it('PWG-01 there is no password grant', async () => {
    const form = { grant_type: 'password', username: 'jane', password: newSecret() };
    expect(await world.verdict(world.token(form))).toEqual([400, 'unsupported_grant_type', 'grant_type_unsupported']);
  });
});

describe('who registers', () => {
  it('DCR-03 is held to the profile', async () => {
    await world.spec.router.close();
    const initial = newSecret();
    world = new FapiWorld({ registration: { enabled: true, initial_access_tokens: [initial] } });
    const { client_id: _, trusted: __, scope: ___, ...members } = keyClient;
    const register = (changes: object) =>
      request(world.spec.router)
        .post('/oauth2/register')
        .set('Authorization', `Bearer ${initial}`)
        .send({ ...members, ...changes });
    for (const changes of [
      { token_endpoint_auth_method: 'client_secret_basic', jwks: undefined },
      { dpop_bound_access_tokens: false },
      { token_endpoint_auth_signing_alg: 'RS256' },
    ]) {
      expect(await world.verdict(register(changes))).toEqual([
        400,
        'invalid_client_metadata',
        'client_metadata_invalid',
      ]);
    }
    expect(await world.verdict(register({}))).toEqual(pushed);
  });

  it.each([
    ['PS256', pushed],
    ['RS256', [400, 'invalid_software_statement', 'software_statement_invalid']],
  ])('PKJ-08 DCR-03 a software statement by %s', async (alg, verdict) => {
    await world.spec.router.close();
    const { jwk, privateKey } = clientKey('RSA');
    const registration = { enabled: true, software_statement_keys: { 'https://directory.example': { keys: [jwk] } } };
    world = new FapiWorld({ registration });
    const { client_id: _, trusted: __, scope: ___, ...members } = keyClient;
    const signed = new SignJWT({ iss: 'https://directory.example' }).setProtectedHeader({ alg });
    const software_statement = noteSecret(await signed.sign(privateKey));
    const sent = request(world.spec.router).post('/oauth2/register');
    expect(await world.verdict(sent.send({ ...members, software_statement }))).toEqual(verdict);
  });
});

describe('MET-09 metadata', () => {
  it('MET-08 MET-09 say what the profile leaves', async () => {
    await world.spec.router.close();
    world = new FapiWorld({ signing_keys: undefined });
    expect(await world.metadata()).toMatchObject({
      issuer,
      require_pushed_authorization_requests: true,
      pushed_authorization_request_endpoint: `${issuer}/oauth2/par`,
      response_types_supported: ['code'],
      grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'tls_client_auth', 'self_signed_tls_client_auth'],
      token_endpoint_auth_signing_alg_values_supported: ['PS256', 'ES256', 'Ed25519', 'EdDSA'],
      dpop_signing_alg_values_supported: ['PS256', 'ES256', 'Ed25519', 'EdDSA'],
      id_token_signing_alg_values_supported: ['ES256', 'PS256'],
      tls_client_certificate_bound_access_tokens: true,
      authorization_response_iss_parameter_supported: true,
    });
  });

  it('MET-09 every listed method lets its client in', async () => {
    expect(await world.verdict(world.token())).toEqual(good);
    expect(await world.verdict(world.byCertificate('tls'))).toEqual(good);
    expect(await world.verdict(world.byCertificate('own', ownCertificate))).toEqual(good);
    expect((await world.metadata()).token_endpoint_auth_methods_supported).toHaveLength(3);
  });

  it('MET-09 ID tokens are signed by a listed algorithm', async () => {
    const { body } = await world.token(await world.codeGrant());
    const { id_token_signing_alg_values_supported: listed } = await world.metadata();
    expect(listed).toContain(decodeProtectedHeader(body.id_token).alg);
  });

  it('MET-09 a workspace that narrows the lists tells so', async () => {
    await world.spec.router.close();
    world = new FapiWorld({
      token_endpoint_auth_signing_alg_values: ['ES256'],
      token_endpoint_auth_methods: ['private_key_jwt'],
    });
    expect(await world.metadata()).toMatchObject({
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ['ES256'],
    });
    expect(await world.verdict(world.token())).toEqual(good);
    expect(await world.verdict(world.token({}, { alg: 'PS256' }))).toEqual([
      401,
      'invalid_client',
      'assertion_algorithm_refused',
    ]);
    expect(await world.verdict(world.byCertificate('tls'))).toEqual([401, 'invalid_client', 'method_not_enabled']);
  });
});
