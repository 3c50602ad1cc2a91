import { html } from '../pages/html.js';
import type { Mail } from './mail.js';

/** What a person gets to sign in with. */
export interface CodeMailFacts {
  readonly to: string;
  /** Undefined: no code can be typed for now, and the link alone signs in. */
  readonly code: string | undefined;
  /** Seconds since 1970 from which on codes can be typed again. */
  readonly typingPausedUntil?: number | undefined;
  /** Leads to a page with a button; opening it signs nobody in. */
  readonly link: string;
  /** Seconds. */
  readonly expiresIn: number;
  /** Whom the person signs in to, where the sender knows. */
  readonly application?: string | undefined;
}

/** The mail with a one-time code and the link that carries it, in text and in HTML. */
export function codeMail({ to, code, link, typingPausedUntil, expiresIn, application }: CodeMailFacts): Mail {
  const place = application === undefined ? '' : ` to ${application}`;
  const purpose = code === undefined ? `Open the link below to sign in${place}.` : `Your code to sign in${place} is`;
  const way =
    code === undefined
      ? `Typing a code is paused${until(typingPausedUntil)}: too many were asked for or tried. The link works all the same:`
      : 'Type it on the page where you asked for it, or open this link:';
  const subject = code === undefined ? 'Your link to sign in' : 'Your code to sign in';
  const life = `It works once, for ${minutes(expiresIn)}.`;
  const warning =
    'If you did not ask for this, do nothing. Nobody can sign in without this mail. Give the code to nobody.';
  const text = `${purpose}
${code === undefined ? '' : `\n    ${code}\n`}
${way}

${link}

${life}

${warning}
`;
  const markup = html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>${subject}</title></head>
<body>
<p>${purpose}</p>
${code === undefined ? undefined : html`<p><strong>${code}</strong></p>`}
<p>${way}</p>
<p><a href="${link}">Sign in</a></p>
<p>${life}</p>
<p>${warning}</p>
</body>
</html>
`;
  return { to, subject, text, html: markup.text };
}

function until(seconds: number | undefined): string {
  return seconds === undefined ? '' : ` until ${new Date(seconds * 1000).toUTCString()}`;
}

function minutes(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  return `${Math.floor(seconds / 60)} minutes`;
}
