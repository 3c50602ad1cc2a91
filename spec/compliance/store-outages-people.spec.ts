import { expect } from '@jest/globals';
import { authorizationCode, type Grant, refreshToken } from '../../index.js';
import type { FailingStore } from '../support/failing-store.js';
import { type IdentityWorld, identityWorld, john as johndoe } from '../support/identity-world.js';
import { type Answer, fieldOf, john, LoginServer, Visitor } from '../support/login-flow.js';
import { is, ofBrowser, ofTest, outages, type Reply, type Scenario } from '../support/outages.js';
import { urlOfPushed } from '../support/pushed-flow.js';

const trusted = { client_id: 'trusted' };
const grants = [authorizationCode(), refreshToken()] as Grant[];

interface Browsing {
  readonly server: LoginServer;
  readonly visitor: Visitor;
}

/** What a browser sends to a server with a login of its own; `make` brings it to the page before. */
function browser(
  status: number,
  make: (browsing: Browsing) => Promise<() => Promise<Answer>>,
  check?: (browsing: Browsing, reply: Reply) => Promise<void>,
): Scenario['prepare'] {
  return async ({ store }) => {
    const server = await new LoginServer({ store, grants }).start();
    const browsing = { server, visitor: new Visitor(server) };
    const send = await make(browsing);
    return {
      send: async () => ofBrowser(await send()),
      isGood: is(status),
      ...(check && { check: (reply: Reply) => check(browsing, reply) }),
      close: () => server.stop(),
    };
  };
}

/** The same for somebody who has signed in. */
const signedIn: typeof browser = (status, make, check) =>
  browser(
    status,
    async (browsing) => {
      await browsing.visitor.withSession();
      return make(browsing);
    },
    check,
  );

/** The code of a redirect is good. */
const redeems = async ({ server }: Browsing, { location = '' }: Reply) => {
  const code = new URL(location).searchParams.get('code') ?? '';
  expect((await server.token(code, 'trusted')).status).toBe(200);
};

/** A request to the identity API, or of the password grant. */
function identity(
  status: number,
  make: (world: IdentityWorld) => Promise<() => Promise<Parameters<typeof ofTest>[0]>>,
): Scenario['prepare'] {
  return async ({ store }: FailingStore) => {
    const world = identityWorld({ store });
    await world.router.ready();
    const send = await make(world);
    return { send: async () => ofTest(await send()), isGood: is(status), close: () => world.router.close() };
  };
}

outages({
  'a pushed request': {
    prepare: browser(201, async ({ server }) => async () => {
      const { status, headers, body } = await server.push();
      return { status, headers, text: JSON.stringify(body), location: undefined, parameters: {} };
    }),
  },
  'the authorization endpoint, answered with a code': {
    prepare: signedIn(
      303,
      async ({ visitor }) =>
        () =>
          visitor.authorize(trusted),
      redeems,
    ),
  },
  'the authorization endpoint for a pushed request': {
    spent: [400],
    prepare: signedIn(
      303,
      async ({ server, visitor }) => {
        const uri = await server.pushed({}, 'trusted');
        return () => visitor.get(urlOfPushed(uri, {}, 'trusted'));
      },
      redeems,
    ),
  },
  'the page that asks for consent': {
    prepare: signedIn(
      200,
      async ({ visitor }) =>
        () =>
          visitor.authorize(),
    ),
  },
  'a decision on consent': {
    spent: [403],
    prepare: signedIn(303, async ({ visitor }) => {
      const page = await visitor.authorize();
      return () => visitor.decide(page);
    }),
  },
  'an address at the login page': {
    prepare: browser(200, async ({ visitor }) => {
      const page = await visitor.get('/login');
      return () => visitor.post('/login', { form: fieldOf(page, 'form'), email: john.email ?? '' });
    }),
  },
  'a code at the login page': {
    spent: [200, 400],
    prepare: browser(303, async ({ server, visitor }) => {
      const page = await visitor.get('/login');
      const sent = await visitor.post('/login', { form: fieldOf(page, 'form'), email: john.email ?? '' });
      const { code } = await server.mail(1);
      return () => visitor.post('/login', { form: fieldOf(sent, 'form'), code });
    }),
  },
  'a login link that is opened': {
    prepare: browser(200, async ({ server, visitor }) => {
      const page = await visitor.get('/login');
      await visitor.post('/login', { form: fieldOf(page, 'form'), email: john.email ?? '' });
      const { link } = await server.mail(1);
      return () => visitor.get(link);
    }),
  },
  'a login link that is used': {
    spent: [400],
    prepare: browser(303, async ({ server, visitor }) => {
      const page = await visitor.get('/login');
      await visitor.post('/login', { form: fieldOf(page, 'form'), email: john.email ?? '' });
      const { link } = await server.mail(1);
      const opened = await visitor.get(link);
      return () => visitor.post('/login/link', { form: fieldOf(opened, 'form') });
    }),
  },
  'the page of consents': {
    prepare: signedIn(
      200,
      async ({ visitor }) =>
        () =>
          visitor.get('/consents'),
    ),
  },
  logout: {
    prepare: signedIn(
      200,
      async ({ visitor }) => {
        const page = await visitor.get('/oidc/logout');
        const form = fieldOf(page, 'form');
        return () => visitor.post('/oidc/logout', { form });
      },
      async ({ visitor }) => {
        expect((await visitor.authorize(trusted)).text).toContain('name="email"');
      },
    ),
  },
  'a withdrawn consent': {
    prepare: signedIn(
      303,
      async ({ visitor }) => {
        await visitor.decide(await visitor.authorize());
        const form = fieldOf(await visitor.get('/consents'), 'form');
        return () => visitor.post('/consents', { form, withdraw: 'web' });
      },
      async ({ visitor }) => {
        expect((await visitor.authorize()).text).toContain('asks for access');
      },
    ),
  },
  'a one-time code that is made': {
    prepare: identity(201, async (world) => {
      const token = await world.systemToken();
      const body = { type: 'authentication', address: johndoe.email };
      return () => world.identity('code/generate', body, { token });
    }),
  },
  'a one-time code that is verified': {
    spent: [422],
    prepare: identity(200, async (world) => {
      const token = await world.systemToken('identity');
      const { extended_code } = await world.generate();
      return () => world.identity('authentication-code/verify', { code: extended_code }, { token });
    }),
  },
  'a one-time code in the password grant': {
    spent: [400],
    prepare: identity(200, async (world) => {
      const { code } = await world.generate();
      return async () => world.password(code);
    }),
  },
});
