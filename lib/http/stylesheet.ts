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
    --accent: #8ab8ff; --accent-strong: #b0cfff; --on-accent: #0c1b30; --wrong: #ffb4ab;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif;
}
main { max-width: 44rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; overflow-wrap: anywhere; }
.card { padding: 1.25rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
.card > :last-child, form > :last-child { margin-bottom: 0; }
h1 { margin: 1.5rem 0 0.75rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 0.25rem; font-size: 1rem; line-height: 1.4; }
p { margin: 0 0 1rem; }
ul { margin: 0 0 1.25rem; padding: 0; list-style: none; border-top: 1px solid var(--line); }
li { padding: 0.625rem 0; border-bottom: 1px solid var(--line); }
code { display: block; color: var(--quiet); font: 0.8125rem/1.4 ui-monospace, Menlo, Consolas, monospace; }
.quiet { color: var(--quiet); font-size: 0.875rem; }
.choice { display: flex; flex-wrap: wrap; gap: 0.75rem; margin: 1.5rem 0 1rem; }
button {
  flex: 1 1 9rem; min-height: 2.75rem; padding: 0.5rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--accent); background: transparent; border: 1px solid var(--accent); border-radius: 0.5rem;
}
button:hover { color: var(--accent-strong); border-color: var(--accent-strong); }
button[value=allow], button.primary { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
button[value=allow]:hover, button.primary:hover { color: var(--on-accent); background: var(--accent-strong); border-color: var(--accent-strong); }
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
input[type=checkbox] {
  appearance: none; flex: none; display: grid; place-content: center; width: 1.25rem; height: 1.25rem; margin: 0.125rem 0 0;
  background: var(--ground); border: 2px solid var(--quiet); border-radius: 0.25rem; cursor: pointer;
}
input[type=checkbox]::before {
  content: ""; width: 0.75rem; height: 0.75rem; background: var(--on-accent); visibility: hidden;
  clip-path: polygon(14% 44%, 0 58%, 38% 96%, 100% 22%, 86% 8%, 38% 68%);
}
input[type=checkbox]:checked { background: var(--accent); border-color: var(--accent); }
input[type=checkbox]:checked::before { visibility: visible; }
input[type=checkbox]:disabled { background: var(--quiet); border-color: var(--quiet); cursor: default; }
@media (forced-colors: active) { input[type=checkbox] { appearance: auto; } input[type=checkbox]::before { content: none; } }
.message { padding: 0.625rem 0.875rem; border: 1px solid var(--line); border-left: 4px solid var(--accent); border-radius: 0.375rem; }
.message[role=alert] { border-left-color: var(--wrong); }
@media (max-width: 30rem) {
  main { padding: 1rem 1.25rem 3rem; }
  h1 { font-size: 1.5rem; }
}
`;
