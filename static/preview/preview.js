// The page at `/preview/{doc}`: the draft of a document, as visitors will see it.
//
// In an iframe, it gets the value from the editor around it. Alone, it follows the document on the
// server with a token: from the fragment of the URL, or a guest's in demo mode.

import { Drawing } from "./drawing.js";
import { decoded, Navigation } from "./navigation.js";
import { Source } from "./source.js";
import { StateLine } from "./state_line.js";
import { Token } from "./token.js";

const [, , name] = location.pathname.split("/");
const base = `/preview/${name}`;
const publicUrl = found('meta[name="weft-public-url"]').getAttribute("content") ?? "";
const query = new URLSearchParams(location.search);
const isFramed = parent !== window;

const line = new StateLine(found("#weft-state"));
const drawing = new Drawing(found("#weft-draft"), base, publicUrl, line);
const token = new Token(name, isFramed);
const navigation = new Navigation(drawing, base);
const source = new Source(drawing, line, token);
addEventListener("hashchange", () => token.take() && location.reload()); // a new link in the same tab

const version = query.get("at");
if (version === null) navigation.onPoint = source.follow(editorOrServer());
else void source.showVersion(name, version);

/** Whom the preview follows: in an iframe without a token, the editor around it. */
function editorOrServer() {
  if (isFramed && !token.given) return { from: editorsOrigin() };
  return { url: location.origin, document: decoded(name), token: () => token.get() };
}

/** The origin of the editor: in the address, or else that of the server. */
function editorsOrigin() {
  const from = query.get("from") ?? location.origin;
  try {
    return new URL(from).origin;
  } catch {
    return from;
  }
}

/** @param {string} selector */
function found(selector) {
  return /** @type {HTMLElement} */ (document.querySelector(selector));
}
