import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { AuthorizationServer } from '../sign-in-app/authorization-server.js';
import { Wire } from '../sign-in-app/wire.js';
import { Browser } from './browser.js';
import { curl } from './curl.js';

/** What the walk has to know. */
export interface WalkFacts {
  readonly issuer: string;
  readonly workspace: string;
  readonly redirectUri: string;
  readonly systemIssuer: string;
  readonly generateCodeUrl: string;
  /** Of the person who signs in. */
  readonly address: string;
  /** Absolute path of the clients' secrets. */
  readonly secrets: string;
  /** Absolute path of the authority's certificate. */
  readonly authorityPath: string;
}

const endlessLoop = 12;

/**
 * Gets an authorization code the way a browser does: asks with a one-time code of the demo user, consents (RFC 6749
 * 4.1, with PKCE). Resolves with the curl that redeems it. Rejects with an Error that says where the walk ended.
 */
export async function redemption(clientId: string, facts: WalkFacts): Promise<string> {
  const verifier = randomBytes(32).toString('base64url');
  const state = randomBytes(16).toString('base64url');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: facts.redirectUri,
    state,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    authentication_code: await oneTimeCode(clientId, facts),
  });
  const reply = await walk(`${facts.issuer}/oauth2/authorize?${query}`, facts);
  const code = reply.get('code');
  if (code === null) throw new Error(`No code: ${reply.get('error')} ${reply.get('error_description') ?? ''}`.trim());
  if (reply.get('state') !== state || reply.get('iss') !== facts.issuer) throw new Error('The reply is not ours');
  return curl(`${facts.issuer}/oauth2/token`, {
    authorityPath: facts.authorityPath,
    form: {
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      redirect_uri: facts.redirectUri,
      code_verifier: verifier,
    },
  });
}

/** What `code.js` does: prints the redeeming curl, or says why not and ends with exit code 1. */
export async function printRedemption(clientId: string, facts: WalkFacts): Promise<void> {
  try {
    process.stdout.write(`${await redemption(clientId, facts)}\n`);
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
    process.exitCode = 1;
  }
}

/** A one-time code of the demo user, by the identity API: this script is the mail, too. */
async function oneTimeCode(clientId: string, facts: WalkFacts): Promise<string> {
  const { signin }: Readonly<Record<string, string>> = JSON.parse(readFileSync(facts.secrets, 'utf8'));
  const client = { clientId, clientSecret: '', method: 'client_secret_post' } as const;
  const machine = { clientId: 'signin', clientSecret: signin ?? '', method: 'client_secret_post' } as const;
  const wire = new Wire([readFileSync(facts.authorityPath, 'utf8')]);
  const generated = await new AuthorizationServer({ ...facts, client, machine }, wire).generateCode(facts.address);
  if (!generated) throw new Error(`There is nobody with the address ${facts.address}`);
  return generated.extendedCode;
}

async function walk(start: string, { redirectUri, authorityPath }: WalkFacts): Promise<URLSearchParams> {
  const browser = new Browser(readFileSync(authorityPath, 'utf8'));
  let page = await browser.get(start);
  for (let step = 0; step < endlessLoop; step += 1) {
    const { location } = page;
    if (location !== undefined) {
      const url = new URL(location);
      if (`${url.origin}${url.pathname}` === redirectUri) return url.searchParams;
      page = await browser.get(location);
      continue;
    }
    if (page.status !== 200) throw new Error(`${page.url} answered ${page.status}`);
    const [form] = page.forms;
    if (form === undefined) throw new Error(`${page.url} has no form`);
    const allow = form.buttons.find(([, value]) => value === 'allow') ?? form.buttons[0];
    page = await browser.submit(page, form, allow);
  }
  throw new Error('The pages never came to an end');
}
