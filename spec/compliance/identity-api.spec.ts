import { beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { appSecret, type IdentityWorld, identityWorld, signin } from '../support/identity-world.js';

const path = '/api/identity/acme/system/pools/staff/user/code/generate';
const asked = { address: 'johndoe@example.com', type: 'authentication' };

let world: IdentityWorld;
beforeAll(async () => {
  world = identityWorld();
  await world.router.ready();
});

/** Status, error, private reason. */
const seen = (reply: { status: number; body: { error?: string } }) => [
  reply.status,
  reply.body.error,
  world.last().reason,
];

describe('GAC-01 who may have codes made', () => {
  it('GAC-01 a token of the system workspace with identity_self_registration, JSON', async () => {
    const reply = await world.identity('code/generate', asked);
    expect(reply.status).toBe(201);
    expect(world.last()).toMatchObject({
      event: 'code_generate',
      outcome: 'success',
      client_id: 'signin',
      subject: '6833b9b9908740b2b1c68608054c1477',
      tenant: 'acme',
      workspace: 'system',
      correlation_id: reply.headers['x-correlation-id'],
    });
  });

  it.each([
    'application/x-www-form-urlencoded',
    'application/x-www-form-urlencoded; charset=utf-8',
    'application/json; charset=utf-8',
    'Application/JSON',
  ])('GAC-01 the JSON is read when it is called %s', async (type) => {
    const token = await world.systemToken();
    const sent = request(world.router).post(path).set('Authorization', `Bearer ${token}`).set('Content-Type', type);
    expect((await sent.send(JSON.stringify(asked))).status).toBe(201);
  });

  it.each<[string, string, Record<string, string>]>([
    ['another type', JSON.stringify(asked), { 'content-type': 'text/plain' }],
    ['another coding', JSON.stringify(asked), { 'content-type': 'application/json', 'content-encoding': 'gzip' }],
  ])('GAC-01 refuses %s', async (_what, body, headers) => {
    const token = await world.systemToken();
    const reply = await request(world.router)
      .post(path)
      .set({ ...headers, authorization: `Bearer ${token}` })
      .send(body);
    expect(seen(reply)).toEqual([400, 'invalid_request', 'media_type_unsupported']);
    expect(reply.body.error_description).toContain('application/json');
  });

  it.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', 'address=johndoe%40example.com&type=authentication'],
    ['an array', '[]'],
    ['a text', '"authentication"'],
    ['a member twice', '{"type":"authentication","address":"jane@example.com","address":"johndoe@example.com"}'],
  ])('GAC-01 refuses a body that is %s', async (_what, body) => {
    const reply = await world.identity('code/generate', body);
    expect(seen(reply)).toEqual([400, 'invalid_request', 'body_malformed']);
  });

  it('GAC-01 refuses a body whose octets are no UTF-8', async () => {
    const token = await world.systemToken();
    const sent = request(world.router)
      .post(path)
      .set({ authorization: `Bearer ${token}`, 'content-type': 'application/json' });
    sent.write(Buffer.from('{"type":"authentication","identifier":"johndoe\xff"}', 'latin1'));
    expect(seen(await sent)).toEqual([400, 'invalid_request', 'body_malformed']);
  });

  it('GAC-01 no token: 401 and a bare Bearer challenge', async () => {
    const reply = await request(world.router).post(path).send(asked);
    expect(seen(reply)).toEqual([401, 'invalid_token', 'token_missing']);
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="https://as.example.com/acme/system"');
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(reply.headers['content-security-policy']).toBeUndefined();
  });

  it('GAC-01 a token in the body or the query is none', async () => {
    const token = await world.systemToken();
    const inBody = await request(world.router)
      .post(path)
      .send({ ...asked, access_token: token });
    const inQuery = await request(world.router).post(`${path}?access_token=${token}`).send(asked);
    expect([inBody.status, inQuery.status]).toEqual([401, 401]);
    expect(world.last().reason).toBe('token_missing');
  });

  it('GAC-01 a token of another workspace or tenant, or of nobody: 401 invalid_token', async () => {
    const { body } = await world.token(
      { grant_type: 'client_credentials', client_id: 'signin', client_secret: appSecret, scope: 'read' },
      'machines',
    );
    for (const [token, reason] of [
      [body.access_token, 'token_issuer_mismatch'],
      [await world.systemToken('identity_self_registration', 'globex'), 'token_issuer_mismatch'],
      ['made-up', 'token_unknown'],
    ]) {
      const reply = await world.identity('code/generate', asked, { token });
      expect(seen(reply)).toEqual([401, 'invalid_token', reason]);
      expect(reply.headers['www-authenticate']).toContain('error="invalid_token"');
    }
  });

  it('GAC-01 the scope missing: 403, and the scope is named', async () => {
    for (const scope of ['identity']) {
      const token = await world.systemToken(scope);
      const reply = await world.identity('code/generate', asked, { token });
      expect(seen(reply)).toEqual([403, 'insufficient_scope', 'scope_insufficient']);
      expect(reply.headers['www-authenticate']).toContain('scope="identity_self_registration"');
    }
  });

  it('GAC-01 an expired token: 401', async () => {
    const token = await world.systemToken();
    world.ahead = 3_600_000;
    const reply = await world.identity('code/generate', asked, { token });
    world.ahead = 0;
    expect(seen(reply)).toEqual([401, 'invalid_token', 'token_expired']);
  });

  it.each(['get', 'put', 'delete'] as const)('GAC-01 %s is not allowed', async (method) => {
    const reply = await request(world.router)[method](path);
    expect(seen(reply)).toEqual([405, 'invalid_request', 'method_not_allowed']);
    expect(reply.headers.allow).toBe('POST');
  });
});

describe('GAC-02 whom the code is for', () => {
  it.each<[string, Record<string, unknown>]>([
    ['address', { address: 'johndoe@example.com' }],
    ['address in other letters', { address: ' JohnDoe@EXAMPLE.com' }],
    ['identifier, a username', { identifier: 'johndoe' }],
    ['identifier, an address', { identifier: 'johndoe@example.com' }],
    ['userID', { userID: '6833b9b9908740b2b1c68608054c1477' }],
    [
      'all three',
      { userID: '6833b9b9908740b2b1c68608054c1477', identifier: 'johndoe', address: 'johndoe@example.com' },
    ],
    ['an empty member beside it', { identifier: '', userID: '', address: 'johndoe@example.com' }],
    ['members that we do not read', { address: 'johndoe@example.com', metadata: { a: [1] }, __proto__: 1 }],
  ])('GAC-02 by %s', async (_what, members) => {
    const reply = await world.identity('code/generate', { type: 'authentication', ...members });
    expect(reply.status).toBe(201);
    expect(world.last().subject).toBe('6833b9b9908740b2b1c68608054c1477');
  });

  it.each<[string, Record<string, unknown>, [number, string, string]]>([
    ['no type', { address: 'johndoe@example.com', type: undefined }, [400, 'invalid_request', 'parameter_missing']],
    ['an unknown type', { ...asked, type: 'colour' }, [400, 'invalid_request', 'code_type_unsupported']],
    ['a type nobody redeems', { ...asked, type: 'reset_totp' }, [400, 'invalid_request', 'code_type_unsupported']],
    ['a type of an object', { ...asked, type: '__proto__' }, [400, 'invalid_request', 'code_type_unsupported']],
    ['nobody', {}, [400, 'invalid_request', 'parameter_missing']],
    ['an address that is a list', { address: ['johndoe@example.com'] }, [400, 'invalid_request', 'parameter_invalid']],
    ['two addresses', { address: 'johndoe@example.com,e@evil.example' }, [400, 'invalid_request', 'parameter_invalid']],
    ['a quoted address', { address: '"e@evil.example"@example.com' }, [400, 'invalid_request', 'parameter_invalid']],
    [
      'a line break',
      { address: 'johndoe@example.com\r\nBcc: e@evil.example' },
      [400, 'invalid_request', 'parameter_invalid'],
    ],
    [
      'the address of another',
      { userID: 'u-jane', address: 'johndoe@example.com' },
      [400, 'invalid_request', 'user_ambiguous'],
    ],
    [
      'an address nobody has',
      { userID: 'u-jane', address: 'a@example.com' },
      [400, 'invalid_request', 'user_ambiguous'],
    ],
    ['two users', { userID: 'u-jane', identifier: 'johndoe' }, [400, 'invalid_request', 'user_ambiguous']],
    ['an unknown address', { address: 'nobody@example.com' }, [404, 'not_found', 'user_unknown']],
    ['an unknown identifier', { identifier: 'nobody' }, [404, 'not_found', 'user_unknown']],
    ['an unknown id', { userID: 'nobody' }, [404, 'not_found', 'user_unknown']],
    ['somebody inactive', { identifier: 'gone' }, [400, 'access_denied', 'person_inactive']],
  ])('GAC-02 refuses %s', async (_what, members, expected) => {
    const reply = await world.identity('code/generate', { type: 'authentication', ...members });
    expect(seen(reply)).toEqual(expected);
    expect(world.last()).toMatchObject({ event: 'code_generate', outcome: 'failure', client_id: 'signin' });
    // By which members, and never by which addresses.
    expect(JSON.stringify(world.last().detail)).not.toMatch(/@|an object/);
    expect(reply.headers['cache-control']).toBe('no-store');
  });

  it('GAC-02 the log tells by which members a user was named', async () => {
    for (const [members, named_by] of [
      [{ address: 'nobody@example.com' }, ['address']],
      [{ identifier: 'nobody@example.com', userID: 'x' }, ['userID', 'identifier']],
    ] as const) {
      await world.identity('code/generate', { type: 'authentication', ...members });
      expect(world.last()).toMatchObject({ reason: 'user_unknown', detail: { named_by } });
    }
  });

  it.each(['unknown', '%', '__proto__', 'staff%2F..', 'STAFF'])('GAC-02 no pool is called %s: 404', async (pool) => {
    const reply = await world.identity('code/generate', asked, { pool });
    expect(seen(reply)).toEqual([404, 'not_found', 'pool_unknown']);
  });

  it('GAC-02 a stranger cannot tell a pool that is there from one that is not', async () => {
    const replies = await Promise.all(
      ['staff', 'unknown'].map((pool) =>
        request(world.router).post(`/api/identity/acme/system/pools/${pool}/user/code/generate`).send(asked),
      ),
    );
    expect(replies.map(({ status, body }) => [status, body])).toEqual([
      [401, replies[0]?.body],
      [401, replies[0]?.body],
    ]);
  });

  it.each([
    '/api/identity/initech/system/pools/staff/user/code/generate',
    '/api/identity/acme/demo/pools/staff/user/code/generate',
    '/api/identity/acme/system/pools/staff/user/code',
    '/api/identity/acme/system/pools/staff/user/code/generate/',
    '/evil/api/identity/acme/system/pools/staff/user/code/generate',
  ])('GAC-02 %s is nothing of ours', async (elsewhere) => {
    const told = world.events.length;
    const reply = await request(world.router).post(elsewhere).send(asked);
    expect(reply.status).toBe(404);
    expect(world.events.length).toBe(told);
  });
});

describe('GAC-03 the reply', () => {
  it('GAC-03 201 with code and extended_code, and nothing may keep it', async () => {
    const reply = await world.identity('code/generate', asked);
    const { code, extended_code, ...more } = reply.body;
    expect(reply.status).toBe(201);
    expect(more).toEqual({});
    expect(code).toMatch(/^\d{8}$/);
    expect(extended_code).toMatch(/^[\w-]+$/);
    expect(Buffer.from(extended_code, 'base64url').toString()).toBe(`6833b9b9908740b2b1c68608054c1477:${code}`);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    expect(reply.headers['set-cookie']).toBeUndefined();
  });
});

describe('the vendor’s authentication-code/verify', () => {
  const operation = 'authentication-code/verify';

  it('GAC-05 tells whose code it is, once', async () => {
    const { extended_code } = await world.generate();
    const first = await world.identity(operation, { code: extended_code });
    expect([first.status, first.body]).toEqual([200, { id: '6833b9b9908740b2b1c68608054c1477' }]);
    expect(world.last()).toMatchObject({ event: 'code_verify', outcome: 'success', client_id: 'signin' });
    const second = await world.identity(operation, { code: extended_code });
    expect(seen(second)).toEqual([422, 'invalid_grant', 'otc_used']);
  });

  it.each<[string, Record<string, string>]>([
    ['identifier', { identifier: 'johndoe' }],
    ['userID', { userID: '6833b9b9908740b2b1c68608054c1477' }],
    ['address', { address: 'johndoe@example.com' }],
  ])('GAC-07 takes a plain code with %s', async (_what, named) => {
    const { code } = await world.generate();
    expect((await world.identity(operation, { code, ...named })).status).toBe(200);
  });

  it('GAC-07 refuses a plain code without a name, and one with two', async () => {
    const { code } = await world.generate();
    expect(seen(await world.identity(operation, { code }))).toEqual([400, 'invalid_request', 'parameter_missing']);
    const two = { code, identifier: 'johndoe', userID: 'u-jane' };
    expect(seen(await world.identity(operation, two))).toEqual([400, 'invalid_request', 'user_ambiguous']);
    expect((await world.identity(operation, { code, identifier: 'johndoe' })).status).toBe(200);
  });

  it('GAC-05 answers a wrong code, an unknown user and another’s code alike', async () => {
    const { code, extended_code } = await world.generate();
    const attempts = [
      { code: '00000000x', identifier: 'johndoe' },
      { code, identifier: 'nobody' },
      { code, identifier: 'jane' },
      { code: extended_code, identifier: 'jane' },
      { code, identifier: 'gone' },
    ];
    const replies = [];
    for (const attempt of attempts) replies.push(await world.identity(operation, attempt));
    expect(new Set(replies.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(replies[0]?.status).toBe(422);
  });

  it('GAC-01 needs the scope identity', async () => {
    const { extended_code } = await world.generate();
    const token = await world.systemToken('identity_self_registration');
    const reply = await world.identity(operation, { code: extended_code }, { token });
    expect(seen(reply)).toEqual([403, 'insufficient_scope', 'scope_insufficient']);
    expect((await world.identity(operation, { code: extended_code })).status).toBe(200);
  });

  it('GAC-06 a code bound to a client of another workspace is refused, one bound to the caller is taken', async () => {
    const named = { address: 'johndoe@example.com' };
    const bound = await world.generate({ ...named, client_id: 'app', workspace: 'demo' });
    const reply = await world.identity(operation, { code: bound.extended_code });
    expect(seen(reply)).toEqual([422, 'invalid_grant', 'otc_bound_elsewhere']);
    const own = await world.generate({ ...named, client_id: 'signin' });
    expect((await world.identity(operation, { code: own.extended_code })).status).toBe(200);
  });
});

describe('GAC-01 a client that changed since it got its token', () => {
  it('GAC-01 mints codes only as long as it is there, active, and holds the scope', async () => {
    let registered: typeof signin | undefined = signin;
    world = identityWorld({ systemClients: { find: () => registered } });
    await world.router.ready();
    const token = await world.systemToken();
    const generate = async () => seen(await world.identity('code/generate', asked, { token }));
    expect((await generate())[0]).toBe(201);
    registered = { ...signin, status: 'inactive' };
    expect(await generate()).toEqual([401, 'invalid_token', 'token_client_inactive']);
    registered = undefined;
    expect(await generate()).toEqual([401, 'invalid_token', 'token_client_inactive']);
    registered = { ...signin, scope: 'identity' };
    expect(await generate()).toEqual([403, 'insufficient_scope', 'scope_insufficient']);
    registered = signin;
    expect((await generate())[0]).toBe(201);
  });
});
