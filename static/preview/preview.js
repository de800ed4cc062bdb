// The page at `/preview/{doc}`: the draft of a document, as visitors will see it.
//
// In an iframe, it gets the value from the editor around it. Alone, it follows the document on the
// server with a token: from the fragment of the URL, or a guest's in demo mode.

import { advice } from "/sdk/advice.js";
import { receivePreview } from "/sdk/preview.js";
import { show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { nodeAt, pointerOf } from "../page/places.js";

const PATIENCE = 1500; // after this time, the preview says that it is connecting
const WORDS = {
  waiting: "Connecting to the page.",
  lost: "There is no connection. You see the page as it was.",
  offline: "There is no connection.",
  closed: "The editor has closed this preview.",
  ended: "You see the page as it was: this link no longer shows its changes.",
  none: "This page is not in the document.",
  failed: "One section cannot be shown as it is. The rest of the page is right.",
  version: "This version is not in the history of the page.",
  token: "Open this preview with the link that its editor gave you.",
  framed: "An older version cannot be shown here. Open the preview in a tab of its own.",
  address: "The address of this preview is not complete: `from` must be the origin of the editor.",
  busy: "The server has too much to do. Reload this page in a minute.",
};
/** What to say when there is nothing to show, by the code of the error. @type {Record<string, string>} */
const SENTENCES = {
  bad_options: WORDS.address,
  malformed: WORDS.version,
  unknown_version: WORDS.version,
  unauthenticated: WORDS.token,
  token_failed: WORDS.token,
  rate_limited: WORDS.busy,
  storage_unavailable: WORDS.busy,
};

const [, , name, ...rest] = location.pathname.split("/");
const base = `/preview/${name}`;
const query = new URLSearchParams(location.search);
const holder = /** @type {HTMLElement} */ (document.querySelector("#weft-draft"));
const line = /** @type {HTMLElement} */ (document.querySelector("#weft-state"));
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
  const isFirst = !holder.hasChildNodes();
  /** @type {ReturnType<PageRenderer["render"]>} */
  let made = null;
  try {
    made = renderer.render(value, slug);
    if (made) show(holder, made.root);
  } catch (error) {
    console.error(error);
  }
  tell({ page: !made ? WORDS.none : made.failed ? WORDS.failed : "" });
  if (!made) return;
  if (made.style !== style) sheet.replaceSync((style = made.style));
  mark();
  document.title = made.title || "Preview";
  document.documentElement.lang = made.root.attributes.lang;
  document.documentElement.dir = made.root.attributes.dir ?? "ltr";
  if (isFirst) scrollToFragment();
}

const told = { link: "", page: "" };

/** Says what is wrong with the connection, or else with the page. @param {Partial<typeof told>} now */
function tell(now) {
  Object.assign(told, now);
  line.textContent = told.link || told.page;
  line.hidden = !line.textContent;
}

// --- links: pages of the site are shown here, other pages in a tab of their own -----------------

/** @type {(pointer: string) => void} */
let focus = () => {}; // tells the editor what the user points at

document.addEventListener("click", (event) => {
  const target = /** @type {globalThis.Element} */ (event.target);
  const pointer = pointerOf(target, renderer.pointers);
  if (pointer !== null) focus(pointer);
  const link = target.closest("a");
  if (!link || event.metaKey || event.ctrlKey || event.button !== 0) return;
  if (link.getAttribute("href")?.startsWith("#")) return;
  event.preventDefault();
  const { origin, pathname, hash } = new URL(link.href);
  if (origin !== location.origin || !`${pathname}/`.startsWith(`${base}/`))
    open(link.href, "_blank", "noopener");
  else {
    history.pushState(null, "", pathname + location.search + hash);
    follow();
  }
});
addEventListener("popstate", follow);

function follow() {
  const next = decoded(location.pathname.slice(base.length + 1));
  if (next !== slug) scrollTo(0, 0);
  slug = next;
  if (value !== undefined) drawNow();
  scrollToFragment();
}

function scrollToFragment() {
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

const isFramed = parent !== window;
const given = takeToken() ?? (isFramed ? null : kept());
const version = query.get("at");
const from = query.get("from");
setTimeout(() => value === undefined && !told.link && tell({ link: WORDS.waiting }), PATIENCE);
addEventListener("hashchange", () => takeToken() && location.reload()); // a new link in the same tab

if (version !== null) await showVersion(version);
else if (isFramed && !given) connect({ from: from === null ? location.origin : originOf(from) });
else connect({ url: location.origin, document: decoded(name), token });

/** @param {import("../sdk/preview.js").PreviewOptions} options */
function connect(options) {
  try {
    const preview = receivePreview(draw, { ...options, maxFps: 60 });
    preview.on("state", became);
    preview.on("error", (/** @type {any} */ error) => value === undefined && tell({ link: sentence(error) }));
    preview.on("focus", point);
    focus = (pointer) => preview.focus(pointer);
  } catch (error) {
    tell({ link: sentence(error) });
  }
}

/** @param {string} state of the connection */
function became(state) {
  if (state === "connected") tell({ link: "" });
  else if (state === "closed") tell({ link: WORDS.closed });
  else if (value !== undefined) tell({ link: state === "refused" ? WORDS.ended : WORDS.lost });
  if (state === "refused") keep("");
}

/** @param {any} error @returns {string} */
function sentence({ code, cause }) {
  const own = code === "token_failed" && cause?.code ? cause.code : code;
  return SENTENCES[own] ?? advice({ code: own });
}

/** The origin in an address; the text itself when it is no address. @param {string} address */
function originOf(address) {
  try {
    return new URL(address).origin;
  } catch {
    return address;
  }
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
  if (origin === "null") return tell({ link: WORDS.framed }); // the server lets no such frame read
  if (!/^[1-9]\d{0,14}$/.test(number)) return tell({ link: WORDS.version });
  try {
    const path = `/v1/docs/${name}/versions/${number}`;
    const answer = await fetch(path, { headers: { Authorization: `Bearer ${await token()}` } });
    const body = await answer.json();
    if (answer.ok) draw(body);
    else tell({ link: sentence(body) });
  } catch (error) {
    tell({ link: error instanceof TypeError ? WORDS.offline : sentence(error) });
  }
}

// --- the token --------------------------------------------------------------------------------

/** @returns {Promise<string>} */
async function token() {
  if (given) return given;
  const answer = await fetch("/v1/demo/token", { method: "POST" });
  const body = await answer.json();
  if (answer.ok) return body.token;
  // Outside demo mode, there are no guests.
  throw Object.assign(new Error(body.detail), {
    code: answer.status === 404 ? "unauthenticated" : body.code,
  });
}

/** Takes the token out of the address: other people can see it, and the browser's history keeps it. */
function takeToken() {
  const found = new URLSearchParams(location.hash.slice(1)).get("token");
  if (found === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  keep(found);
  return found;
}

/** The token that this tab has kept for the document, so that a reload works. */
function kept() {
  try {
    return sessionStorage.getItem(`weft.preview.${name}`);
  } catch {
    return null; // a sandboxed frame has no storage
  }
}

/** @param {string} token */
function keep(token) {
  try {
    sessionStorage.setItem(`weft.preview.${name}`, token);
  } catch {
    // a sandboxed frame has no storage
  }
}
