import { type Answer, authorizeUrl, callback, fieldOf, LoginServer, Visitor } from '../support/login-flow.js';
import type { Attack, AttackTable, Target, Verdict } from './attack.js';

/** John's browser, and an attacker's, at one server. */
class BrowserWorld {
  readonly server = new LoginServer();
  readonly john = new Visitor(this.server);
  readonly attacker = new Visitor(this.server);

  async open(): Promise<this> {
    await this.server.start();
    await this.john.withSession();
    return this;
  }

  verdict({ status, parameters }: Answer): Verdict {
    const { lastReason } = this.server;
    return [status, parameters.error, lastReason === 'success' ? undefined : lastReason];
  }
}

type Row = Attack<BrowserWorld>;
const toApp: Verdict = [303, undefined, undefined];
const page: Verdict = [200, undefined, undefined];
const crossSite: Verdict = [403, undefined, 'cross_site_post'];
const staleConsent: Verdict = [403, undefined, 'consent_form_invalid'];

const allowed = async (world: BrowserWorld) =>
  world.verdict(await world.john.decide(await world.john.authorize({ prompt: 'consent' })));

/** A decision that the person has not made in this browser. */
const deciding = (name: string, attempt: (world: BrowserWorld) => Promise<Answer>, refused: Verdict): Row => ({
  at: 'consent',
  name,
  attempt: async (world) => world.verdict(await attempt(world)),
  refused,
  twin: allowed,
  allowed: toApp,
});

/** The form of a page, sent with headers that a browser puts on what another site sends. */
const fromElsewhere = (headers: Record<string, string>): Row =>
  deciding(
    `a decision with ${Object.entries(headers).join(': ').replace(',', ' ')}`,
    async ({ john: visitor }) => {
      const transaction = fieldOf(await visitor.authorize(), 'transaction');
      return visitor.post('/oauth2/authorize/consent', { transaction, decision: 'allow', scope: 'read' }, headers);
    },
    crossSite,
  );

/** A page that must not be framed, cached, or run anything. */
const framing = (at: Target, name: string, open: (world: BrowserWorld) => Promise<Answer>): Row => ({
  at,
  name: `clickjacking: ${name} in a frame`,
  attempt: async (world) => {
    const { headers } = await open(world);
    const policy = headers.get('content-security-policy') ?? '';
    const isShut = policy.includes("frame-ancestors 'none'") && policy.includes("default-src 'none'");
    return [
      isShut && headers.get('x-frame-options') === 'DENY' ? 403 : 200,
      undefined,
      headers.get('cache-control') ?? '',
    ];
  },
  refused: [403, undefined, 'no-store'],
  twin: async (world) => world.verdict(await world.john.get('/login')),
});

const loginPost = (name: string, headers: Record<string, string>): Row => ({
  at: 'login',
  name,
  attempt: async (world) => {
    const form = fieldOf(await world.attacker.get('/login'), 'form');
    return world.verdict(await world.attacker.post('/login', { form, email: 'jane@example.com' }, headers));
  },
  refused: crossSite,
  twin: async (world) =>
    world.verdict(
      await world.attacker.post('/login', {
        form: fieldOf(await world.attacker.get('/login'), 'form'),
        email: 'jane@example.com',
      }),
    ),
});

/** RFC 6749 10.12 and 10.13, RFC 9700 4.16: nothing happens but by the person's own click in our own page. */
export const browser: AttackTable<BrowserWorld> = {
  family: 'CSRF and clickjacking',
  open: () => new BrowserWorld().open(),
  close: ({ server }) => server.stop(),
  cases: [
    fromElsewhere({ 'sec-fetch-site': 'cross-site' }),
    fromElsewhere({ 'sec-fetch-site': 'same-site' }),
    fromElsewhere({ origin: 'https://attacker.example' }),
    fromElsewhere({ origin: 'https://id.example.attacker.example' }),
    deciding(
      'a decision without a form of ours',
      ({ john: visitor }) => visitor.post('/oauth2/authorize/consent', { decision: 'allow', scope: 'read' }),
      staleConsent,
    ),
    deciding(
      'the form of the attacker\u2019s browser in John\u2019s',
      async ({ john: visitor, server }) => {
        const attacker = await new Visitor(server).withSession({
          id: 'u-jane',
          username: 'jane',
          email: 'jane@example.com',
        });
        const transaction = fieldOf(await attacker.authorize(), 'transaction');
        return visitor.post('/oauth2/authorize/consent', { transaction, decision: 'allow', scope: 'read' });
      },
      staleConsent,
    ),
    deciding(
      'John\u2019s form in the attacker\u2019s browser',
      async ({ john: visitor, attacker }) => attacker.decide(await visitor.authorize()),
      staleConsent,
    ),
    deciding(
      'a form a second time',
      async ({ john: visitor }) => {
        const shown = await visitor.authorize();
        await visitor.decide(shown);
        return visitor.decide(shown);
      },
      staleConsent,
    ),
    deciding(
      'a form with one letter changed',
      async ({ john: visitor }) => {
        const transaction = fieldOf(await visitor.authorize(), 'transaction');
        const changed = (transaction.startsWith('A') ? 'B' : 'A') + transaction.slice(1);
        return visitor.post('/oauth2/authorize/consent', { transaction: changed, decision: 'allow', scope: 'read' });
      },
      staleConsent,
    ),
    {
      at: 'consent',
      name: 'a box ticked that the page did not show',
      attempt: async (world) => {
        const { parameters } = await world.john.decide(await world.john.authorize({ scope: 'openid read' }), 'allow', [
          'read',
          'write',
        ]);
        const { body, status } = await world.server.token(parameters.code ?? '');
        return [status, body.error, body.scope];
      },
      refused: [200, undefined, 'openid read'],
      twin: async (world) => world.verdict(await world.john.authorize({ scope: 'openid read' })),
      allowed: toApp,
    },
    deciding('a decision by GET', ({ john: visitor }) => visitor.get('/oauth2/authorize/consent?decision=allow'), [
      405,
      undefined,
      'method_not_allowed',
    ]),
    framing('consent', 'the consent page', ({ john: visitor }) => visitor.authorize()),
    framing('login', 'the login page', ({ attacker }) => attacker.authorize()),
    framing('logout', 'the logout page', ({ john: visitor }) => visitor.get('/oidc/logout')),
    framing('authorize', 'the page of an error', ({ john: visitor }) => visitor.authorize({ client_id: 'nobody' })),
    loginPost('an address typed on another site', { 'sec-fetch-site': 'cross-site' }),
    loginPost('an address typed in a page of another origin', { origin: 'https://attacker.example' }),
    {
      at: 'login',
      name: 'the form of another browser, to sign John in as the attacker',
      attempt: async (world) => {
        const form = fieldOf(await world.attacker.get('/login'), 'form');
        return world.verdict(await new Visitor(world.server).post('/login', { form, email: 'jane@example.com' }));
      },
      refused: [403, undefined, 'form_invalid'],
      twin: async (world) => world.verdict(await world.attacker.get('/login')),
    },
    {
      at: 'login',
      name: 'a session cookie of the attacker\u2019s making',
      attempt: async (world) => {
        const [name = ''] = [...world.john.cookies].find(([each]) => each.startsWith('__Host-session-')) ?? [];
        world.attacker.cookies.set(name, Buffer.alloc(32, 1).toString('base64url'));
        return world.verdict(await world.attacker.authorize({ prompt: 'none' }));
      },
      refused: [303, 'login_required', 'login_required'],
      twin: allowed,
      allowed: toApp,
    },
    {
      at: 'login',
      name: 'a session cookie known before the sign-in (fixation)',
      attempt: async (world) => {
        const before = world.john.sessionCookie;
        await world.server.coolDown(10);
        await world.john.signIn(await world.john.authorize({ prompt: 'login' }));
        return [before === world.john.sessionCookie ? 200 : 403, undefined, 'the cookie is new'];
      },
      refused: [403, undefined, 'the cookie is new'],
      twin: allowed,
      allowed: toApp,
    },
    {
      at: 'logout',
      name: 'an image on another site that signs John out',
      attempt: async (world) => {
        await world.john.get('/oidc/logout', { 'sec-fetch-site': 'cross-site' });
        return world.verdict(await world.john.get(authorizeUrl({ prompt: 'none', scope: 'read' })));
      },
      refused: [303, 'consent_required', 'consent_required'],
      twin: allowed,
      allowed: toApp,
    },
    {
      at: 'logout',
      name: 'post_logout_redirect_uri that is not registered',
      attempt: async (world) => {
        const back = new URLSearchParams({ client_id: 'web', post_logout_redirect_uri: 'https://attacker.example' });
        const answer = await world.john.get(`/oidc/logout?${back}`);
        return [answer.status, answer.location, answer.text.includes('attacker') ? 'shown' : undefined];
      },
      refused: [400, undefined, undefined],
      twin: allowed,
      allowed: toApp,
    },
    {
      at: 'authorize',
      name: 'markup in what the login page repeats',
      attempt: async (world) => {
        const { text, status } = await world.attacker.authorize({ login_hint: '"><script>alert(1)</script>' });
        return [status, undefined, text.includes('<script') ? 'markup' : undefined];
      },
      refused: page,
      twin: allowed,
      allowed: toApp,
    },
    {
      at: 'authorize',
      name: 'a script of another origin reads the answer',
      attempt: async (world) => {
        const answer = await world.john.get(authorizeUrl({ redirect_uri: callback }), {
          origin: 'https://attacker.example',
        });
        return [answer.status, undefined, answer.headers.get('access-control-allow-origin') ?? undefined];
      },
      refused: page,
      twin: allowed,
      allowed: toApp,
    },
  ],
};
