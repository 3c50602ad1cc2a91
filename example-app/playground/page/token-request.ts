import type { PlaygroundFacts } from '../facts.js';
import { credentials, type Pair } from './authentication.js';
import type { Choices } from './choices.js';
import type { DpopKey } from './dpop.js';
import { randomText } from './jwt.js';

/** A request to a token endpoint, as it will be sent. */
export interface TokenRequest {
  readonly url: string;
  readonly headers: readonly Pair[];
  /** The parameters of the form, in their order. */
  readonly parameters: readonly Pair[];
  /** The name of a certificate; empty: none. */
  readonly certificate: string;
  readonly sender: 'server' | 'browser';
  /** Whether it is sent twice, to be refused the second time. */
  readonly twice: boolean;
  /** Milliseconds since 1970: assertions and proofs live a minute. */
  readonly builtAt: number;
  readonly choices: Choices;
}

/** Builds the request that the choices mean (RFC 6749 4). */
export async function buildRequest(choices: Choices, facts: PlaygroundFacts, dpopKey: DpopKey): Promise<TokenRequest> {
  const url = `${choices.workspace.issuer}/oauth2/token`;
  const { mistakes } = choices;
  const proven = await credentials(choices);
  const proof = choices.dpop && (await dpopKey.proof(mistakes.has('wrong-proof') ? `${url}/elsewhere` : url));
  return {
    url,
    headers: [
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ...proven.headers,
      ...(proof ? [['DPoP', proof] satisfies Pair] : []),
    ],
    parameters: [...grantParameters(choices, facts), ...proven.parameters],
    certificate: proven.certificate,
    sender: senderOf(choices),
    twice: mistakes.has('reused-assertion'),
    builtAt: Date.now(),
    choices,
  };
}

/** The body as it is sent. */
export function formOf({ parameters }: TokenRequest): string {
  return new URLSearchParams(parameters.map(([name, value]) => [name, value])).toString();
}

/** The request as HTTP/1.1 has it. */
export function httpText(request: TokenRequest): string {
  const { host, pathname } = new URL(request.url);
  const body = formOf(request);
  const headers = [['Host', host], ...request.headers, ['Content-Length', String(body.length)]];
  return [`POST ${pathname} HTTP/1.1`, ...headers.map((header) => header.join(': ')), '', body].join('\n');
}

function senderOf({ method, sender, mistakes }: Choices): TokenRequest['sender'] {
  if (method !== 'tls_client_auth' && method !== 'self_signed_tls_client_auth') return 'browser';
  // A browser chooses its certificate by itself.
  return mistakes.has('other-authority') || mistakes.has('no-certificate') ? 'server' : sender;
}

function grantParameters(choices: Choices, { redirectUri }: PlaygroundFacts): Pair[] {
  const { grant, code, verifier, refresh, username, password, scope, mistakes } = choices;
  const scopes: Pair[] = scope.trim() === '' ? [] : [['scope', scope.trim()]];
  switch (grant) {
    case 'authorization_code':
      return [
        ['grant_type', grant],
        ['code', code],
        ['redirect_uri', redirectUri],
        ['code_verifier', mistakes.has('wrong-verifier') ? randomText() : verifier],
      ];
    case 'refresh_token':
      return [['grant_type', grant], ['refresh_token', refresh], ...scopes];
    case 'password':
      return [['grant_type', grant], ['username', username], ['password', password], ...scopes];
    case 'client_credentials':
    case 'tls_client_auth':
      return [['grant_type', grant], ...scopes];
  }
}
