import type { PersonFacts, PlaygroundFacts } from '../facts.js';
import type { Choices, Written } from './choices.js';
import { base64url, randomText, utf8 } from './jwt.js';
import { postForm, postJson } from './send.js';

/** A one-time code for the person of the demo, as the identity API gives it. Rejects when it gives none. */
export async function oneTimeCode(person: PersonFacts): Promise<string> {
  const { tokenUrl, clientId, clientSecret, generateCodeUrl, address } = person;
  const { access_token: token } = await postForm(tokenUrl, {
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: clientSecret,
    scope: 'identity_self_registration',
  });
  const { extended_code: code } = await postJson(generateCodeUrl, String(token), { address, type: 'authentication' });
  return String(code);
}

/** What is remembered while the browser is away to get a code. */
interface Journey {
  readonly state: string;
  readonly verifier: string;
  readonly issuer: string;
  readonly written: Written;
}

const place = 'playground';

/**
 * Leaves for the authorization endpoint (RFC 6749 4.1.1, RFC 7636 4.3), with a one-time code in place of a login. Rejects
 * when the client's codes do not come here.
 */
export async function leaveForCode(choices: Choices, written: Written, facts: PlaygroundFacts): Promise<void> {
  const { issuer } = choices.workspace;
  const { clientId, redirectUris } = choices.client;
  if (!redirectUris.includes(facts.redirectUri)) {
    throw new Error(`${clientId} has no redirect URI that leads back here. demo-basic and demo-public have one.`);
  }
  const journey: Journey = { state: randomText(), verifier: randomText(), issuer, written };
  const digest = await crypto.subtle.digest('SHA-256', utf8(journey.verifier));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: facts.redirectUri,
    state: journey.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
    authentication_code: await oneTimeCode(facts.person),
  });
  if (choices.scope.trim() !== '') query.set('scope', choices.scope.trim());
  sessionStorage.setItem(place, JSON.stringify(journey));
  location.assign(`${issuer}/oauth2/authorize?${query}`);
}

/** What the browser came back with. */
export interface Return {
  /** To be written into the form. */
  readonly written: Written;
  /** The URL it came to, and the state it left with. */
  readonly callback: { readonly url: string; readonly state: string };
  /** Why there is no code. */
  readonly error?: string;
}

/** Reads what an authorization request of this page came back with; undefined: the page was opened by itself. */
export function comeBack(): Return | undefined {
  const kept = sessionStorage.getItem(place);
  const { href, search, pathname } = location;
  if (search === '') return undefined;
  sessionStorage.removeItem(place);
  // A code must not stay in the address bar.
  history.replaceState(null, '', pathname);
  if (kept === null) return undefined;
  const { state, verifier, issuer, written }: Journey = JSON.parse(kept);
  const query = new URLSearchParams(search);
  const callback = { url: href, state };
  // RFC 6749 10.12, RFC 9207 2.4.
  if (query.get('state') !== state || query.get('iss') !== issuer) {
    return { written, callback, error: 'What came back is not the answer to what this page asked.' };
  }
  const code = query.get('code');
  if (code === null) {
    return { written, callback, error: `No code: ${query.get('error')}: ${query.get('error_description') ?? ''}` };
  }
  return { written: { ...written, code, verifier }, callback };
}
