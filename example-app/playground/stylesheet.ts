/** What the playground has beside the stylesheet of all pages. */
export const playgroundStylesheet = `header, main { max-width: 78rem; }
.playground { display: grid; gap: 1rem; }
[hidden] { display: none; }
#alert:empty, #note:empty { display: none; }
.results { min-width: 0; }
fieldset { margin: 0 0 1.25rem; padding: 0; border: 0; min-width: 0; }
fieldset:last-child { margin-bottom: 0; }
legend { padding: 0; margin-bottom: .6rem; font-weight: 600; font-size: 1.1rem; }
.field { margin: 0 0 .75rem; }
.field label { font-size: .9rem; }
#choices { margin: 0; }
#choices input:not([type=checkbox], [type=radio]), select {
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
#choices input:not([type=checkbox], [type=radio]) { font-family: ui-monospace, monospace; font-size: .85rem; }
select:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.field .quiet { margin: .5rem 0 0; font-size: .9rem; }
.radios { margin: .75rem 0 0; }
.radios legend { font-size: .9rem; margin-bottom: .25rem; }
.check, .radios label { display: flex; gap: .6rem; align-items: flex-start; padding: .2rem 0; font-weight: 400; font-size: .95rem; }
input[type=checkbox], input[type=radio] {
  flex: none;
  width: 1.15rem;
  height: 1.15rem;
  min-height: 0;
  margin: .2rem 0 0;
  accent-color: var(--accent);
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
  max-height: 28rem;
  overflow: auto;
  border: 1px solid var(--line);
  white-space: pre-wrap;
  overflow-wrap: anywhere;
}
.results pre code { font: inherit; }
#panel-code pre { white-space: pre; }
#panel-code pre code { overflow-wrap: normal; }
h3 { margin: 0 0 .35rem; font-size: .9rem; color: var(--quiet); font-weight: 600; }
[role=tabpanel] .copy { width: auto; min-height: 2.25rem; margin: 0 0 .75rem; padding: .25rem .9rem; font-size: .9rem; }
#send { max-width: 16rem; }
.status { font-size: 1.1rem; }
.status strong { padding: .15rem .55rem; border: 2px solid currentColor; border-radius: .4rem; }
.status.success { color: var(--fine); }
.status.failure { color: var(--mistake); }
.reason { font-size: 1.05rem; font-weight: 600; color: var(--mistake); }
.results dl + p, .results details + p { margin-top: .75rem; }
:root { --fine: #1a6b35; }
@media (prefers-color-scheme: dark) { :root { --fine: #86d89e; } }
@media (min-width: 60rem) {
  .playground { grid-template-columns: 22rem minmax(0, 1fr); align-items: start; gap: 1.25rem; }
}
`;
