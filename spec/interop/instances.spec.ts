import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { killAll } from '../example-app/run-app.js';
import { ProofMaker } from '../support/dpop.js';
import {
  assertion,
  assertionType,
  basicHeader,
  ca,
  clientCertificate,
  clientPerMethod,
  newSecret,
  secrets,
} from '../support/methods.js';
import { passwordlessConfiguration } from '../support/passwordless-configuration.js';
import { type StorePlace, sharedStoreKinds } from '../support/store-kinds.js';
import { noteLogged, noteSecret } from '../support/suite-log.js';
import { tlsRequest } from '../support/tls-world.js';
import { type Instance, type TwoInstances, twoInstances } from '../support/two-instances.js';

const secret = newSecret();
// RFC 7636 Appendix B.
const code_verifier = noteSecret('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk');
const code_challenge = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const callback = 'https://web.example.com/callback';

function configuration(publicUrl: string) {
  const { tenants, ...top } = passwordlessConfiguration(publicUrl, ['john']);
  const { system, demo } = tenants.acme.workspaces;
  const web = {
    client_id: 'web',
    client_secret: secret,
    trusted: true,
    redirect_uris: [callback],
    grant_types: ['authorization_code', 'refresh_token'],
    scope: 'openid offline_access read',
  };
  const clients = [
    ...demo.clients,
    web,
    { ...clientPerMethod.client_secret_basic, scope: 'read' },
    { ...clientPerMethod.private_key_jwt, scope: 'read' },
    { ...clientPerMethod.tls_client_auth, scope: 'read' },
  ];
  const scopes = { ...demo.scopes, offline_access: {} };
  const workspaces = {
    system,
    demo: { ...demo, clients, scopes, root_cas: [ca.cert] },
    strict: {
      clients: [{ ...clientPerMethod.client_secret_basic, scope: 'read' }],
      scopes: { read: {} },
      dpop_nonce: 'required',
    },
  };
  return { ...top, tenants: { acme: { ...tenants.acme, workspaces } } };
}

// The store of many machines, where it is here.
const kind = sharedStoreKinds.find(({ name }) => name === 'redis') ?? sharedStoreKinds[0]!;
let place: StorePlace;
let world: TwoInstances;
beforeAll(async () => {
  place = await kind.newPlace();
  world = await twoInstances(place.url, configuration);
}, 90_000);
afterAll(async () => {
  noteLogged(world.one.log + world.other.log);
  await world.stop();
  await killAll();
  await place.remove();
});

const asWeb = { authorization: basicHeader('web', secret) };
const asBasic = { authorization: basicHeader('basic-client', secrets.basic) };

async function post(at: Instance, path: string, form: Record<string, string>, headers: Record<string, string> = {}) {
  const answer = await at.fetch(`/acme/demo/oauth2/${path}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
}

/** A browser of which the proxy sends each request to the instance that it is told. */
function browser() {
  const cookies = new Map<string, string>();
  return async (at: Instance, path: string, form?: Record<string, string>) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const sent = form ? { method: 'POST', body: new URLSearchParams(form) } : {};
    const answer = await at.fetch(path, {
      ...sent,
      headers: { cookie, 'sec-fetch-site': 'same-origin', accept: 'text/html' },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return { status: answer.status, text: await answer.text(), location: answer.headers.get('location') ?? '' };
  };
}

const authorizePath = `/acme/demo/oauth2/authorize?${new URLSearchParams({
  response_type: 'code',
  client_id: 'web',
  redirect_uri: callback,
  scope: 'openid offline_access read',
  code_challenge,
  code_challenge_method: 'S256',
})}`;
const formOf = (text: string) => /name="form" value="([^"]*)"/.exec(text)?.[1] ?? '';
const codeOf = (location: string) => noteSecret(new URL(location).searchParams.get('code') ?? '');
const redeeming = (code: string) => ({ grant_type: 'authorization_code', code, redirect_uri: callback, code_verifier });

let visit: ReturnType<typeof browser>;
/** A code for the person who signed in before. */
const nextCode = async (at: Instance) => codeOf((await visit(at, authorizePath)).location);

describe('two instances that share nothing but the store', () => {
  it('published the same keys from their first start on', async () => {
    const keys = async (at: Instance) => (await at.fetch('/acme/demo/.well-known/jwks.json')).text();
    expect(await keys(world.one)).toBe(await keys(world.other));
  });

  it('a person asks at one for a code, types it at the other, and is signed in at both', async () => {
    const { one, other } = world;
    visit = browser();
    const page = await visit(one, authorizePath);
    const asked = await visit(other, '/acme/demo/login', { form: formOf(page.text), email: 'john@example.com' });
    const mails = async () => (await one.fetch('/outbox', { headers: { accept: 'application/json' } })).json();
    let list = (await mails()) as { text: string }[];
    while (list.length === 0) list = (await mails()) as { text: string }[];
    const code = /^ {4}(\d{8})$/m.exec(list[0]?.text ?? '')?.[1] ?? '';
    const signedIn = await visit(one, '/acme/demo/login', { form: formOf(asked.text), code: noteSecret(code) });
    expect(signedIn.status).toBe(303);
    expect(await nextCode(other)).not.toBe('');
    expect(await nextCode(one)).not.toBe('');
  });

  it('what one began the other one goes on with: code, token, refresh, introspection, revocation', async () => {
    const { one, other } = world;
    const first = await post(other, 'token', redeeming(await nextCode(one)), asWeb);
    expect(first.status).toBe(200);
    const refreshed = await post(
      one,
      'token',
      { grant_type: 'refresh_token', refresh_token: first.body.refresh_token },
      asWeb,
    );
    expect(refreshed.status).toBe(200);
    const { access_token, refresh_token } = refreshed.body;
    for (const token of [access_token, refresh_token, first.body.access_token]) noteSecret(token);
    const active = async (at: Instance) => (await post(at, 'introspect', { token: access_token }, asWeb)).body.active;
    expect([await active(one), await active(other)]).toEqual([true, true]);
    expect((await post(other, 'revoke', { token: refresh_token }, asWeb)).status).toBe(200);
    expect([await active(one), await active(other)]).toEqual([false, false]);
    expect((await post(one, 'token', { grant_type: 'refresh_token', refresh_token }, asWeb)).body.error).toBe(
      'invalid_grant',
    );
  });

  it('DPO-09 a nonce of one is taken by the other', async () => {
    const url = `${world.origin}/acme/strict/oauth2/token`;
    const maker = new ProofMaker();
    const ask = async (at: Instance, nonce?: string) => {
      const headers = { ...asBasic, dpop: await maker.proof('POST', url, { claims: { nonce } }) };
      const body = new URLSearchParams({ grant_type: 'client_credentials' });
      return at.fetch('/acme/strict/oauth2/token', { method: 'POST', headers, body });
    };
    const refused = await ask(world.one);
    expect([refused.status, ((await refused.json()) as { error: string }).error]).toEqual([400, 'use_dpop_nonce']);
    const nonce = refused.headers.get('dpop-nonce') ?? '';
    expect([(await ask(world.other, nonce)).status, (await ask(world.other, `${nonce}x`)).status]).toEqual([200, 400]);
  });

  it('of fifty who redeem one code at both at once, one gets tokens; the same goes for an assertion', async () => {
    const form = redeeming(await nextCode(world.one));
    const at = (index: number) => (index % 2 === 0 ? world.one : world.other);
    const fire = async (make: (to: Instance) => Promise<{ status: number }>) => {
      const replies = await Promise.all(Array.from({ length: 50 }, (_, index) => make(at(index))));
      return replies.map(({ status }) => status).sort();
    };
    expect(await fire((to) => post(to, 'token', form, asWeb))).toEqual([200, ...Array(49).fill(400)]);
    const claims = { aud: `${world.origin}/acme/demo` };
    const client_assertion = await assertion('private-key-client', { claims });
    const asserting = { grant_type: 'client_credentials', client_assertion, client_assertion_type: assertionType };
    expect(await fire((to) => post(to, 'token', asserting))).toEqual([200, ...Array(49).fill(401)]);
  });
});

describe('behind HAProxy', () => {
  const path = '/acme/demo/oauth2/token';
  const token = (headers: Record<string, string>, form: Record<string, string> = {}, as?: typeof clientCertificate) =>
    tlsRequest(world.origin, { path, form: { grant_type: 'client_credentials', ...form }, headers, as });

  it('MTL-03 each knows clients by their certificates, and takes no header of a client', async () => {
    const ask = (as?: typeof clientCertificate, headers = {}) => token(headers, { client_id: 'tls-client' }, as);
    const forged = { 'x-ssl-client-der': clientCertificate.der.toString('base64'), 'x-ssl-client-verify': '0' };
    const replies = [];
    for (let turn = 0; turn < 4; turn += 1) replies.push(await ask(clientCertificate), await ask(undefined, forged));
    expect(replies.map(({ status }) => status)).toEqual(Array(4).fill([200, 401]).flat());
  });

  it('one that is killed is not missed, and comes back', async () => {
    await world.one.kill('SIGKILL');
    const replies = [];
    for (let turn = 0; turn < 20; turn += 1) replies.push(await token(asBasic));
    expect(replies.map(({ status }) => status)).toEqual(Array(20).fill(200));
    await world.one.start();
    await world.other.kill('SIGTERM');
    const health = async () => (await tlsRequest(world.origin, { path: '/readyz' })).status;
    while ((await health()) !== 200);
    expect((await token(asBasic)).status).toBe(200);
    await world.other.start();
  }, 60_000);

  it('its operators’ pages are not for the world', async () => {
    expect((await tlsRequest(world.origin, { path: '/admin/explain/x' })).status).toBe(404);
  });
});
