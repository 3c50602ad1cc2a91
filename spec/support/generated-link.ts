import { AuthorizationServer } from '../../example-app/sign-in-app/authorization-server.js';
import { Wire } from '../../example-app/sign-in-app/wire.js';
import { addressOf } from './passwordless-configuration.js';

/** A code for a person of `passwordlessConfiguration` by the identity API, which has no pause, and the link a mail would have. */
export async function generatedLink({ url, ca }: { readonly url: string; readonly ca: string }, name: string) {
  const facts = {
    issuer: `${url}/acme/demo`,
    workspace: 'demo',
    client: { clientId: 'page', clientSecret: 'a secret of the page', method: 'client_secret_basic' },
    redirectUri: `${url}/sign-in/callback`,
    systemIssuer: `${url}/acme/system`,
    machine: { clientId: 'signin', clientSecret: 'a secret of the machine client', method: 'client_secret_basic' },
    generateCodeUrl: `${url}/api/identity/acme/system/pools/staff/user/code/generate`,
  } as const;
  const generated = await new AuthorizationServer(facts, new Wire([ca])).generateCode(addressOf(name));
  if (!generated) throw new Error(`There is nobody called ${name}`);
  const { code, extendedCode } = generated;
  return { code, extendedCode, link: `${url}/sign-in/link?${new URLSearchParams({ extended_code: extendedCode })}` };
}
