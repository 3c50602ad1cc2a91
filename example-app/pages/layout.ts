import { type Html, html } from './html.js';

/** A whole page. `base` is the path the app hangs at: empty, or like `/auth`. `head`: what else its head has. */
export function page(base: string, title: string, content: Html, head?: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="${base}/assets/style.css">${head}
</head>
<body>
<header><a href="${base}/">express-client-auth</a></header>
<main>
<h1>${title}</h1>
${content}
</main>
</body>
</html>
`.text;
}
