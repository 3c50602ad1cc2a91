import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuthenticateUser, Interaction, SignedInUser } from '../../index.js';
import type { Pool } from '../configuration/configuration.js';
import type { Session, Sessions } from './sessions.js';

/**
 * Knows the person by the demo's session cookie, and sends everybody else to the sign-in page at `loginUrl`. With
 * NODE_ENV=production nobody is signed in: the page lets everybody be anybody.
 */
export function demoAuthenticateUser(pool: Pool, loginUrl: string, sessions: Sessions): AuthenticateUser {
  return (request, response, interaction) => {
    if (process.env.NODE_ENV === 'production') return undefined;
    const known = signedIn(request, interaction, pool, sessions);
    if (known || prompts(interaction).includes('none')) return known;
    sendToSignIn(response, loginUrl, interaction);
    return undefined;
  };
}

function signedIn(
  request: IncomingMessage,
  interaction: Interaction,
  pool: Pool,
  sessions: Sessions,
): SignedInUser | undefined {
  const now = Math.floor(Date.now() / 1000);
  const session = sessions.read(request.headers.cookie, now);
  if (session?.tenant !== pool.tenant || session.pool !== pool.name) return undefined;
  const user = pool.users.get(session.user);
  if (user?.status !== 'active' || !isFresh(session, interaction, now)) return undefined;
  return { ...user, authTime: session.authTime };
}

/** OpenID Connect Core 3.1.2.1: what asks for a new sign-in. The way back from it asks no more. */
function isFresh({ authTime }: Session, interaction: Interaction, now: number): boolean {
  const { maxAge } = interaction;
  if (prompts(interaction).some((prompt) => prompt === 'login' || prompt === 'select_account')) return false;
  return maxAge === undefined || now - authTime <= maxAge;
}

function prompts({ prompt }: Interaction): readonly string[] {
  return prompt?.split(' ') ?? [];
}

function sendToSignIn(response: ServerResponse, loginUrl: string, { returnTo, loginHint }: Interaction): void {
  const query = new URLSearchParams({ return_to: returnTo, ...(loginHint !== undefined && { login_hint: loginHint }) });
  response
    .writeHead(303, { Location: `${loginUrl}?${query}`, 'Cache-Control': 'no-store', 'Referrer-Policy': 'no-referrer' })
    .end();
}
