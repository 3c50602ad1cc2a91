/** The one stylesheet: no images, no fonts, nothing from elsewhere. */
export const stylesheet = `:root {
  color-scheme: light dark;
  --ground: #f3f4f6; --card: #ffffff; --text: #1b1f24; --quiet: #57606a; --line: #d5d9de;
  --accent: #1f5fbf; --accent-strong: #184c99; --on-accent: #ffffff; --mistake: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #111418; --card: #1a1f25; --text: #e8eaed; --quiet: #a3acb5; --line: #363d46;
    --accent: #8ab8ff; --accent-strong: #b0cfff; --on-accent: #0c1b30; --mistake: #ffb4ab;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--ground);
  color: var(--text);
  font: 1rem/1.55 system-ui, sans-serif;
}
header, main { max-width: 44rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 1.5rem; font-size: .9rem; }
header a { color: var(--quiet); text-decoration: none; }
main { padding-bottom: 4rem; }
h1 { margin: 1.5rem 0 .75rem; font-size: 1.75rem; line-height: 1.2; }
h2 { margin: 0 0 .5rem; font-size: 1.1rem; }
p { margin: 0 0 1rem; }
a { color: var(--accent); }
a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible, pre:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.quiet { color: var(--quiet); }
.card {
  margin: 0 0 1rem;
  padding: 1.25rem;
  background: var(--card);
  border: 1px solid var(--line);
  border-radius: .75rem;
}
.card > :last-child { margin-bottom: 0; }
ul { margin: 0; padding-left: 1.1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .5rem 1.25rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; min-width: 0; }
code { font: .9em/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
.mail { white-space: pre-wrap; overflow-wrap: anywhere; margin-top: 1rem; }
pre {
  margin: 0 0 1rem;
  padding: .75rem;
  overflow-x: auto;
  background: var(--ground);
  border-radius: .5rem;
  font: .85rem/1.5 ui-monospace, monospace;
}
dl + pre, dl + details { margin-top: .75rem; }
details { margin: 0 0 .5rem; }
summary { cursor: pointer; color: var(--quiet); }
details p { margin: .5rem 0 0; }
form { margin: 0 0 1rem; }
label { display: block; margin: 0 0 .35rem; font-weight: 600; }
label + p { margin: 0 0 .35rem; }
input {
  display: block;
  width: 100%;
  min-height: 2.75rem;
  margin: 0 0 1rem;
  padding: .5rem .75rem;
  border: 1px solid var(--quiet);
  border-radius: .5rem;
  background: var(--ground);
  color: var(--text);
  font: inherit;
}
input[inputmode=numeric] { font-size: 1.4rem; letter-spacing: .15em; }
input[aria-invalid] { border-color: var(--mistake); }
.mistake { color: var(--mistake); }
button {
  display: block;
  width: 100%;
  min-height: 2.75rem;
  padding: .5rem 1rem;
  border: 1px solid var(--accent);
  border-radius: .5rem;
  background: var(--accent);
  color: var(--on-accent);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { background: var(--accent-strong); }
button.second { background: transparent; color: var(--accent); }
button.second:hover { border-color: var(--accent-strong); color: var(--accent-strong); }
@media (max-width: 32rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .75rem; }
  dd:last-child { margin-bottom: 0; }
  h1 { font-size: 1.5rem; }
}
`;
