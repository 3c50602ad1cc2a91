import { html } from '../pages/html.js';
import type { Mail } from './mail.js';

/** What a person gets to sign in with. */
export interface CodeMailFacts {
  readonly to: string;
  readonly code: string;
  /** Leads to a page with a button; opening it signs nobody in. */
  readonly link: string;
  /** Seconds; absent when the sender was not told. */
  readonly expiresIn?: number | undefined;
  /** Whom the person signs in to, where the sender knows. */
  readonly application?: string | undefined;
}

/** The mail with a one-time code and the link that carries it, in text and in HTML. */
export function codeMail({ to, code, link, expiresIn, application }: CodeMailFacts): Mail {
  const purpose = application === undefined ? 'Your code to sign in is' : `Your code to sign in to ${application} is`;
  const life =
    expiresIn === undefined ? 'It works once, and for a short time.' : `It works once, for ${minutes(expiresIn)}.`;
  const warning =
    'If you did not ask for this, do nothing. Nobody can sign in without this mail. Give the code to nobody.';
  const text = `${purpose}

    ${code}

Type it on the page where you asked for it, or open this link:

${link}

${life}

${warning}
`;
  const markup = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Your code to sign in</title></head>
<body>
<p>${purpose}</p>
<p><strong>${code}</strong></p>
<p>Type it on the page where you asked for it, or open this link:</p>
<p><a href="${link}">Sign in</a></p>
<p>${life}</p>
<p>${warning}</p>
</body>
</html>
`;
  return { to, subject: 'Your code to sign in', text, html: markup.text };
}

function minutes(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  return `${Math.floor(seconds / 60)} minutes`;
}
