import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Browser } from './browser.js';
import { curl } from './curl.js';

/** What the walk has to know. */
export interface WalkFacts {
  readonly issuer: string;
  readonly redirectUri: string;
  readonly username: string;
  /** Absolute path of the authority's certificate. */
  readonly authorityPath: string;
}

const endlessLoop = 12;

/**
 * Gets an authorization code the way a browser does: asks, signs in as the demo user, consents (RFC 6749 4.1, with
 * PKCE). Resolves with the curl that redeems it. Rejects with an Error that says where the walk ended.
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

async function walk(start: string, { username, redirectUri, authorityPath }: WalkFacts): Promise<URLSearchParams> {
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
    const form = page.forms.find(({ text }) => text.includes(username)) ?? page.forms[0];
    if (form === undefined) throw new Error(`${page.url} has no form`);
    const allow = form.buttons.find(([, value]) => value === 'allow') ?? form.buttons[0];
    page = await browser.submit(page, form, allow);
  }
  throw new Error('The pages never came to an end');
}
