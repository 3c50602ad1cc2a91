import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { boxesOf, callback, fieldOf, issuer, jane, LoginServer, Visitor } from '../support/login-flow.js';

let server: LoginServer;
let visitor: Visitor;
beforeEach(async () => {
  server = await new LoginServer().start();
  visitor = await new Visitor(server).withSession();
});
afterEach(() => server.stop());

/** Asked, and answered with everything that was asked. */
async function allow(changes: Record<string, string> = {}, who = visitor): Promise<string> {
  const { parameters } = await who.decide(await who.authorize(changes));
  return parameters.code ?? '';
}

async function isAsked(changes: Record<string, string> = {}, who = visitor): Promise<boolean> {
  const answer = await who.authorize(changes);
  expect(answer.status).toBe(answer.text.includes('name="transaction"') ? 200 : 303);
  return answer.status === 200;
}

describe('consent in part', () => {
  it('CON-02 each scope has a box but openid, and what is unticked is not granted', async () => {
    const page = await visitor.authorize({ scope: 'openid read write' });
    expect(boxesOf(page)).toEqual(['read', 'write']);
    expect(page.text).toContain('<input type="checkbox" checked disabled>');
    const { parameters } = await visitor.decide(page, 'allow', ['write']);
    const { body } = await server.token(parameters.code!);
    expect(body.scope).toBe('openid write');
    expect(body.id_token).toBeDefined();
  });

  it('CON-02 nothing can be ticked that was not asked', async () => {
    const page = await visitor.authorize({ scope: 'openid read' });
    const { parameters } = await visitor.decide(page, 'allow', ['read', 'write', 'offline_access', 'profile']);
    expect((await server.token(parameters.code!)).body.scope).toBe('openid read');
  });

  it('CON-03 to allow nothing is access_denied; with openid the sign-in is left', async () => {
    const nothing = await visitor.decide(await visitor.authorize({ scope: 'read write' }), 'allow', []);
    expect([nothing.parameters.error, server.lastReason]).toEqual(['access_denied', 'consent_denied']);
    const openid = await visitor.decide(await visitor.authorize({ scope: 'openid read' }), 'allow', []);
    expect((await server.token(openid.parameters.code!)).body.scope).toBe('openid');
    const denied = await visitor.decide(await visitor.authorize({ scope: 'openid read' }), 'deny');
    expect(denied.parameters.error).toBe('access_denied');
  });
});

describe('remembered consent', () => {
  it('CON-04 the same or fewer scopes are not asked again, more are', async () => {
    await allow({ scope: 'openid read' });
    for (const scope of ['openid read', 'read openid', 'read', 'openid']) expect(await isAsked({ scope })).toBe(false);
    for (const scope of ['openid read write', 'write']) expect(await isAsked({ scope })).toBe(true);
    const silent = await visitor.authorize({ scope: 'read', prompt: 'none' });
    expect(silent.parameters.code).toBeDefined();
    const louder = await visitor.authorize({ scope: 'write', prompt: 'none' });
    expect(louder.parameters.error).toBe('consent_required');
  });

  it('CON-04 what was unticked is asked again, and what is unticked later is allowed no longer', async () => {
    await visitor.decide(await visitor.authorize({ scope: 'openid read write' }), 'allow', ['read']);
    expect(await isAsked({ scope: 'openid read' })).toBe(false);
    expect(await isAsked({ scope: 'openid read write' })).toBe(true);
    await visitor.decide(await visitor.authorize({ scope: 'openid read write' }), 'allow', ['write']);
    expect(await isAsked({ scope: 'write' })).toBe(false);
    expect(await isAsked({ scope: 'read' })).toBe(true);
  });

  it('CON-04 is of one person and one client, and a denial is nothing to remember', async () => {
    await visitor.decide(await visitor.authorize(), 'deny');
    expect(await isAsked()).toBe(true);
    await allow();
    expect(await isAsked({ client_id: 'other' })).toBe(true);
    const other = await new Visitor(server).withSession(jane);
    expect(await isAsked({}, other)).toBe(true);
    expect(await isAsked()).toBe(false);
  });

  it('CON-04 IDT-07 prompt=consent and offline_access always ask', async () => {
    await allow({ scope: 'openid read offline_access' });
    expect(await isAsked({ scope: 'openid read' })).toBe(false);
    expect(await isAsked({ scope: 'openid read', prompt: 'consent' })).toBe(true);
    expect(await isAsked({ scope: 'openid read offline_access' })).toBe(true);
  });

  it.each([
    ['a public client', { client_id: 'app', scope: 'read' }],
    ['a private-use redirect URI', { client_id: 'native', redirect_uri: 'com.example.app:/cb' }],
  ])('CON-04 %s is asked about each time', async (_name, changes: Record<string, string>) => {
    expect(await allow(changes)).not.toBe('');
    expect(await isAsked(changes)).toBe(true);
  });
});

describe('withdrawn consent', () => {
  async function withdraw(clientId = 'web') {
    const page = await visitor.get('/consents');
    return visitor.post('/consents', { form: fieldOf(page, 'form'), withdraw: clientId });
  }

  it('CON-05 the page names clients, scopes and since when; escaped', async () => {
    expect((await visitor.get('/consents')).text).toContain('You have not allowed any application');
    await allow();
    await allow({ client_id: 'other', scope: 'write' });
    const { text } = await visitor.get('/consents');
    for (const shown of ['Web Shop', 'Read all', 'John Doe', '2027-01-15', 'Other &lt;i&gt;Shop&lt;/i&gt;']) {
      expect(text).toContain(shown);
    }
    expect(text).not.toContain('<i>Shop');
  });

  it('CON-05 a withdrawal ends codes and tokens, of this client alone, and asks again', async () => {
    const [token, kept] = [
      await server.token(await allow()),
      await server.token(await allow({ client_id: 'other' }), 'other'),
    ];
    const pending = (await visitor.authorize()).parameters.code!;
    expect(await userinfo(token.body.access_token!)).toBe(200);
    const answer = await withdraw();
    expect([answer.status, answer.location]).toEqual([303, `${issuer}/consents?withdrawn=1`]);
    expect((await visitor.get(answer.location!)).text).toContain('The access was withdrawn.');
    expect(await userinfo(token.body.access_token!)).toBe(401);
    const late = await server.token(pending);
    expect([late.status, late.body.error, server.lastReason]).toEqual([400, 'invalid_grant', 'consent_withdrawn']);
    expect(await userinfo(kept.body.access_token!)).toBe(200);
    expect(await isAsked()).toBe(true);
    const fresh = await server.token(await allow());
    expect(await userinfo(fresh.body.access_token!)).toBe(200);
  });

  it('CON-05 a withdrawal while the consent page is open leaves nothing standing that it did not end', async () => {
    await allow();
    const page = await visitor.authorize({ scope: 'openid read write' });
    await withdraw();
    const { parameters } = await visitor.decide(page);
    expect((await server.token(parameters.code!)).status).toBe(200);
    await withdraw();
    expect(await isAsked()).toBe(true);
  });

  it('CON-05 decisions at the same moment have one consent, and one withdrawal ends them all', async () => {
    const pages = await Promise.all(Array.from({ length: 5 }, () => visitor.authorize()));
    const answers = await Promise.all(pages.map((page) => visitor.decide(page)));
    const codes = answers.map(({ parameters }) => parameters.code!);
    await withdraw();
    for (const code of codes) expect((await server.token(code)).body.error).toBe('invalid_grant');
  });

  it('CON-01 needs a session, our own form and our own site', async () => {
    const code = await allow();
    const form = fieldOf(await visitor.get('/consents'), 'form');
    const stranger = await new Visitor(server).withSession(jane);
    const refused: [Visitor, Record<string, string>, Record<string, string>, string][] = [
      [stranger, { form }, {}, 'form_invalid'],
      [visitor, {}, {}, 'form_invalid'],
      [visitor, { form: fieldOf(await visitor.get('/login'), 'form') }, {}, 'form_invalid'],
      [visitor, { form }, { origin: 'https://evil.example' }, 'cross_site_post'],
      [visitor, { form }, { 'sec-fetch-site': 'cross-site' }, 'cross_site_post'],
    ];
    for (const [who, fields, headers, reason] of refused) {
      const answer = await who.post('/consents', { ...fields, withdraw: 'web' }, headers);
      expect([answer.status, server.lastReason]).toEqual([403, reason]);
    }
    const nobody = await new Visitor(server).post('/consents', { form, withdraw: 'web' });
    expect(nobody.text).toContain('name="email"');
    expect((await server.token(code)).status).toBe(200);
  });

  it('AUT-13 the page has its headers', async () => {
    const { headers } = await visitor.get('/consents');
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('content-security-policy')).toContain("form-action 'self';");
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(callback).toMatch(/^https:/);
  });

  async function userinfo(token: string): Promise<number> {
    const answer = await fetch(`${server.origin}/acme/demo/userinfo`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return answer.status;
  }
});
