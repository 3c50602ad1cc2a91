import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AuthenticateUser, Interaction } from '../../index.js';
import { authorizeUrl, fieldOf, issuer, jane, john, LoginServer, Visitor } from '../support/login-flow.js';

let server: LoginServer;
let visitor: Visitor;
let asked: Interaction[];

/** A host that knows its people by a header, and has a page to sign in. */
const authenticateUser: AuthenticateUser = (request, response, interaction) => {
  asked.push(interaction);
  const user = [john, jane].find(({ id }) => id === request.headers['x-user']);
  if (user) return { ...user, authTime: server.now };
  if (interaction.prompt !== 'none') response.writeHead(302, { location: 'https://host.example/login' }).end();
  return undefined;
};
beforeEach(async () => {
  asked = [];
  server = await new LoginServer({ authenticateUser }).start();
  visitor = new Visitor(server);
});
afterEach(() => server.stop());

const asJohn = { 'x-user': 'u-john' };
const asJane = { 'x-user': 'u-jane' };

/** An access token of the client `web`. */
async function allowed(who = visitor, headers: Record<string, string> = asJohn): Promise<string> {
  const page = await who.get(authorizeUrl(), headers);
  const fields = { transaction: fieldOf(page, 'transaction'), decision: 'allow', scope: 'read' };
  const { parameters } = await who.post('/oauth2/authorize/consent', fields, headers);
  return (await server.token(parameters.code ?? '')).body.access_token ?? '';
}

async function userinfo(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.origin}/acme/demo/userinfo`, { headers })).status;
}

describe('the page of consents, where the host signs people in', () => {
  it('CON-05 shows what was allowed to whoever the host names, and takes it back', async () => {
    const token = await allowed();
    expect(await userinfo(token)).toBe(200);
    const page = await visitor.get('/consents', asJohn);
    expect(page.text).toContain('Web Shop');
    expect(page.text).toContain('John Doe');
    // Its session is the host's to end.
    expect(page.text).not.toContain('Sign out');
    expect(asked.at(-1)).toEqual({
      returnTo: `${issuer}/consents`,
      clientId: undefined,
      issuer,
      prompt: undefined,
      loginHint: undefined,
      maxAge: undefined,
    });
    const answer = await visitor.post('/consents', { form: fieldOf(page, 'form'), withdraw: 'web' }, asJohn);
    expect([answer.status, answer.location]).toEqual([303, `${issuer}/consents?withdrawn=1`]);
    expect(asked.at(-1)).toMatchObject({ prompt: 'none' });
    expect(await userinfo(token)).toBe(401);
    expect((await visitor.get('/consents', asJohn)).text).toContain('You have not allowed any application');
  });

  it('CON-05 leads to the host’s sign-in, and shows nothing to nobody', async () => {
    const answer = await visitor.get('/consents');
    expect([answer.status, answer.location]).toEqual([302, 'https://host.example/login']);
    server.users.set(john.id, { ...john, status: 'inactive' });
    const inactive = await visitor.get('/consents', asJohn);
    expect([inactive.status, server.lastReason]).toEqual([400, 'person_inactive']);
    expect(inactive.text).not.toContain('John');
  });

  it('CON-01 withdraws by our own form, of this browser and person, from our own site alone', async () => {
    const token = await allowed();
    const form = fieldOf(await visitor.get('/consents', asJohn), 'form');
    const stranger = new Visitor(server);
    const ofJane = await allowed(stranger, asJane);
    const theirs = fieldOf(await stranger.get('/consents', asJane), 'form');
    for (const [who, fields, headers, status, reason] of [
      [visitor, {}, asJohn, 403, 'form_invalid'],
      [visitor, { form: theirs }, asJohn, 403, 'form_invalid'],
      [stranger, { form }, asJohn, 403, 'form_invalid'],
      [visitor, { form }, asJane, 403, 'form_invalid'],
      [visitor, { form }, { ...asJohn, origin: 'https://evil.example' }, 403, 'cross_site_post'],
      [visitor, { form }, { ...asJohn, 'sec-fetch-site': 'cross-site' }, 403, 'cross_site_post'],
      [visitor, { form }, {}, 400, 'login_required'],
    ] as [Visitor, Record<string, string>, Record<string, string>, number, string][]) {
      const answer = await who.post('/consents', { ...fields, withdraw: 'web' }, headers);
      expect([answer.status, server.lastReason]).toEqual([status, reason]);
    }
    expect([await userinfo(token), await userinfo(ofJane)]).toEqual([200, 200]);
  });
});
