import { html } from './html.js';

/** How our pages look, by day and by night, on a phone and on a desk. */
export const stylesheet = html`
:root {
  color-scheme: light dark;
  --ground: #f3f4f6; --card: #ffffff; --text: #1b1f24; --quiet: #57606a; --line: #d5d9de;
  --accent: #1f5fbf; --accent-strong: #184c99; --on-accent: #ffffff; --wrong: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111418; --card: #1a1f25; --text: #e8eaed; --quiet: #a3acb5; --line: #363d46;
    --accent: #8ab8ff; --accent-strong: #b0cfff; --on-accent: #0c1b30; --wrong: #ff8a80;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
main {
  width: 100%; max-width: 27rem; padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.75rem; overflow-wrap: anywhere;
}
h1 { margin: 0 0 0.75rem; font-size: 1.375rem; line-height: 1.3; }
h2 { margin: 0 0 0.25rem; font-size: 1rem; line-height: 1.4; }
p { margin: 0 0 1rem; }
ul { margin: 0 0 1.25rem; padding: 0; list-style: none; border-top: 1px solid var(--line); }
li { padding: 0.625rem 0; border-bottom: 1px solid var(--line); }
code { display: block; color: var(--quiet); font: 0.8125rem/1.4 ui-monospace, Menlo, Consolas, monospace; }
.quiet { color: var(--quiet); font-size: 0.875rem; }
.choice { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1.5rem 0 1rem; }
button {
  flex: 1 1 9rem; min-height: 2.75rem; padding: 0.5rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--text); background: transparent; border: 1px solid var(--line); border-radius: 0.5rem;
}
button:hover { border-color: var(--quiet); }
button[value=allow], button.primary { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button[value=allow]:hover, button.primary:hover { background: var(--accent-strong); border-color: var(--accent-strong); }
:is(button, input, a, label):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
label { display: block; font-weight: 600; }
input:not([type=checkbox]) {
  width: 100%; min-height: 2.75rem; margin: 0.375rem 0 0; padding: 0.5rem 0.75rem; font: inherit;
  color: var(--text); background: var(--ground); border: 1px solid var(--quiet); border-radius: 0.5rem;
}
input[inputmode=numeric] { font-size: 1.25rem; letter-spacing: 0.15em; }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; min-width: 0; }
legend { padding: 0; margin: 0 0 1rem; }
li label { display: flex; gap: 0.75rem; align-items: start; font-weight: 400; cursor: pointer; }
input[type=checkbox] { flex: none; width: 1.25rem; height: 1.25rem; margin: 0.125rem 0 0; accent-color: var(--accent); }
.message { padding: 0.625rem 0.875rem; border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 0.375rem; }
.message[role=alert] { border-left-color: var(--wrong); }
@media (max-width: 30rem) {
  body { padding: 0; place-items: start stretch; }
  main { max-width: none; min-height: 100vh; padding: 1.5rem 1.25rem; border: 0; border-radius: 0; }
}
`;
