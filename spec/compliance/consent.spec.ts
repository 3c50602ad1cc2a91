import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Response } from 'supertest';
import { answerOf, callback, formOf, issuer, TestServer } from '../support/authorization-flow.js';

// A server for each: what one person has allowed is remembered.
let server: TestServer;
beforeEach(async () => {
  server = await new TestServer().start();
});
afterEach(() => server.stop());

function expectRefused(response: Response, status: number, reason: string): void {
  expect({ status: response.status, reason: server.lastReason }).toEqual({ status, reason });
  expect(response.headers.location).toBeUndefined();
  expect(response.headers['content-type']).toMatch(/^text\/html/);
}

async function shownForm(changes = {}) {
  const { transaction, cookie } = formOf(await server.authorize(changes));
  return { transaction, cookie: cookie! };
}

describe('consent', () => {
  it('allow gives a code that works', async () => {
    const { transaction, cookie } = await shownForm({ nonce: 'n' });
    const response = await server.decide({ transaction, decision: 'allow' }, cookie);
    expect(response.status).toBe(303);
    const { code, ...rest } = answerOf(response);
    expect(rest).toEqual({ state: 's t+a%2B&=é', iss: issuer });
    expect(server.events.at(-1)).toMatchObject({
      event: 'consent',
      client_id: 'web',
      subject: 'u-john',
      scope: 'read',
    });
    expect((await server.redeem({ code }, 'web')).body.scope).toBe('read');
  });

  it('CON-03 deny is access_denied, and uses the form up', async () => {
    const { transaction, cookie } = await shownForm();
    const response = await server.decide({ transaction, decision: 'deny' }, cookie);
    expect(answerOf(response)).toMatchObject({ error: 'access_denied', state: 's t+a%2B&=é', iss: issuer });
    expect(server.lastReason).toBe('consent_denied');
    expectRefused(await server.decide({ transaction, decision: 'allow' }, cookie), 403, 'consent_form_invalid');
  });

  it('CON-01 of many answers to one page one counts', async () => {
    const { transaction, cookie } = await shownForm();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => server.decide({ transaction, decision: 'allow' }, cookie)),
    );
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(19);
  });

  it("CON-01 a form without its browser's cookie, or with another's, gives no code", async () => {
    const { transaction, cookie } = await shownForm();
    const stranger = await shownForm();
    const allow = { transaction, decision: 'allow' };
    expectRefused(await server.decide(allow), 403, 'consent_form_invalid');
    expectRefused(await server.decide(allow, stranger.cookie), 403, 'consent_form_invalid');
    expectRefused(await server.decide(allow, `${cookie}; ${stranger.cookie}`), 403, 'consent_form_invalid');
    expect(answerOf(await server.decide(allow, cookie)).code).toBeDefined();
  });

  it('CON-01 a missing, changed or foreign transaction gives no code', async () => {
    const { transaction, cookie } = await shownForm();
    const changed = `${transaction.slice(0, -2)}${transaction.endsWith('AA') ? 'BB' : 'AA'}`;
    for (const wrong of [undefined, changed, 'aes-256-gcm:x:y']) {
      expectRefused(
        await server.decide({ transaction: wrong, decision: 'allow' }, cookie),
        403,
        'consent_form_invalid',
      );
    }
    expectRefused(
      await server.decide({ transaction: [transaction, transaction], decision: 'allow' }, cookie),
      400,
      'parameter_repeated',
    );
    for (const decision of [undefined, 'Allow']) {
      expectRefused(await server.decide({ transaction, decision }, cookie), 400, 'parameter_invalid');
    }
    expect(answerOf(await server.decide({ transaction, decision: 'allow' }, cookie)).code).toBeDefined();
  });

  it('CON-01 a form is good for ten minutes', async () => {
    const [early, late] = [await shownForm(), await shownForm()];
    server.now += 599;
    expect((await server.decide({ transaction: early.transaction, decision: 'allow' }, early.cookie)).status).toBe(303);
    server.now += 1;
    expectRefused(
      await server.decide({ transaction: late.transaction, decision: 'allow' }, late.cookie),
      403,
      'consent_form_invalid',
    );
  });

  it('CON-01 two tabs of one browser share the cookie and do not spoil each other', async () => {
    const first = await shownForm();
    const page = await server.authorize({}, first.cookie);
    expect(page.headers['set-cookie']).toBeUndefined();
    for (const transaction of [first.transaction, formOf(page).transaction]) {
      expect((await server.decide({ transaction, decision: 'allow' }, first.cookie)).status).toBe(303);
    }
  });

  it('CON-01 the cookie is of this host alone and out of reach of scripts', async () => {
    const page = await server.authorize({}, '__Host-authorization-browser=chosen-by-somebody');
    const [cookie] = page.headers['set-cookie'] as unknown as string[];
    expect(cookie).toMatch(/^__Host-authorization-browser=[A-Za-z0-9_-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax$/);
  });

  it('CON-01 another person at the browser, or nobody, cannot answer', async () => {
    const { transaction, cookie } = await shownForm();
    const allow = { transaction, decision: 'allow' };
    server.users.set('u-jane', { id: 'u-jane' });
    server.person = () => ({ id: 'u-jane' });
    expectRefused(await server.decide(allow, cookie), 403, 'consent_form_invalid');
    server.person = () => undefined;
    expectRefused(await server.decide(allow, cookie), 403, 'consent_form_invalid');
    server.person = () => server.john();
    expect((await server.decide(allow, cookie)).status).toBe(303);
  });

  it('a person made inactive meanwhile gets no code', async () => {
    const { transaction, cookie } = await shownForm();
    server.person = () => ({ ...server.john(), status: 'inactive' });
    expect(answerOf(await server.decide({ transaction, decision: 'allow' }, cookie)).error).toBe('access_denied');
    expect(server.lastReason).toBe('person_inactive');
  });

  it('a client switched off or moved meanwhile gets nothing', async () => {
    const { transaction, cookie } = await shownForm();
    const web = server.registry.get('web')!;
    server.registry.set('web', { ...web, status: 'inactive' });
    expectRefused(await server.decide({ transaction, decision: 'allow' }, cookie), 400, 'authorize_client_unknown');
    server.registry.set('web', { ...web, redirect_uris: [`${callback}/new`] });
    expectRefused(await server.decide({ transaction, decision: 'allow' }, cookie), 400, 'redirect_uri_unregistered');
    server.registry.set('web', web);
    expect((await server.decide({ transaction, decision: 'allow' }, cookie)).status).toBe(303);
  });

  it('is decided by POST alone', async () => {
    const { transaction, cookie } = await shownForm();
    const response = await server.agent
      .get(`/acme/demo/oauth2/authorize/consent?decision=allow&transaction=${encodeURIComponent(transaction)}`)
      .set('Cookie', cookie);
    expectRefused(response, 405, 'method_not_allowed');
    expect(response.headers.allow).toBe('POST');
  });

  it('CON-02 the page names client, person, scopes and destination, all escaped', async () => {
    const { text } = await server.authorize({ scope: 'read accounts.7' });
    expect(text).toContain('Web &quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot; Shop');
    expect(text).toContain('John &lt;b&gt;Doe&lt;/b&gt;');
    expect(text).toContain('Read &lt;i&gt;all&lt;/i&gt;');
    expect(text).toContain('<code>accounts.7</code>');
    expect(text).toContain('app.example');
  });

  it('CON-02 the form may lead to us and to the client, nowhere else', async () => {
    const policy = (await server.authorize()).headers['content-security-policy'];
    expect(policy).toContain("form-action 'self' https://app.example;");
  });

  it('CON-04 a trusted client is not asked about, any other is', async () => {
    expect((await server.authorize({ client_id: 'trusted' })).status).toBe(303);
    expect((await server.authorize({ client_id: 'other' })).status).toBe(200);
  });
});
