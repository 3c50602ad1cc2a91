import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { html } from '../../example-app/pages/html.js';
import { Sessions } from '../../example-app/sign-in/sessions.js';

const key = () => randomBytes(32).toString('base64');
const now = 1_800_000_000;
const session = { tenant: 'acme', pool: 'staff', user: 'u1', authTime: now };
const cookieOf = (setCookie: string) => setCookie.split(';')[0] ?? '';

describe('sessions', () => {
  it('makes cookies that no script, no other host and no plain connection sees', () => {
    expect(new Sessions([key()]).begin(session)).toMatch(
      /^__Host-session=[\w.-]+; Path=\/; Max-Age=28800; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('reads its own, also under an older key, until eight hours have passed', () => {
    const [older, newer] = [key(), key()];
    const cookie = cookieOf(new Sessions([older]).begin(session));
    expect(new Sessions([newer, older]).read(`a=b; ${cookie}`, now + 10)).toEqual(session);
    expect(new Sessions([newer]).read(cookie, now + 10)).toBeUndefined();
    expect(new Sessions([older]).read(cookie, now + 28_800)).toBeUndefined();
    expect(new Sessions([older]).read(cookie, now - 1)).toBeUndefined();
  });

  it('refuses one that was changed', () => {
    const sessions = new Sessions([key()]);
    const [body = '', mac = ''] = cookieOf(sessions.begin(session)).split('.');
    const other = Buffer.from(JSON.stringify({ ...session, user: 'u2' })).toString('base64url');
    expect(sessions.read(`${body}.${mac}`, now)).toEqual(session);
    expect(sessions.read(`__Host-session=${other}.${mac}`, now)).toBeUndefined();
    for (const cookie of [`${body}.`, body, '__Host-session=', undefined]) {
      expect(sessions.read(cookie, now)).toBeUndefined();
    }
  });

  it("CON-01 binds a form to the browser and to what it is for, and takes no session's seal for it", () => {
    const sessions = new Sessions([key()]);
    const { token, setCookie } = sessions.formToken(undefined, 'here');
    const cookie = cookieOf(setCookie ?? '');
    expect(sessions.isFormToken(token, cookie, 'here')).toBe(true);
    expect(sessions.formToken(cookie, 'here')).toEqual({ token, setCookie: undefined });
    expect(sessions.isFormToken(token, cookie, 'there')).toBe(false);
    expect(sessions.isFormToken(token, '__Host-sign-in=other', 'here')).toBe(false);
    expect(sessions.isFormToken(token, undefined, 'here')).toBe(false);
    expect(sessions.isFormToken('', cookie, 'here')).toBe(false);
  });
});

describe('markup', () => {
  it('escapes what is put into it, and nothing twice', () => {
    const item = html`<b>${`<&"'>`}</b>`;
    expect(html`<p title="${'"'}">${[item, 'a<b']}${undefined}${1}</p>`.text).toBe(
      '<p title="&quot;"><b>&lt;&amp;&quot;&#39;&gt;</b>a&lt;b1</p>',
    );
  });
});
