"""The style sheet of the API page, with a light and a dark theme."""

from __future__ import annotations

CSS = """
:root {
  color-scheme: light dark;
  --ground: #fbfbfa; --raised: #fff; --ink: #1c1d22; --soft: #5c5f6a; --line: #e2e2df;
  --accent: #3d4fd1; --get: #17693f; --put: #8a5300; --patch: #6a3fb5; --post: #1f5cae;
  --delete: #b3261e;
  --gap: 1.25rem; --round: .6rem;
  --text: ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  --code: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #141519; --raised: #1c1e24; --ink: #e9e9ec; --soft: #a3a6b1; --line: #2f323b;
    --accent: #9aa7ff; --get: #6fd39b; --put: #eab765; --patch: #c3a5f7; --post: #86b8f7;
    --delete: #ff9d95;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 var(--text); }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
code { font: .875em/1.4 var(--code); overflow-wrap: anywhere; }
header, main, nav { padding: 0 var(--gap); }
header { padding-top: 2rem; max-width: 48rem; }
h1 { margin: 0; font-size: 1.9rem; letter-spacing: -.02em; }
h1 small { color: var(--soft); font-size: .9rem; font-weight: 400; letter-spacing: 0; }
h2 { margin: 2.5rem 0 1rem; font-size: 1.3rem; }
h3 { margin: 0; font-size: 1rem; font-weight: 600; }
h4 {
  margin: 1rem 0 .25rem; color: var(--soft); font-size: .75rem; font-weight: 600;
  letter-spacing: .06em; text-transform: uppercase;
}
p { margin: .5rem 0; }
nav ul { margin: .25rem 0 1rem; padding: 0; list-style: none; }
nav a { display: block; padding: .2rem 0; color: inherit; font-size: .9rem; text-decoration: none; }
nav a:hover { color: var(--accent); }
nav summary { padding: .75rem 0; font-weight: 600; cursor: pointer; }
article {
  margin: 0 0 1rem; padding: 1rem var(--gap); background: var(--raised);
  border: 1px solid var(--line); border-radius: var(--round);
}
article:target { border-color: var(--accent); }
.address {
  display: flex; flex-wrap: wrap; gap: .25rem .6rem; align-items: baseline; margin-bottom: .25rem;
}
.method { min-width: 4.2rem; font: 700 .8rem/1.6 var(--code); }
.GET { color: var(--get); } .PUT { color: var(--put); } .PATCH { color: var(--patch); }
.POST { color: var(--post); } .DELETE { color: var(--delete); }
.soft { color: var(--soft); }
dl { display: grid; grid-template-columns: 1fr; gap: .1rem 1rem; margin: 0; }
dt { padding-top: .4rem; border-top: 1px solid var(--line); }
dd { margin: 0 0 .4rem; color: var(--soft); font-size: .925rem; }
dt:first-of-type { border-top: 0; }
@media (min-width: 40rem) {
  dl { grid-template-columns: minmax(9rem, 15rem) 1fr; }
  dd { padding-top: .4rem; border-top: 1px solid var(--line); }
  dt:first-of-type + dd { border-top: 0; }
}
@media (min-width: 64rem) {
  .page { display: grid; grid-template-columns: 17rem minmax(0, 54rem); column-gap: 1rem; }
  header, main { grid-column: 2; }
  nav {
    grid-column: 1; grid-row: 1 / span 2; position: sticky; top: 0; align-self: start;
    height: 100vh; overflow-y: auto; padding-top: 1.5rem; border-right: 1px solid var(--line);
  }
  nav details::details-content { content-visibility: visible; block-size: auto; }
}
@supports selector(::details-content) {
  @media (min-width: 64rem) { nav summary { pointer-events: none; list-style: none; } }
}
"""
