// The page at `/`: all pages of the tenant.

import { documents } from "/sdk/weft.js";
import { avatar } from "../ui/avatars.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { startOffline } from "../ui/offline.js";
import { toast } from "../ui/toast.js";
import { stored, Token } from "../ui/token.js";
import { ago } from "../ui/words.js";
import { Activity } from "./activity.js";
import { Card } from "./card.js";
import { Deleting } from "./deleting.js";
import { Library, titleOf } from "./library.js";
import { refusal } from "./refusal.js";
import { openShare } from "./share.js";
import { Thumbnail } from "./thumbnail.js";

/** @typedef {import("./library.js").Item} Item */

const EVERY = 15_000;
const SORT = "weft.pages.sort";

const token = new Token();
const library = new Library(documents({ url: location.origin, token: () => token.fresh() }), token, signedIn);
const deleting = new Deleting(library);
const activity = new Activity(part("activity"), library);

/**
 * Ask the server. After a wrong or expired token, the user is asked for another one; a guest gets one.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
async function signedIn(ask) {
  try {
    return await ask();
  } catch (error) {
    if (/** @type {any} */ (error).code !== "unauthenticated") throw error;
    const had = token.kept();
    await token.replace();
    if (had && !token.kept()) toast("Your link is over. You are a guest now.", { tone: "warning" });
    return ask();
  }
}

// --- the parts of the page ------------------------------------------------------------------

const search = h("input", {
  type: "search",
  placeholder: "Search",
  "aria-label": "Search by title",
  oninput: () => draw(),
});
const sort = h(
  "select",
  { "aria-label": "Sort by", onchange: () => sorted() },
  h("option", { value: "edited" }, "Last edited"),
  h("option", { value: "title" }, "Title"),
);
sort.value = stored("local", "get", SORT) || "edited";
const create = h(
  "button",
  { type: "button", class: "primary", onclick: () => void newPage() },
  icon("add"),
  h("span", {}, "New page"),
);
const me = h("div", { class: "me" });
part("bar").append(
  h("h1", {}, h("img", { src: "/static/status/icon.svg", alt: "", width: 24, height: 24 }), "Pages"),
  h("div", { class: "search" }, icon("search"), search),
  sort,
  me,
  create,
);
const cards = h("div", { class: "cards" });
const notice = h("p", { class: "notice", role: "status", hidden: true }, icon("cloudOff"), h("span", {}));
part("notices").append(notice);
const empty = h("div", { class: "empty stack" });
const more = h(
  "button",
  { type: "button", class: "rest", onclick: () => void library.more() },
  "Show more pages",
);
part("pages").append(cards, empty, more);

/** @type {import("./card.js").Actions} */
const actions = {
  open(item) {
    if (library.state === "offline" && !library.stored.has(item.doc))
      toast(`${titleOf(item)} needs a network: this browser has not opened it before.`, { tone: "warning" });
    else open(item.doc);
  },
  async duplicate(item) {
    const title = `Copy of ${titleOf(item)}`;
    try {
      const name = await library.duplicate(item.doc, title);
      await library.load();
      toast(`${title} made`, { action: "Open", onAction: () => open(name) });
    } catch (error) {
      toast(`${titleOf(item)} was not duplicated. ${refusal(error)}`, { tone: "danger" });
    }
  },
  share: (item) => openShare({ documents: library.documents, doc: item.doc, title: titleOf(item) }),
  remove: (item) => void deleting.start(item),
};

/** @param {string} name */
function open(name) {
  location.assign(`/edit/${encodeURIComponent(name)}`);
}

let isLoading = false;

/** Load the dialog of a new page, with its templates, and open it. */
async function newPage() {
  if (isLoading) return; // a second click
  isLoading = true;
  try {
    const screen = await import("../new_page/new_page.js");
    await screen.open({ library, open, Thumbnail, refusal });
  } catch (error) {
    console.warn(error);
    toast("This part could not be loaded. Check the connection, and try again.", { tone: "danger" });
  }
  isLoading = false;
}

function sorted() {
  stored("local", "set", SORT, sort.value);
  draw();
}

// --- drawing --------------------------------------------------------------------------------

/** @type {WeakMap<Element, Card>} */
const made = new WeakMap();

function wanted() {
  const words = search.value.trim().toLocaleLowerCase();
  const found = library.shown.filter((item) => titleOf(item).toLocaleLowerCase().includes(words));
  const byTitle = new Intl.Collator(undefined, { numeric: true }).compare;
  return sort.value === "title"
    ? found.sort((a, b) => byTitle(titleOf(a), titleOf(b)))
    : found.sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
}

function draw() {
  const items = wanted();
  const focused = document.activeElement;
  const index = [...cards.children].findIndex((card) => card.contains(focused));
  keyed(cards, items, {
    key: ({ doc }) => doc,
    make: (item) => {
      const card = new Card(item, library, actions);
      made.set(card.element, card);
      return card.element;
    },
    update: (element, item) => made.get(element)?.update(item),
  });
  // The focus of a page that is gone goes to the next one.
  if (index >= 0 && !cards.contains(focused))
    (cards.children[Math.min(index, items.length - 1)]?.querySelector("a") ?? create).focus();
  const isOffline = library.state === "offline";
  create.hidden = !library.mayEdit;
  create.disabled = isOffline;
  more.hidden = !library.hasMore;
  drawEmpty(items.length);
  const { user, name, role } = library.who;
  me.replaceChildren(...(user ? [avatar({ user, name }), h("span", {}, name), h("small", {}, role)] : []));
  const time = library.at ? `as of ${ago(library.at)}` : "and this browser has no list yet";
  change(notice, { hidden: !isOffline });
  change(/** @type {Element} */ (notice.lastElementChild), {
    textContent: `Offline, ${time}. A page opens here when this browser has opened it before.`,
  });
  document.body.dataset.state = library.state;
}

/** @param {number} count */
function drawEmpty(count) {
  change(empty, { hidden: count > 0 || library.state === "loading" });
  const [doc] = library.who.docs ?? [];
  // What is the same keeps the focus.
  const key = JSON.stringify([library.state, library.shown.length > 0, library.mayEdit, doc]);
  if (empty.hidden || empty.dataset.shows === key) return;
  empty.dataset.shows = key;
  if (library.state === "one-page")
    empty.replaceChildren(
      h("h2", {}, "Your link opens one page"),
      doc ? h("a", { class: "button primary", href: `/edit/${encodeURIComponent(doc)}` }, "Open it") : "",
      h("button", { type: "button", onclick: () => void token.replace().then(refresh) }, "Enter a token"),
    );
  else if (library.shown.length)
    empty.replaceChildren(
      h("h2", {}, "No page has this title"),
      h("button", { type: "button", onclick: () => ((search.value = ""), draw()) }, "Show all pages"),
    );
  else
    empty.replaceChildren(
      icon("layers"),
      h("h2", {}, "No pages yet"),
      h(
        "p",
        {},
        library.mayEdit
          ? "Begin with a template, or with an empty page."
          : "Pages that you may see are shown here.",
      ),
      ...(library.mayEdit && library.state === "ready"
        ? [
            h(
              "button",
              { type: "button", class: "primary", onclick: () => void newPage() },
              icon("add"),
              "New page",
            ),
          ]
        : []),
    );
}

// --- keeping it new -------------------------------------------------------------------------

let isAsking = false;

async function refresh() {
  if (isAsking || document.hidden) return;
  isAsking = true;
  try {
    await library.load();
    if (library.state === "ready") await activity.load();
  } catch (error) {
    toast(refusal(error), { tone: "danger" });
  }
  isAsking = false;
}

library.on("changed", draw);
for (const name of ["focus", "online", "pageshow"]) addEventListener(name, () => void refresh());
document.addEventListener("visibilitychange", () => void refresh());
setInterval(() => void refresh(), EVERY);
void refresh();
startOffline(() => deleting.count, "the list");

/** @param {string} id */
function part(id) {
  return /** @type {HTMLElement} */ (document.getElementById(id));
}
