import { addressOf } from '../support/passwordless-configuration.js';
import { locationOf, SignInSite } from '../support/sign-in-site.js';
import type { Answer } from '../support/site-visitor.js';
import type { Attack, AttackTable, Verdict } from './attack.js';

type Row = Attack<SignInSite>;
/** A process of its own tells its reasons in its log. */
const seen = ({ status }: Answer, marker?: string): Verdict => [status, undefined, marker];
const asking = (name: string, attempt: (site: SignInSite) => Promise<Verdict>, refused: Verdict): Row => ({
  at: '/sign-in',
  name,
  attempt,
  refused,
  twin: async (site) => seen(await site.visitor().get('/sign-in')),
});

/** The sign-in page of the example app, as a stranger at the network has it. */
export const signIn: AttackTable<SignInSite> = {
  family: 'the sign-in page',
  open: () => new SignInSite().start(['victim', 'asker']),
  close: (site) => site.stop(),
  shared: true,
  cases: [
    asking(
      'an address typed on another site',
      async (site) => {
        const visitor = site.visitor();
        const form_token = await visitor.formToken();
        return seen(
          await visitor.post(
            '/sign-in',
            { form_token, email: addressOf('victim') },
            { 'sec-fetch-site': 'cross-site' },
          ),
        );
      },
      [403, undefined, undefined],
    ),
    asking(
      'an address without the token of the form',
      async (site) => {
        return seen(await site.visitor().post('/sign-in', { email: addressOf('victim') }));
      },
      [403, undefined, undefined],
    ),
    asking(
      'a code typed for a request that is nobody\u2019s',
      async (site) => {
        const visitor = site.visitor();
        const form_token = await visitor.formToken();
        return seen(
          await visitor.post('/sign-in/code?request=AAAAAAAAAAAAAAAAAAAAAA', { form_token, code: '00000000' }),
        );
      },
      [303, undefined, undefined],
    ),
    asking(
      'an answer of the authorization server that was never asked for',
      async (site) => {
        return seen(await site.visitor().get('/sign-in/callback?code=forged&state=forged'));
      },
      [400, undefined, undefined],
    ),
    asking(
      'a link whose code is not one',
      async (site) => {
        return seen(await site.visitor().get('/sign-in/link?extended_code=%00%FF&request=x'));
      },
      [400, undefined, undefined],
    ),
    asking(
      'clickjacking: the page in a frame',
      async (site) => {
        const { headers, status } = await site.visitor().get('/sign-in');
        const isShut = String(headers['content-security-policy']).includes("frame-ancestors 'none'");
        return [isShut ? 403 : status, undefined, undefined];
      },
      [403, undefined, undefined],
    ),
    asking(
      'enumeration by body: an address that is nobody\u2019s',
      async (site) => {
        const asked = await Promise.all(
          [addressOf('asker'), addressOf('nobody')].map(async (email) => {
            const visitor = site.visitor();
            const page = await visitor.get(await site.ask(visitor, email));
            return page.text.replace(/(request|form_token)(=|" value=")[\w.:-]+/g, '$1');
          }),
        );
        return [asked[0] === asked[1] ? 403 : 200, undefined, undefined];
      },
      [403, undefined, undefined],
    ),
    asking(
      'a next page on another site',
      async (site) => {
        const answer = await site.visitor().get('/sign-in?next=https://attacker.example&return_to=//attacker.example');
        return seen(
          answer,
          answer.text.includes('attacker') || locationOf(answer).includes('attacker') ? 'led on' : undefined,
        );
      },
      [200, undefined, undefined],
    ),
  ],
};
