import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import request from 'supertest';
import { protectResource } from '../../index.js';
import { fieldOf, Visitor } from '../support/login-flow.js';
import { assertion, assertionType } from '../support/methods.js';
import { noteSecret } from '../support/suite-log.js';
import { initialTokenOf, issuerOf, type Place, type Source, WalledWorld } from '../support/walled-world.js';

type Use = (place: Place) => Promise<string>;

interface Artefact {
  readonly name: string;
  /** Why the other workspace refuses it. */
  readonly reason: string | Readonly<Record<'jwt' | 'opaque', string>>;
  /** Made in the workspace `demo`; answers how to use it, which tells the private reason, or `success`. */
  readonly make: (world: WalledWorld) => Promise<Use> | Use;
}

const machine = { grant_type: 'client_credentials', scope: 'read' };

/** All that a workspace gives out, or knows its clients and people by. */
const artefacts: readonly Artefact[] = [
  {
    name: 'a client',
    reason: 'unknown_client',
    make: (world) => (place) => world.reasonOf(world.token(place, machine, 'own')),
  },
  {
    name: 'a client secret',
    reason: 'secret_mismatch',
    make: (world) => (place) => world.reasonOf(world.token(place, machine, 'changed')),
  },
  {
    name: 'a client assertion',
    reason: 'assertion_audience_mismatch',
    make: async (world) => {
      const now = world.server.now * 1000;
      const client_assertion = await assertion('signer', { now, claims: { aud: issuerOf.demo } });
      const form = { ...machine, client_assertion, client_assertion_type: assertionType };
      return (place) => world.reasonOf(world.token(place, form));
    },
  },
  {
    name: 'an authorization code',
    reason: 'code_unknown',
    make: async (world) => {
      const code = await world.code('demo');
      return (place) => world.reasonOf(world.redeem(place, code));
    },
  },
  {
    name: 'a refresh token',
    reason: 'refresh_token_unknown',
    make: async (world) => {
      const { refresh_token = '' } = await world.tokens('demo');
      const form = { grant_type: 'refresh_token', refresh_token };
      return (place) => world.reasonOf(world.token(place, form, 'twin'));
    },
  },
  {
    name: 'a one-time code',
    reason: 'otc_mismatch',
    make: async (world) => {
      const { code } = await world.generate('demo');
      const form = { grant_type: 'password', username: 'johndoe', password: code };
      return (place) => world.reasonOf(world.token(place, form, 'twin'));
    },
  },
  {
    name: 'an extended one-time code',
    reason: 'otc_mismatch',
    make: async (world) => {
      const { extended } = await world.generate('demo');
      const form = { grant_type: 'password', username: 'johndoe', password: extended };
      return (place) => world.reasonOf(world.token(place, form, 'twin'));
    },
  },
  {
    name: 'an access token at userinfo',
    reason: { jwt: 'token_issuer_mismatch', opaque: 'token_unknown' },
    make: async (world) => {
      const { access_token } = await world.tokens('demo');
      const authorization = `Bearer ${access_token}`;
      return (place) => world.reasonOf(world.visitor.get(`${issuerOf[place]}/userinfo`, { authorization }));
    },
  },
  {
    name: 'an access token as the caller of introspection',
    reason: { jwt: 'token_issuer_mismatch', opaque: 'token_unknown' },
    make: async (world) => {
      const form = { grant_type: 'client_credentials', scope: 'introspect_tokens' };
      const { body } = await world.token('demo', form, 'twin');
      const authorization = `Bearer ${body.access_token}`;
      return (place) =>
        world.reasonOf(world.back(place, '/oauth2/introspect', { token: 'any' }, undefined, { authorization }));
    },
  },
  {
    name: 'an access token at an API of one workspace',
    reason: { jwt: 'token_issuer_mismatch', opaque: 'token_unknown' },
    make: async (world) => {
      const { access_token } = await world.tokens('demo');
      return async (place) => {
        const workspaces = [await world.workspace(place)];
        const guard = protectResource({ authorizationServer: { workspaces } });
        const api = request((message: IncomingMessage, response: ServerResponse) => {
          void guard(message, response, () => response.end());
        });
        return world.reasonOf(api.get('/').set('Authorization', `Bearer ${access_token}`).then());
      };
    },
  },
  {
    name: 'a token by the key of one in the name of the other',
    reason: 'token_signature_invalid',
    make: (world) => async (place) => {
      const { kid, privateKey, alg } = await (await world.workspace('demo')).signingKeys.forAccessTokens();
      const claims = {
        sub: 'u-john',
        sub_type: 'user',
        aud: 'https://api.example.com',
        client_id: 'twin',
        scope: 'openid',
        grant_id: 'g',
      };
      const token = await new SignJWT(claims)
        .setProtectedHeader({ alg, kid, typ: 'at+jwt' })
        .setIssuer(issuerOf[place])
        .setJti('j')
        .setIssuedAt(world.server.now)
        .setExpirationTime(world.server.now + 60)
        .sign(privateKey);
      const authorization = `Bearer ${noteSecret(token)}`;
      return world.reasonOf(world.visitor.get(`${issuerOf[place]}/userinfo`, { authorization }));
    },
  },
  {
    name: 'an ID token as hint',
    reason: 'parameter_invalid',
    make: async (world) => {
      const { id_token } = await world.tokens('demo');
      return (place) => world.reasonOf(world.authorize(place, { id_token_hint: id_token, prompt: 'none' }));
    },
  },
  {
    name: 'an ID token as hint of a sign-out',
    reason: 'asked first',
    make: async (world) => {
      const { id_token = '' } = await world.tokens('demo');
      const query = new URLSearchParams({ id_token_hint: id_token });
      const stranger = new Visitor(world.server);
      return async (place) => {
        const { text } = await stranger.get(`${issuerOf[place]}/oidc/logout?${query}`);
        return text.includes('name="form"') ? 'asked first' : world.server.lastReason;
      };
    },
  },
  {
    name: 'a pushed request',
    reason: 'request_uri_unknown',
    make: async (world) => {
      const form = {
        response_type: 'code',
        redirect_uri: 'https://app.example/cb',
        scope: 'read',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      };
      const { body } = await world.back('demo', '/oauth2/par', form, 'twin');
      const query = new URLSearchParams({ client_id: 'twin', request_uri: noteSecret(body.request_uri ?? '') });
      return (place) => world.reasonOf(world.visitor.get(`${issuerOf[place]}/oauth2/authorize?${query}`));
    },
  },
  {
    name: 'a session cookie, under whichever name',
    reason: 'login_required',
    make: async (world) => {
      const sessions = [...world.visitor.cookies].filter(([name]) => name.startsWith('__Host-session-'));
      const [[, ofDemo = ''] = []] = sessions;
      return async (place) => {
        for (const [name] of sessions) world.visitor.cookies.set(name, ofDemo);
        const reason = await world.reasonOf(world.authorize(place, { prompt: 'none' }));
        for (const [name, value] of sessions) world.visitor.cookies.set(name, value);
        return reason;
      };
    },
  },
  {
    name: 'a login form',
    reason: 'form_invalid',
    make: async (world) => {
      const form = fieldOf(await world.visitor.get(`${issuerOf.demo}/login`), 'form');
      return (place) =>
        world.reasonOf(world.visitor.post(`${issuerOf[place]}/login`, { form, email: 'nobody@example.com' }));
    },
  },
  {
    name: 'the link of a mail',
    reason: 'login_link_unknown',
    make: async (world) => {
      const number = world.server.mails.length + 1;
      const form = fieldOf(await world.visitor.get(`${issuerOf.demo}/login`), 'form');
      await world.visitor.post(`${issuerOf.demo}/login`, { form, email: 'john@example.com' });
      const { search } = new URL((await world.server.anyMail(number)).link);
      await world.server.coolDown(10);
      return (place) => world.reasonOf(world.visitor.get(`${issuerOf[place]}/login/link${search}`));
    },
  },
  {
    name: 'a consent form',
    reason: 'consent_form_invalid',
    make: async (world) => {
      const page = await world.authorize('demo', { client_id: 'asker', prompt: 'consent', scope: 'read' });
      const form = { transaction: fieldOf(page, 'transaction'), decision: 'allow', scope: ['read'] };
      return (place) => world.reasonOf(world.visitor.post(`${issuerOf[place]}/oauth2/authorize/consent`, form));
    },
  },
  {
    name: 'a consent that is remembered',
    reason: 'consent_required',
    make: async (world) => {
      const page = await world.authorize('demo', { client_id: 'asker', prompt: 'consent', scope: 'read' });
      const form = { transaction: fieldOf(page, 'transaction'), decision: 'allow', scope: ['read'] };
      await world.visitor.post(`${issuerOf.demo}/oauth2/authorize/consent`, form);
      return (place) => world.reasonOf(world.authorize(place, { client_id: 'asker', scope: 'read', prompt: 'none' }));
    },
  },
  {
    name: 'an initial access token',
    reason: 'initial_token_unknown',
    make: (world) => (place) => world.reasonOf(world.register(place, initialTokenOf.demo)),
  },
  {
    name: 'a client that has registered itself',
    reason: 'unknown_client',
    make: async (world) => {
      const { client_id = '', client_secret = '' } = await world.register('demo');
      return (place) => world.reasonOf(world.token(place, { ...machine, client_id, client_secret }));
    },
  },
  {
    name: 'a registration access token',
    reason: 'registration_token_unknown',
    make: async (world) => {
      const { client_id, registration_access_token } = await world.register('demo');
      const authorization = `Bearer ${registration_access_token}`;
      return (place) =>
        world.reasonOf(world.visitor.get(`${issuerOf[place]}/oauth2/register/${client_id}`, { authorization }));
    },
  },
  {
    name: 'a DPoP nonce',
    reason: 'dpop_nonce_invalid',
    make: async (world) => {
      const now = world.server.now * 1000;
      const send = async (place: Place, nonce?: string) => {
        const changes = { now, ...(nonce !== undefined && { claims: { nonce } }) };
        const DPoP = await world.dpop.proof('POST', `${issuerOf[place]}/oauth2/token`, changes);
        return world.token(place, machine, 'twin', { DPoP });
      };
      const nonce = (await send('demo')).headers.get('dpop-nonce') ?? '';
      return (place) => world.reasonOf(send(place, nonce));
    },
  },
  {
    name: 'a DPoP proof',
    reason: 'dpop_url_mismatch',
    make: async (world) => {
      const url = `${issuerOf.demo}/oauth2/token`;
      const now = world.server.now * 1000;
      const first = await world.dpop.proof('POST', url, { now });
      const { headers } = await world.token('demo', machine, 'twin', { DPoP: first });
      const nonce = headers.get('dpop-nonce') ?? '';
      const DPoP = await world.dpop.proof('POST', url, { now, claims: { nonce } });
      return (place) => world.reasonOf(world.token(place, machine, 'twin', { DPoP }));
    },
  },
];

describe.each<[Source, 'jwt' | 'opaque']>([
  ['listed', 'jwt'],
  ['found', 'opaque'],
])('hard walls between workspaces that are %s, with tokens that are %s', (source, format) => {
  let world: WalledWorld;
  beforeAll(async () => {
    world = await new WalledWorld(source, format).start();
  });
  afterAll(() => world.server.stop());

  it.each(artefacts)('$name is good where it was made, and nowhere else', async ({ make, reason }) => {
    const use = await make(world);
    // The other workspace first: its refusal must cost the owner nothing.
    expect(await use('second')).toBe(typeof reason === 'string' ? reason : reason[format]);
    expect(await use('demo')).toBe('success');
  });

  it('introspection knows nothing of the tokens of another, and revocation ends none', async () => {
    const { access_token = '', refresh_token = '' } = await world.tokens('demo');
    for (const token of [access_token, refresh_token]) {
      const ask = async (place: Place) => (await world.back(place, '/oauth2/introspect', { token }, 'twin')).body;
      expect(await ask('second')).toEqual({ active: false });
      await world.back('second', '/oauth2/revoke', { token }, 'twin');
      expect(await ask('demo')).toMatchObject({ active: true });
      await world.back('demo', '/oauth2/revoke', { token }, 'twin');
      expect(await ask('demo')).toEqual({ active: false });
    }
  });

  it('what is used once in one is still new in the other', async () => {
    const jti = 'shared-jti';
    const now = world.server.now * 1000;
    const send = async (place: Place) => {
      const client_assertion = await assertion('signer', { now, claims: { aud: issuerOf[place], jti } });
      const form = { ...machine, client_assertion, client_assertion_type: assertionType };
      return world.reasonOf(world.token(place, form));
    };
    expect([await send('demo'), await send('second'), await send('demo')]).toEqual([
      'success',
      'success',
      'assertion_replayed',
    ]);
  });

  it('no signing key is in two key sets', async () => {
    const kids = async (place: Place) => {
      const { text } = await world.visitor.get(`${issuerOf[place]}/.well-known/jwks.json`);
      return JSON.parse(text).keys.map(({ kid }: { kid: string }) => kid);
    };
    const [one, two] = [await kids('demo'), await kids('second')];
    expect([one.length, two.length]).toEqual([1, 1]);
    expect(one).not.toEqual(two);
  });

  it('every key in the store begins with tenant and workspace', async () => {
    for await (const { key } of world.server.store.scan('')) {
      // All hear from one entry that something changed; not what, nor where.
      // A tenant shares its pools and its total of guesses.
      if (key !== 'changes') expect(key).toMatch(/^acme\/(demo|second|system\/(pool|tenant))\//);
    }
  });
});
