import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { revokeByClient } from '../../index.js';
import { breakableStore } from '../support/breakable-store.js';
import { boxesOf, issuer, john, LoginServer, loginClients, Visitor } from '../support/login-flow.js';
import { onPage, outcomeOf, requestUriPrefix, urlOfPushed } from '../support/pushed-flow.js';
import { noteSecret } from '../support/suite-log.js';

let server: LoginServer;
let visitor: Visitor;
beforeEach(async () => {
  server = await new LoginServer().start();
  visitor = new Visitor(server);
});
afterEach(() => server.stop());

async function restart(options: ConstructorParameters<typeof LoginServer>[0]): Promise<void> {
  await server.stop();
  server = await new LoginServer(options).start();
  visitor = new Visitor(server);
}

describe('PAR-04 a request URI is good for its own client, in time', () => {
  it('PAR-04 and for no other', async () => {
    const uri = await server.pushed();
    for (const clientId of ['other', 'app', 'unheard-of', '']) {
      expect(outcomeOf(server, await visitor.get(urlOfPushed(uri, {}, clientId)))).toEqual(
        onPage('request_uri_client_mismatch'),
      );
    }
    expect((await visitor.get(urlOfPushed(uri))).status).toBe(200);
  });

  it('PAR-04 unknown, guessed or of another workspace', async () => {
    const uri = await server.pushed();
    const elsewhere = await new LoginServer().start();
    const theirs = await elsewhere.pushed();
    await elsewhere.stop();
    for (const wrong of [theirs, requestUriPrefix, `${requestUriPrefix}x`, `${uri}x`, uri.slice(0, -1)]) {
      expect(outcomeOf(server, await visitor.get(urlOfPushed(wrong)))).toEqual(onPage('request_uri_unknown'));
    }
  });

  it('PAR-04 expired; the page that says so names no reason', async () => {
    const uri = await server.pushed();
    server.now += 59;
    expect((await visitor.get(urlOfPushed(uri))).status).toBe(200);
    server.now += 1;
    const page = await visitor.get(urlOfPushed(uri));
    expect(outcomeOf(server, page)).toEqual(onPage('request_uri_expired'));
    expect(page.text).toContain('invalid_request_uri');
    expect(page.text).not.toContain('request_uri_expired');
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  });

  it('PAR-04 REV-04 revoked with all that its client had; the next one is good', async () => {
    const [uri, begun] = [await server.pushed(), await server.pushed()];
    expect((await visitor.get(urlOfPushed(begun))).status).toBe(200);
    await revokeByClient(server.router, 'other');
    expect((await visitor.get(urlOfPushed(uri))).status).toBe(200);
    server.now += 1;
    await revokeByClient(server.router, 'web');
    for (const dead of [uri, begun]) {
      expect(outcomeOf(server, await visitor.get(urlOfPushed(dead)))).toEqual(onPage('request_uri_revoked'));
    }
    server.now += 1;
    expect((await visitor.get(urlOfPushed(await server.pushed()))).status).toBe(200);
  });

  it('PAR-04 sent twice', async () => {
    const uri = await server.pushed();
    expect(outcomeOf(server, await visitor.get(`${urlOfPushed(uri)}&request_uri=${uri}`))).toEqual(
      onPage('parameter_repeated'),
    );
    expect(outcomeOf(server, await visitor.get(`${urlOfPushed(uri)}&client_id=web`))).toEqual(
      onPage('parameter_repeated'),
    );
  });

  it('PAR-04 the client has changed since: its redirect URI is gone, or it is inactive', async () => {
    const clients = new Map(loginClients.map((client) => [client.client_id, client]));
    await restart({ clients: { find: (id) => clients.get(id) } });
    const uri = await server.pushed();
    const web = clients.get('web')!;
    clients.set('web', { ...web, redirect_uris: ['https://app.example/new'] });
    expect(outcomeOf(server, await visitor.get(urlOfPushed(uri)))).toEqual(onPage('redirect_uri_unregistered'));
    clients.set('web', { ...web, status: 'inactive' });
    expect(outcomeOf(server, await visitor.get(urlOfPushed(uri)))).toEqual(onPage('authorize_client_unknown'));
  });

  it('AUT-14 any other request_uri is not supported, and nothing is fetched', async () => {
    const answer = await visitor.authorize({ request_uri: 'https://app.example/request.jwt' });
    expect(outcomeOf(server, answer)).toEqual([303, 'request_uri_not_supported', 'request_uri_unsupported']);
    expect(answer.parameters).toMatchObject({ state: 's1', iss: issuer });
  });
});

describe('PAR-05 it is used up when the client is answered', () => {
  it('PAR-05 pages, the way back and reloads work; the second answer does not', async () => {
    const uri = await server.pushed();
    await visitor.get(urlOfPushed(uri));
    const login = await visitor.get(urlOfPushed(uri));
    const back = (await visitor.signIn(login)).location!;
    const consent = await visitor.get(back);
    expect(boxesOf(consent)).toEqual(['read']);
    expect((await visitor.get(urlOfPushed(uri))).status).toBe(200);
    const reloaded = await visitor.get(back);
    const answer = await visitor.decide(consent);
    expect(answer.parameters).toEqual({ code: expect.any(String), state: 's1', iss: issuer });
    expect((await server.token(answer.parameters.code!)).status).toBe(200);
    expect(outcomeOf(server, await visitor.decide(reloaded))).toEqual(onPage('request_uri_used'));
    for (const url of [back, urlOfPushed(uri)])
      expect(outcomeOf(server, await visitor.get(url))).toEqual(onPage('request_uri_used'));
  });

  it('PAR-05 whoever came in time may take longer to sign in, and to decide', async () => {
    const uri = await server.pushed({ prompt: 'login' });
    const login = await visitor.get(urlOfPushed(uri));
    server.now += 300;
    const back = (await visitor.signIn(login)).location!;
    server.now += 5;
    expect(outcomeOf(server, await visitor.get(urlOfPushed(uri)))).toEqual(onPage('request_uri_expired'));
    const consent = await visitor.get(back);
    server.now += 300;
    expect((await visitor.decide(consent)).parameters.code).toBeDefined();
  });

  it('PAR-05 but not half an hour, nor by what stands at another request', async () => {
    const [one, two] = [await server.pushed(), await server.pushed()];
    const back = (await visitor.signIn(await visitor.get(urlOfPushed(one)))).location!;
    server.now += 70;
    const swapped = back.replace(encodeURIComponent(one), encodeURIComponent(two));
    expect(outcomeOf(server, await visitor.get(swapped))).toEqual(onPage('request_uri_expired'));
    expect((await visitor.get(back)).status).toBe(200);
    server.now += 1800;
    expect(outcomeOf(server, await visitor.get(back))).toEqual(onPage('request_uri_expired'));
  });

  it('PAR-05 CON-03 a denial is an answer too', async () => {
    await visitor.withSession();
    const uri = await server.pushed();
    const page = await visitor.get(urlOfPushed(uri));
    const second = await visitor.get(urlOfPushed(uri));
    expect((await visitor.decide(page, 'deny')).parameters).toMatchObject({
      error: 'access_denied',
      state: 's1',
      iss: issuer,
    });
    expect(outcomeOf(server, await visitor.decide(second))).toEqual(onPage('request_uri_used'));
    expect(outcomeOf(server, await visitor.get(urlOfPushed(uri)))).toEqual(onPage('request_uri_used'));
  });

  it('PAR-05 50 answers at once give one code, by pages', async () => {
    await visitor.withSession();
    const uri = await server.pushed();
    const pages = await Promise.all(Array.from({ length: 50 }, () => visitor.get(urlOfPushed(uri))));
    const answers = await Promise.all(pages.map((page) => visitor.decide(page)));
    expect(answers.filter(({ parameters }) => parameters.code !== undefined)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(49);
  });

  it('PAR-05 50 browsers at once get one code, without a page', async () => {
    await visitor.withSession();
    const uri = await server.pushed({}, 'trusted');
    const answers = await Promise.all(Array.from({ length: 50 }, () => visitor.get(urlOfPushed(uri, {}, 'trusted'))));
    expect(answers.filter(({ parameters }) => parameters.code !== undefined)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(49);
    expect(server.lastReason).toBe('request_uri_used');
  });
});

describe('GEN-11 while the store fails', () => {
  it('GEN-11 PAR-05 nothing is taken and nothing used up', async () => {
    const { store, broken } = breakableStore();
    await restart({ store });
    await visitor.withSession();
    broken.add('set');
    const push = await server.push();
    expect([push.status, push.body.error, server.lastReason]).toEqual([
      503,
      'temporarily_unavailable',
      'store_unavailable',
    ]);
    broken.clear();
    const url = urlOfPushed(await server.pushed({}, 'trusted'), {}, 'trusted');
    broken.add('get');
    expect(outcomeOf(server, await visitor.get(url))).toEqual([503, 'page', 'store_unavailable']);
    broken.clear();
    broken.add('claim');
    expect((await visitor.get(url)).parameters).toMatchObject({ error: 'temporarily_unavailable', state: 's1' });
    broken.clear();
    expect((await visitor.get(url)).parameters.code).toBeDefined();
  });
});

describe('PAR-06 the front channel adds nothing', () => {
  it('PAR-06 what stands beside client_id and request_uri is not read', async () => {
    await visitor.withSession();
    const uri = await server.pushed({ scope: 'openid read', nonce: 'pushed' });
    const more = {
      scope: 'openid read write',
      redirect_uri: 'https://evil.example/cb',
      state: 'injected',
      nonce: 'injected',
      prompt: 'none',
      response_type: 'token',
      code_challenge: 'x',
      authentication_code: 'x',
      sign_in_since: 'x',
      continued: 'x',
    };
    const page = await visitor.get(urlOfPushed(uri, more));
    expect(boxesOf(page)).toEqual(['read']);
    const { parameters, location } = await visitor.decide(page);
    expect(location).toMatch(/^https:\/\/app\.example\/cb\?/);
    expect(parameters.state).toBe('s1');
    const { body } = await server.token(parameters.code!);
    expect(body.scope).toBe('openid read');
    const [, payload = ''] = body.id_token!.split('.');
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).nonce).toBe('pushed');
  });

  it('PAR-06 nor when it is sent twice, or posted', async () => {
    await visitor.withSession();
    const uri = await server.pushed();
    expect((await visitor.get(`${urlOfPushed(uri)}&scope=a&scope=b&state=1&state=2`)).status).toBe(200);
    const posted = await visitor.post('/oauth2/authorize', { client_id: 'web', request_uri: uri, state: 'injected' });
    expect((await visitor.decide(posted)).parameters.state).toBe('s1');
  });

  it.each(['login', 'select_account', 'login consent'])(
    'PAR-06 IDT-07 prompt=%s cannot be taken away',
    async (prompt) => {
      await visitor.withSession();
      server.now += 100;
      const uri = await server.pushed({ prompt });
      const login = await visitor.get(urlOfPushed(uri, { prompt: 'none' }));
      expect(login.text).toContain('name="email"');
      const back = (await visitor.signIn(login)).location!;
      const again = new URL(back);
      again.searchParams.delete('continued');
      expect((await visitor.get(again.href)).text).toContain('name="email"');
      expect((await visitor.decide(await visitor.get(back))).parameters.code).toBeDefined();
    },
  );
});

describe('PAR-07 pushing can be required', () => {
  it('PAR-07 by the workspace', async () => {
    await restart({ require_pushed_authorization_requests: true });
    await visitor.withSession();
    const direct = await visitor.authorize();
    expect(outcomeOf(server, direct)).toEqual([303, 'invalid_request', 'request_not_pushed']);
    expect(direct.parameters).toMatchObject({ state: 's1', iss: issuer });
    const page = await visitor.get(urlOfPushed(await server.pushed()));
    expect((await visitor.decide(page)).parameters.code).toBeDefined();
  });

  it('PAR-07 by a client, for itself alone', async () => {
    const [first, ...others] = loginClients;
    await restart({ clients: [{ ...first!, require_pushed_authorization_requests: true }, ...others] });
    await visitor.withSession();
    expect(outcomeOf(server, await visitor.authorize())).toEqual([303, 'invalid_request', 'request_not_pushed']);
    expect((await visitor.get(urlOfPushed(await server.pushed()))).status).toBe(200);
    expect((await visitor.authorize({ client_id: 'other' })).status).toBe(200);
  });

  it('PAR-07 MET-06 the metadata say so', async () => {
    const told = async () => {
      const answer = await visitor.get('/.well-known/openid-configuration');
      const metadata = JSON.parse(answer.text);
      return [metadata.pushed_authorization_request_endpoint, metadata.require_pushed_authorization_requests];
    };
    expect(await told()).toEqual([`${issuer}/oauth2/par`, false]);
    await restart({ require_pushed_authorization_requests: true });
    expect(await told()).toEqual([`${issuer}/oauth2/par`, true]);
    await restart({ grant_types: ['client_credentials'] });
    expect(await told()).toEqual([undefined, undefined]);
    expect((await visitor.post('/oauth2/par', {})).status).toBe(404);
  });
});

describe('GAC-08 a pushed authentication_code', () => {
  it('GAC-08 PAR-05 skips the login; opening the page uses neither up', async () => {
    const { extendedCode } = await server.generate(john);
    const uri = await server.pushed({ authentication_code: noteSecret(extendedCode) });
    await visitor.get(urlOfPushed(uri));
    const page = await visitor.get(urlOfPushed(uri));
    expect(page.text).toContain('John Doe');
    expect((await visitor.decide(page)).parameters.code).toBeDefined();
    expect(outcomeOf(server, await visitor.get(urlOfPushed(uri)))).toEqual(onPage('request_uri_used'));
  });

  it('GAC-08 a trusted client: a page with a button', async () => {
    const { extendedCode } = await server.generate(john);
    const uri = await server.pushed({ authentication_code: noteSecret(extendedCode) }, 'trusted');
    const page = await visitor.get(urlOfPushed(uri, {}, 'trusted'));
    expect(page.text).toContain('Continue as');
    expect((await visitor.decide(page)).parameters.code).toBeDefined();
  });

  it('GAC-08 one that is no good leads to the login, and from there on without it', async () => {
    const uri = await server.pushed({ authentication_code: 'wrong' });
    const login = await visitor.get(urlOfPushed(uri));
    expect(login.text).toContain('name="email"');
    expect(server.lastReason).toBe('otc_unknown_user');
    const consent = await visitor.get((await visitor.signIn(login)).location!);
    expect((await visitor.decide(consent)).parameters.code).toBeDefined();
  });

  it('GAC-05 one that is wrong is one guess, however often the page is loaded, for as long as it is there', async () => {
    const { code, extendedCode } = await server.generate(john);
    const wrong = `${(Number(code) + 1) % 1e8}`.padStart(8, '0');
    const guess = Buffer.from(`${john.id}:${wrong}`).toString('base64url');
    const uri = await server.pushed({ authentication_code: guess });
    const reasons: string[] = [];
    for (let turn = 0; turn < 8; turn += 1) {
      expect((await visitor.get(urlOfPushed(uri))).text).toContain('name="email"');
      reasons.push(server.lastReason);
    }
    expect(reasons).toEqual(['otc_mismatch', ...Array.from({ length: 7 }, () => 'otc_refused_before')]);
    // Pushed anew it is another guess: three more, and a fifth one kills the code.
    for (let turn = 0; turn < 3; turn += 1) {
      await visitor.get(urlOfPushed(await server.pushed({ authentication_code: guess })));
      expect(server.lastReason).toBe('otc_mismatch');
    }
    const right = await server.pushed({ authentication_code: noteSecret(extendedCode) });
    expect((await visitor.get(urlOfPushed(right))).text).toContain('John Doe');
    await visitor.get(urlOfPushed(await server.pushed({ authentication_code: guess })));
    expect((await visitor.get(urlOfPushed(right))).text).toContain('name="email"');
    expect(server.lastReason).toBe('otc_exhausted');
  });

  it('GAC-08 one that is used up between page and button leads to the login, and the request lives on', async () => {
    const { extendedCode } = await server.generate(john);
    const first = await server.pushed({ authentication_code: noteSecret(extendedCode) });
    const second = await server.pushed({ authentication_code: extendedCode });
    const [page, other] = [await visitor.get(urlOfPushed(first)), await visitor.get(urlOfPushed(second))];
    expect((await visitor.decide(other)).parameters.code).toBeDefined();
    const login = await visitor.decide(page);
    expect([login.text.includes('name="email"'), server.lastReason]).toEqual([true, 'otc_used']);
    const consent = await visitor.get((await visitor.signIn(login)).location!);
    expect(consent.location ?? consent.text).toMatch(/code=|name="transaction"/);
  });
});

describe("the host's own sign-in and consent", () => {
  it('come back with a URL that says what was pushed', async () => {
    const interactions: { returnTo: string; prompt: string | undefined }[] = [];
    let answer: { allow: string[] } | { deny: true } | undefined;
    await restart({
      authenticateUser: (request, response, interaction) => {
        interactions.push(interaction);
        if (request.headers['x-user'] !== undefined) return { ...john, authTime: server.now };
        response.writeHead(302, { location: `https://host.example/login` }).end();
        return undefined;
      },
      askConsent: (_request, response, { returnTo, scopes }) => {
        if (!answer) response.writeHead(302, { location: returnTo }).end();
        expect(scopes).toEqual(['openid', 'read']);
        return answer;
      },
    });
    const uri = await server.pushed({ prompt: 'login', login_hint: 'john' });
    server.now += 10;
    await visitor.get(urlOfPushed(uri));
    expect(interactions.at(-1)).toMatchObject({ prompt: 'login', loginHint: 'john', clientId: 'web' });
    server.now += 100;
    const asked = await visitor.get(interactions.at(-1)!.returnTo, { 'x-user': '1' });
    expect(interactions.at(-1)!.prompt).toBeUndefined();
    expect(asked.location).toContain(encodeURIComponent(uri));
    answer = { deny: true };
    const denied = await visitor.get(asked.location!, { 'x-user': '1' });
    expect(denied.parameters).toMatchObject({ error: 'access_denied', state: 's1', iss: issuer });
    answer = { allow: ['read'] };
    expect(outcomeOf(server, await visitor.get(asked.location!, { 'x-user': '1' }))).toEqual(
      onPage('request_uri_used'),
    );
  });
});
