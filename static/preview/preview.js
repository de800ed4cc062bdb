// The page at `/preview/{doc}`: the draft of a document, as visitors will see it.
//
// In an iframe, it gets the value from the editor around it. Alone, it follows the document on the
// server with a token: from the fragment of the URL, or a guest's in demo mode.

import { advice } from "/sdk/advice.js";
import { receivePreview } from "/sdk/preview.js";
import { show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { nodeAt, pointerOf } from "../page/places.js";

const PATIENCE = 1500; // a connection that takes longer is told
const WORDS = {
  waiting: "Connecting to the page.",
  lost: "There is no connection. You see the page as it was.",
  closed: "The editor has closed this preview.",
  none: "This page is not in the document.",
  failed: "One section cannot be shown as it is. The rest of the page is right.",
  version: "This version is not in the history of the page.",
  token: "Open this preview with the link that its editor gave you.",
};

const [, , name, ...rest] = location.pathname.split("/");
const base = `/preview/${name}`;
const query = new URLSearchParams(location.search);
const holder = /** @type {HTMLElement} */ (document.querySelector("#page"));
const line = /** @type {HTMLElement} */ (document.querySelector("#state"));
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets.push(sheet);

// --- what is shown ----------------------------------------------------------------------------

const renderer = new PageRenderer({ base, onError: (error) => console.error(error) });
let slug = decoded(rest[0] ?? "");
/** @type {unknown} */
let value;
let style = "";
let isDue = false;
/** @type {string | null} */
let pointed = null; // what the editor points at

/** Shows a value at the next frame of the screen. @param {unknown} next */
function draw(next) {
  value = next;
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    drawNow();
  });
}

function drawNow() {
  const made = renderer.render(value, slug);
  say(!made ? WORDS.none : made.failed ? WORDS.failed : null);
  if (!made) return;
  show(holder, made.root);
  if (made.style !== style) sheet.replaceSync((style = made.style));
  mark();
  document.title = made.title || "Preview";
  document.documentElement.lang = made.root.attributes.lang;
  document.documentElement.dir = made.root.attributes.dir ?? "ltr";
}

/** @param {string | null} words */
function say(words) {
  line.hidden = !words;
  line.textContent = words ?? "";
}

// --- links: pages of the site are shown here, other pages in a tab of their own -----------------

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || event.metaKey || event.ctrlKey || event.button !== 0) return;
  const target = new URL(link.href, location.href);
  const isHere =
    target.origin === new URL(location.href).origin && `${target.pathname}/`.startsWith(`${base}/`);
  if (link.getAttribute("href")?.startsWith("#")) return;
  if (!isHere) {
    link.target = "_blank";
    link.rel = "noopener";
    return;
  }
  event.preventDefault();
  history.pushState(null, "", target.pathname + location.search + target.hash);
  follow();
});
addEventListener("popstate", follow);

function follow() {
  const next = decoded(location.pathname.slice(base.length + 1));
  if (next !== slug) scrollTo(0, 0);
  slug = next;
  if (value !== undefined) drawNow();
  document.getElementById(decoded(location.hash.slice(1)))?.scrollIntoView();
}

/** A part of an address as text. @param {string} part */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// --- the value --------------------------------------------------------------------------------

const fragment = new URLSearchParams(location.hash.slice(1));
const isFramed = parent !== window;
const given = fragment.get("token") ?? (isFramed ? null : kept());
if (fragment.has("token")) {
  // Other people can see the URL, and the browser's history keeps it.
  history.replaceState(null, "", location.pathname + location.search);
  keep(fragment.get("token"));
}
let hasToken = true;
const version = query.get("at");
const wait = setTimeout(() => value === undefined && line.hidden && say(WORDS.waiting), PATIENCE);

if (version !== null) await showVersion(version);
else if (isFramed && !given) connect({ from: query.get("from") ?? new URL(location.href).origin });
else connect({ url: new URL(location.href).origin, document: decoded(name), token });

/** @param {import("../sdk/preview.js").PreviewOptions} options */
function connect(options) {
  const preview = receivePreview(draw, { ...options, maxFps: 60 });
  let wasConnected = false;
  preview.on("state", (/** @type {string} */ state) => {
    if (state === "connected") {
      wasConnected = true;
      say(null);
    } else if (state === "closed") say(WORDS.closed);
    else if (state === "waiting" && wasConnected) say(WORDS.lost);
  });
  preview.on(
    "error",
    (/** @type {any} */ error) => value === undefined && say(hasToken ? advice(error) : WORDS.token),
  );
  preview.on("focus", point);
  document.addEventListener("click", (event) => {
    const pointer = pointerOf(/** @type {Node} */ (event.target), renderer.pointers);
    if (pointer !== null) preview.focus(pointer);
  });
}

/** Shows a part that the editor points at. @param {string | null} pointer */
function point(pointer) {
  pointed = pointer;
  mark()?.scrollIntoView({ block: "nearest", behavior: "smooth" });
}

/** Marks the part that the editor points at. A change may have made its node again. */
function mark() {
  const node = pointed === null ? null : nodeAt(holder, pointed, renderer.pointers);
  for (const each of document.querySelectorAll(".weft-focus"))
    if (each !== node) each.classList.remove("weft-focus");
  node?.classList.add("weft-focus");
  return node;
}

/** Shows an older version. @param {string} number */
async function showVersion(number) {
  try {
    const path = `/v1/docs/${name}/versions/${encodeURIComponent(number)}`;
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${await token()}` } });
    const body = await answer.json();
    if (answer.ok) draw(body);
    else say(body.code === "unknown_version" ? WORDS.version : advice(body));
  } catch {
    say(hasToken ? WORDS.lost : WORDS.token);
  }
  clearTimeout(wait);
}

// --- the token --------------------------------------------------------------------------------

/** @returns {Promise<string>} */
async function token() {
  if (given) return given;
  const answer = await fetch("/v1/demo/token", { method: "POST" });
  if (!answer.ok) {
    hasToken = false;
    say(WORDS.token);
    throw new Error(WORDS.token);
  }
  return (await answer.json()).token;
}

/** The token that this tab has kept for the document, so that a reload works. */
function kept() {
  try {
    return sessionStorage.getItem(`weft.preview.${name}`);
  } catch {
    return null; // a sandboxed frame has no storage
  }
}

/** @param {string | null} token */
function keep(token) {
  try {
    sessionStorage.setItem(`weft.preview.${name}`, token ?? "");
  } catch {
    // a sandboxed frame has no storage
  }
}
