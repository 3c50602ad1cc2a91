import { describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { clientKey } from '../support/client-keys.js';
import { issuer, newSecret, signer } from '../support/methods.js';
import {
  initialToken,
  machineMembers,
  noteSecrets,
  type Registered,
  RegistrationServer,
  webMembers,
} from '../support/registration-server.js';
import { noteSecret } from '../support/suite-log.js';

const server = new RegistrationServer();
const unknown = { status: 401, error: 'invalid_token', reason: 'registration_token_unknown' };

/** What a client sends to keep what it is. */
function kept(client: Registered): Record<string, unknown> {
  const { registration_access_token, registration_client_uri, client_secret_expires_at, client_id_issued_at, ...rest } =
    client;
  return rest;
}

describe('reading a registration', () => {
  it('DCR-09 tells what the client is, by its registration access token', async () => {
    const client = await server.registered({ ...webMembers, client_name: 'Books' });
    const reply = await server.manage('get', client);
    expect([reply.status, reply.headers['cache-control']]).toEqual([200, 'no-store']);
    // The secret is stored as a hash, and told once.
    const { client_secret, client_secret_expires_at, ...rest } = client;
    expect(reply.body).toEqual(rest);
    expect(server.spec.last()).toMatchObject({
      event: 'registration_management',
      outcome: 'success',
      client_id: client.client_id,
    });
  });

  it('DCR-09 shows its keys', async () => {
    const jwks = { keys: [signer.jwk, clientKey('P-256', { kid: 'second' }).jwk] };
    const client = await server.registered({ ...machineMembers, token_endpoint_auth_method: 'private_key_jwt', jwks });
    expect((await server.manage('get', client)).body.jwks).toEqual(jwks);
  });

  it('DCR-09 the token is nowhere in the store', async () => {
    const client = await server.registered(machineMembers);
    const { store } = server.spec.router.workspaces[0]!;
    const stored: string[] = [];
    for await (const { key, value } of store.scan('')) stored.push(key, value);
    expect(stored.some((text) => text.includes(client.client_id))).toBe(true);
    for (const secret of [client.registration_access_token, client.client_secret, initialToken]) {
      expect(stored.filter((text) => text.includes(secret))).toEqual([]);
    }
  });
});

describe('who may manage', () => {
  it.each(['get', 'put', 'delete'] as const)('DCR-09 %s: nobody without the client’s own token', async (method) => {
    const [client, other] = [await server.registered(machineMembers), await server.registered(machineMembers)];
    const fail = (token: string | null) => server.refusal(server.manage(method, client, undefined, token));
    expect(await fail(null)).toMatchObject({
      status: 401,
      reason: 'token_missing',
      challenge: `Bearer realm="${issuer}"`,
    });
    const wrong = await fail(newSecret());
    expect(wrong).toMatchObject(unknown);
    expect(wrong.challenge).toMatch(/^Bearer realm=/);
    expect(await fail(other.registration_access_token)).toEqual(wrong);
    expect(await fail(initialToken)).toEqual(wrong);
    expect((await server.manage('get', client)).status).toBe(200);
  });

  it('DCR-09 an access token of the client is no such token, and neither is its secret', async () => {
    const client = await server.registered(machineMembers);
    const accessToken = noteSecret((await server.token(client)).body.access_token);
    for (const token of [accessToken, client.client_secret]) {
      expect(await server.refusal(server.manage('get', client, undefined, token))).toMatchObject(unknown);
    }
  });

  it('DCR-09 clients that did not register themselves, or do not exist, look the same', async () => {
    const registration_access_token = newSecret();
    const { directory } = server.spec.router.workspaces[0]!;
    const { parsed } = await directory.add({
      token_endpoint_auth_method: 'none',
      redirect_uris: webMembers.redirect_uris,
    });
    const answers = await Promise.all(
      ['basic-client', 'nobody', parsed.client_id].map((id) => {
        const registration_client_uri = `${issuer}/oauth2/register/${id}`;
        const client = { client_id: id, client_secret: '', registration_access_token, registration_client_uri };
        return server.manage('get', client);
      }),
    );
    for (const { status, body } of answers) expect([status, body]).toEqual([401, answers[0]?.body]);
  });

  it('DCR-09 a client that was made inactive manages nothing', async () => {
    const client = await server.registered(machineMembers);
    await server.spec.router.workspaces[0]?.directory.setStatus(client.client_id, 'inactive');
    const failure = await server.refusal(server.manage('put', client, kept(client)));
    expect(failure).toMatchObject({ status: 401, error: 'invalid_token', reason: 'token_client_inactive' });
  });

  it('the endpoint is there for those who may register alone', async () => {
    const off = new RegistrationServer({ registration: { enabled: false } });
    expect((await request(off.spec.router).get('/oauth2/register/x')).status).toBe(404);
    expect((await request(server.spec.router).get('/oauth2/register/a/b')).status).toBe(404);
    expect((await request(server.spec.router).post('/oauth2/register/x')).headers.allow).toBe('GET, PUT, DELETE');
  });
});

describe('changing a registration', () => {
  it('DCR-10 puts the whole of it in place of the former: what is left out is gone', async () => {
    const client = await server.registered({ ...webMembers, client_name: 'Books', logo_uri: 'https://a.example.com/' });
    const { logo_uri: _, ...rest } = kept(client);
    const reply = await server.manage('put', client, { ...rest, client_name: 'More Books', colour: 'red' });
    const changed = noteSecrets(reply.body);
    expect(reply.status).toBe(200);
    expect(changed).toMatchObject({ client_id: client.client_id, client_name: 'More Books' });
    expect(changed).not.toHaveProperty('logo_uri');
    expect(changed).not.toHaveProperty('client_secret');
    const { registration_access_token: __, ...stored } = (await server.manage('get', changed)).body;
    expect(changed).toMatchObject(stored);
  });

  it('DCR-10 keeps the secret, and the method decides at once', async () => {
    const client = await server.registered(machineMembers);
    expect((await server.manage('put', client, { ...kept(client), scope: 'read write' })).status).toBe(200);
    expect((await server.token(client, { scope: 'write' })).status).toBe(200);
  });

  it('DCR-10 a method that needs another secret gets one; the old one is over', async () => {
    const client = await server.registered(machineMembers);
    const { client_secret: old, ...rest } = kept(client);
    const toJwt = { ...rest, token_endpoint_auth_method: 'client_secret_jwt' };
    const jwt = noteSecrets((await server.manage('put', client, toJwt)).body);
    expect(jwt.client_secret).toMatch(/^[\w-]{43,}$/);
    expect(jwt.client_secret).not.toBe(old);
    expect((await server.token(client)).status).toBe(401);
    const keys = { ...rest, token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [signer.jwk] } };
    const keyed = noteSecrets((await server.manage('put', jwt, keys)).body);
    expect(keyed).not.toHaveProperty('client_secret');
    const back = noteSecrets((await server.manage('put', keyed, rest)).body);
    expect((await server.token(back)).status).toBe(200);
    expect((await server.token(client)).status).toBe(401);
    expect(back).not.toHaveProperty('jwks');
  });

  it.each([
    ['registration_access_token'],
    ['registration_client_uri'],
    ['client_secret_expires_at'],
    ['client_id_issued_at'],
  ])('DCR-10 refuses %s', async (member) => {
    const client = await server.registered(machineMembers);
    const failure = await server.refusal(server.manage('put', client, { ...kept(client), [member]: client[member] }));
    expect(failure).toMatchObject({ status: 400, error: 'invalid_client_metadata', reason: 'client_metadata_invalid' });
    expect(failure.description).toMatch(new RegExp(`^${member}: `));
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['no client_id', { client_id: undefined }, 'client_id'],
    ['the client_id of another', { client_id: 'basic-client' }, 'client_id'],
    ['a secret of its own choice', { client_secret: newSecret() }, 'client_secret'],
    ['a secret that is no text', { client_secret: 7 }, 'client_secret'],
    ['a scope of operators', { scope: 'introspect_tokens' }, 'scope'],
    ['keys that are none', { jwks: { keys: [{}] } }, 'jwks.keys[0]'],
  ])('DCR-10 refuses %s, and changes nothing', async (_what, members, member) => {
    const client = await server.registered(machineMembers);
    const failure = await server.refusal(server.manage('put', client, { ...kept(client), ...members }));
    expect(failure).toMatchObject({ status: 400, error: 'invalid_client_metadata' });
    expect(failure.description).toMatch(`${member}: `);
    const { client_secret, client_secret_expires_at, ...before } = client;
    expect((await server.manage('get', client)).body).toEqual(before);
    expect((await server.token(client)).status).toBe(200);
  });

  it('DCR-10 DCR-03 a wrong redirect URI has its own code', async () => {
    const client = await server.registered(webMembers);
    const sent = { ...kept(client), redirect_uris: ['https://a.example.com/#x'] };
    expect(await server.refusal(server.manage('put', client, sent))).toMatchObject({ error: 'invalid_redirect_uri' });
  });

  it('DCR-10 no client fills the store with keys of before', async () => {
    const [one, two] = [1, 2].map((lot) =>
      Array.from({ length: 50 }, (_each, index) => ({ ...signer.jwk, kid: `k${lot}-${index}` })),
    );
    const members = { ...machineMembers, token_endpoint_auth_method: 'private_key_jwt' };
    const first = await server.registered({ ...members, jwks: { keys: one } });
    const change = async (client: Registered, keys: unknown) => {
      const reply = await server.manage('put', client, { ...kept(client), jwks: { keys } });
      return reply.status === 200 ? noteSecrets(reply.body) : reply;
    };
    let client = first;
    for (let time = 1; time < 10; time += 1) client = (await change(client, time % 2 ? two : one)) as Registered;
    expect(await change(client, one)).toMatchObject({ status: 400, body: { error: 'invalid_client_metadata' } });
    // What it is now stays, and other members may change.
    expect(await change(client, two)).toMatchObject({ client_id: first.client_id });
  });

  it('DCR-10 what an operator gave stays', async () => {
    const client = await server.registered(machineMembers);
    const { directory, clients } = server.spec.router.workspaces[0]!;
    await directory.replace(client.client_id, ({ metadata }) => ({
      ...metadata,
      scope: 'read introspect_tokens',
      trusted: true,
    }));
    const sent = { ...kept(client), scope: 'read introspect_tokens', trusted: false };
    expect((await server.manage('put', client, sent)).status).toBe(200);
    const found = await clients.find(client.client_id);
    expect(found?.metadata).toMatchObject({ scope: 'read introspect_tokens', trusted: true });
  });

  it('DCR-09 gives a new token; the former one works for some minutes, for a reply that was lost', async () => {
    let now = Date.now();
    const timed = new RegistrationServer({ now: () => now });
    const client = await timed.registered(machineMembers);
    const { client_secret: _, ...sent } = kept(client);
    const changed = noteSecrets((await timed.manage('put', client, sent)).body);
    expect(changed.registration_access_token).not.toBe(client.registration_access_token);
    expect((await timed.manage('get', changed)).status).toBe(200);
    expect((await timed.manage('get', client)).status).toBe(200);
    now += 301_000;
    expect(await timed.refusal(timed.manage('get', client))).toMatchObject(unknown);
    expect((await timed.manage('get', changed)).status).toBe(200);
  });

  it('DCR-09 of two changes at once, both are answered, and one of the new tokens works', async () => {
    const client = await server.registered(machineMembers);
    const replies = await Promise.all(
      ['a', 'b'].map((client_name) => server.manage('put', client, { ...kept(client), client_name })),
    );
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    const names = await Promise.all(
      replies.map(async ({ body }) => (await server.manage('get', noteSecrets(body))).body.client_name),
    );
    expect(names.filter((name) => name !== undefined)).toHaveLength(1);
    expect((await server.manage('get', client)).status).toBe(200);
  });
});

describe('removing a registration', () => {
  it('DCR-09 answers 204; the client, its tokens and its registration are over', async () => {
    const client = await server.registered(machineMembers);
    const accessToken = noteSecret((await server.token(client)).body.access_token);
    const introspect = async () => {
      const { directory } = server.spec.router.workspaces[0]!;
      const added = await directory.add({
        grant_types: ['client_credentials'],
        token_endpoint_auth_method: 'client_secret_post',
        scope: 'introspect_tokens',
      });
      const asked = { client_id: added.parsed.client_id, client_secret: noteSecret(added.secret?.value ?? '') };
      const sent = request(server.spec.router).post('/oauth2/introspect').type('form');
      return (await sent.send({ ...asked, token: accessToken })).body.active;
    };
    expect(await introspect()).toBe(true);
    const reply = await server.manage('delete', client);
    expect([reply.status, reply.text, reply.headers['cache-control']]).toEqual([204, '', 'no-store']);
    expect(await introspect()).toBe(false);
    const { status } = await server.token(client);
    expect([status, server.spec.last().reason]).toEqual([401, 'unknown_client']);
    for (const method of ['get', 'put', 'delete'] as const) {
      expect(await server.refusal(server.manage(method, client))).toMatchObject(unknown);
    }
  });

  it('DCR-09 leaves nothing of the client in the store but that its tokens are over', async () => {
    const alone = new RegistrationServer();
    const client = await alone.registered(machineMembers);
    await alone.token(client);
    await alone.manage('delete', client);
    const left: string[] = [];
    for await (const { key } of alone.spec.router.workspaces[0]!.store.scan('stored-client')) left.push(key);
    expect(left).toEqual([]);
  });

  it('DCR-09 fifty at once: each is answered that it is gone', async () => {
    const client = await server.registered(machineMembers);
    const replies = await Promise.all(Array.from({ length: 50 }, () => server.manage('delete', client)));
    for (const { status } of replies) expect([204, 401]).toContain(status);
    expect(replies.some(({ status }) => status === 204)).toBe(true);
  });
});
