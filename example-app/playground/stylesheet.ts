/** What the playground has beside the stylesheet of all pages. */
export const playgroundStylesheet = `header, main { max-width: 78rem; }
.playground { display: grid; gap: 1rem; }
[hidden] { display: none; }
#alert:empty, #note:empty, #missing:empty, #outdated:empty { display: none; }
.results { min-width: 0; }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; min-width: 0; }
fieldset:last-child { margin-bottom: 0; }
legend { padding: 0; margin-bottom: .6rem; font-weight: 600; font-size: 1.1rem; }
.field { margin: 0 0 .75rem; }
.field label { font-size: .9rem; }
#choices { margin: 0; }
#choices input:not([type=checkbox], [type=radio]), select, textarea {
  display: block;
  width: 100%;
  min-height: 2.5rem;
  margin: 0;
  padding: .35rem .6rem;
  border: 1px solid var(--quiet);
  border-radius: .5rem;
  background: var(--ground);
  color: var(--text);
  font: .95rem/1.4 system-ui, sans-serif;
}
#choices input:not([type=checkbox], [type=radio]), textarea { font-family: ui-monospace, monospace; font-size: .85rem; }
textarea { resize: vertical; overflow-wrap: anywhere; field-sizing: content; }
:is(select, textarea):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.field .quiet { display: block; margin: .5rem 0 0; font-size: .9rem; overflow-wrap: anywhere; }
.radios { margin: .75rem 0 0; }
.radios legend { font-size: .9rem; margin-bottom: .25rem; }
.check, .radios label { display: flex; gap: .6rem; align-items: flex-start; padding: .2rem 0; font-weight: 400; font-size: .95rem; }
input[type=checkbox], input[type=radio] {
  flex: none;
  width: 1.15rem;
  height: 1.15rem;
  min-height: 0;
  margin: .2rem 0 0;
  appearance: none;
  display: grid;
  place-content: center;
  padding: 0;
  border: 2px solid var(--quiet);
  border-radius: .25rem;
  background: var(--ground);
  cursor: pointer;
}
input[type=radio] { border-radius: 50%; }
:is(input[type=checkbox], input[type=radio])::before {
  content: "";
  width: .7rem;
  height: .7rem;
  background: var(--on-accent);
  clip-path: polygon(14% 44%, 0 58%, 38% 96%, 100% 22%, 86% 8%, 38% 68%);
  visibility: hidden;
}
input[type=radio]::before { width: .5rem; height: .5rem; clip-path: circle(); }
:is(input[type=checkbox], input[type=radio]):checked { background: var(--accent); border-color: var(--accent); }
:is(input[type=checkbox], input[type=radio]):checked::before { visibility: visible; }
@media (forced-colors: active) {
  input[type=checkbox], input[type=radio] { appearance: auto; }
  :is(input[type=checkbox], input[type=radio])::before { content: none; }
}
.tabs { display: flex; gap: .25rem; border-bottom: 1px solid var(--line); margin-bottom: .75rem; }
.tabs button {
  width: auto;
  min-height: 2.5rem;
  padding: .35rem min(.9rem, 2.5vw);
  white-space: nowrap;
  border: 0;
  border-bottom: 3px solid transparent;
  border-radius: .35rem .35rem 0 0;
  background: transparent;
  color: var(--quiet);
  font-weight: 500;
}
.tabs button:hover { background: var(--ground); color: var(--text); }
.tabs button[aria-selected=true] { border-bottom-color: var(--accent); color: var(--text); font-weight: 600; }
[role=tabpanel] { position: relative; }
.results pre {
  margin: 0 0 .75rem;
  border: 1px solid var(--line);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.results pre code { font: inherit; }
/* A shadow where there is more to scroll to. */
[role=tabpanel] pre {
  max-height: 22rem;
  overflow: auto;
  background:
    linear-gradient(var(--ground) 40%, transparent) top / 100% 2.5rem local,
    linear-gradient(transparent, var(--ground) 60%) bottom / 100% 2.5rem local,
    linear-gradient(var(--shade), transparent) top / 100% .75rem scroll,
    linear-gradient(transparent, var(--shade)) bottom / 100% .75rem scroll,
    var(--ground);
  background-repeat: no-repeat;
}
h3 { margin: 0 0 .35rem; font-size: .9rem; color: var(--quiet); font-weight: 600; }
[role=tabpanel] .copy { width: auto; min-height: 2.25rem; margin: 0 0 .75rem; padding: .25rem .9rem; font-size: .9rem; }
#send:disabled { border-color: var(--line); background: transparent; color: var(--quiet); cursor: not-allowed; }
#missing { margin-bottom: .5rem; font-weight: 600; }
#outdated { margin: 0 0 .75rem; font-weight: 600; color: var(--quiet); }
.outdated .card { border-style: dashed; background: transparent; }
.verdict { scroll-margin: 1rem; }
.status { font-size: 1.1rem; }
.status strong { padding: .15rem .55rem; border: 2px solid currentColor; border-radius: .4rem; }
.status.success { color: var(--fine); }
.status.failure { color: var(--mistake); }
.reason { font-size: 1.05rem; font-weight: 600; color: var(--mistake); }
.outdated :is(.status.success, .status.failure, .reason) { color: var(--quiet); }
.results dl + p, .results details + p { margin-top: .75rem; }
:root { --fine: #1a6b35; --shade: #8a939e; }
@media (prefers-color-scheme: dark) { :root { --fine: #86d89e; --shade: #59626d; } }
@media (min-width: 32rem) { #send { max-width: 16rem; } }
@media (min-width: 60rem) {
  .playground { grid-template-columns: 22rem minmax(0, 1fr); align-items: start; gap: 1.25rem; }
}
`;
