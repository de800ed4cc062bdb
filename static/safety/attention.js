// Changes that need a decision of the user: cards with both values, and the tray that keeps them.

import { advice } from "/sdk/advice.js";
import { openDialog } from "../ui/dialog.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { toast } from "../ui/toast.js";
import { ago, counted } from "../ui/words.js";
import { at as valueAt, capital, lasting, placeWords, pointerNow, tokensOf } from "../editor/place_words.js";
import { markedWords } from "./word_diff.js";

/** @typedef {import("../sdk/page/attention.js").Item} Item */
/** @typedef {{path: string, ops: string[], froms?: (string | undefined)[], words: string, by?: any, at?: number}} Place where an item is, so that it is found after a move, and who wrote the other value */

const GONE = "The place of your change is gone. Copy what you wrote, and put it elsewhere.";

export class Attention {
  /** The items that are shown as cards, one after the other. @type {string[]} */
  #open = [];
  /** @type {Record<string, Place>} */
  #places;

  /** @param {HTMLElement} tools @param {import("../editor/commands.js").Parts} parts */
  constructor(tools, { workspace, document: name }) {
    this.workspace = workspace;
    this.page = workspace.page;
    this.key = `weft.places.${name}`;
    this.#places = read(this.key);
    this.count = h("b", {});
    this.button = tools.appendChild(
      h(
        "button",
        { type: "button", class: "quiet tray", hidden: true, onclick: () => this.list() },
        icon("inbox"),
        this.count,
      ),
    );
    this.cards = document.body.appendChild(
      h("section", { class: "conflict", "aria-label": "Needs your decision", hidden: true }),
    );
    for (const event of ["conflict", "refused"]) this.page.on(event, (item) => void this.#came(item));
    this.page.on("attention", () => this.draw());
    this.draw();
  }

  /** @param {Item} item */
  async #came(item) {
    // The pointer of a replaced value is of the version that replaced it.
    const isOld = item.reason === "overwritten";
    const [value, by] = await Promise.all([
      isOld ? this.page.history.at(item.version ?? 0).catch(() => null) : null,
      isOld ? this.#author(item).catch(() => null) : null,
    ]);
    if (!this.page.attention.some(({ id }) => id === item.id)) return; // it is settled already
    const then = value ?? this.workspace.value;
    const place = (/** @type {string} */ path) => lasting(then, path);
    this.#places[item.id] = {
      path: place(item.path),
      ops: opsOf(item).map(({ path }) => place(path)),
      froms: opsOf(item).map(({ from }) => (from === undefined ? from : place(from))),
      words: placeWords(then, item.path),
      ...by,
    };
    this.#store();
    this.#open.push(item.id);
    this.draw();
    this.workspace.announce(
      `${advice(this.#told(item))} ${capital(this.#wordsOf(item))} needs your decision.`,
    );
  }

  /** Who wrote the value that a change replaced, and when. @param {Item} item */
  async #author({ version = 0, path, by }) {
    const { items } = await this.page.history.list({ each: 1, to: version, limit: 50 });
    const theirs = items.filter((row) => row.version < version && row.by?.user !== this.page.user);
    // Elements may have moved since. The end of the pointer is the same.
    const end = path.split("/").slice(5).join("/");
    const touches = (/** @type {any} */ row) =>
      row.pointers?.some((/** @type {string} */ each) => each.endsWith(end));
    const row = theirs.find((each) => touches(each) && (!by || each.by.user === by.user)) ?? theirs[0];
    return row ? { by: row.by, at: Date.parse(row.at) } : null;
  }

  /** An item with its author, also when the SDK does not know them. @param {Item} item @returns {Item} */
  #told(item) {
    return { ...item, by: item.by ?? this.#places[item.id]?.by };
  }

  #store() {
    try {
      localStorage.setItem(this.key, JSON.stringify(this.#places));
    } catch {} // this browser keeps nothing, or has no room
  }

  draw() {
    const { attention } = this.page;
    const words = `Needs attention: ${counted(attention.length, "change")}`;
    change(this.button, { hidden: !attention.length, "aria-label": words, title: words });
    change(this.count, { textContent: `${attention.length}` });
    this.#open = this.#open.filter((id) => attention.some((each) => each.id === id));
    const item = attention.find(({ id }) => id === this.#open[0]);
    const key = item ? `${item.id} ${this.#open.length}` : "";
    if (this.cards.dataset.shows === key) return;
    this.cards.dataset.shows = key;
    const hadFocus = this.cards.contains(document.activeElement);
    this.cards.hidden = !item;
    this.cards.replaceChildren(...(item ? this.#card(this.#told(item)) : []));
    if (!hadFocus) return;
    const next = this.cards.querySelector("button") ?? (attention.length ? this.button : null);
    (next ?? /** @type {HTMLElement} */ (document.querySelector("#stage"))).focus({ preventScroll: true });
  }

  /** Where the item is now. @param {Item} item */
  #pointerOf(item) {
    const place = this.#places[item.id];
    return place ? pointerNow(this.workspace.value, place.path) : item.path;
  }

  /** @param {Item} item */
  #wordsOf(item) {
    return this.#places[item.id]?.words ?? placeWords(this.workspace.value, item.path);
  }

  /** @param {Item} item */
  #card(item) {
    const pointer = this.#pointerOf(item);
    const who = item.by?.name || item.by?.user;
    const at = this.#places[item.id]?.at ?? item.at;
    const isGone = item.theirs === undefined || item.theirs === null;
    const theirs = who ? `${who}’s, ${ago(at)}` : "On the page now";
    const shown = isMove(item) ? placeIn : wordsIn;
    const [mine, other] = markedWords(shown(item.yours), isGone ? "" : shown(item.theirs));
    const later = () => {
      this.#open = this.#open.filter((id) => id !== item.id);
      this.draw();
    };
    const text = (/** @type {import("./word_diff.js").Part[]} */ parts, /** @type {string} */ none) =>
      h(
        "p",
        {},
        ...(parts.length
          ? parts.map(({ words, isChanged }) => (isChanged ? h("mark", {}, words) : words))
          : [h("em", {}, none)]),
      );
    const copy = () =>
      void navigator.clipboard?.writeText(wordsIn(item.yours)).then(() => toast("Copied", { seconds: 3 }));
    return [
      h(
        "header",
        {},
        h(
          "button",
          { type: "button", class: "link", onclick: () => pointer && this.workspace.goTo(pointer) },
          capital(this.#wordsOf(item)),
        ),
        this.#open.length > 1 && h("small", {}, `1 of ${this.#open.length}`),
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": "Decide later",
            title: "Decide later",
            onclick: later,
          },
          icon("close"),
        ),
      ),
      h("p", {}, advice(item)),
      h(
        "div",
        { class: "versions" },
        h("div", {}, h("h3", {}, "Yours"), text(mine, "Nothing")),
        h("div", {}, h("h3", {}, theirs), text(other, "Nothing")),
      ),
      h(
        "footer",
        {},
        h("button", { type: "button", class: "primary", onclick: () => this.keepMine(item) }, "Keep mine"),
        h(
          "button",
          { type: "button", onclick: () => this.takeTheirs(item) },
          who ? "Take theirs" : "Take this",
        ),
        h("button", { type: "button", onclick: later }, "Later"),
        h(
          "button",
          { type: "button", class: "quiet", "aria-label": "Copy yours", title: "Copy yours", onclick: copy },
          icon("copy"),
        ),
      ),
    ];
  }

  /** @param {Item} item */
  keepMine(item) {
    const holder = item.reason === "overwritten" ? null : this.#holderOf(item);
    if (holder) return void toast(`${holder.name} still has this section locked. Your change is kept.`);
    this.#decide(item, () => (item.reason === "overwritten" ? item.discard() : this.#again(item)));
  }

  /** @param {Item} item */
  takeTheirs(item) {
    this.#decide(item, () => {
      const pointer = this.#pointerOf(item);
      if (item.reason !== "overwritten" || (pointer === item.path && !isMove(item))) return item.takeTheirs();
      if (pointer === null) throw new Error(GONE);
      if (isMove(item)) {
        const [, list, place] = /** @type {string[]} */ (/(.*)\/(.*)/.exec(item.theirs));
        const last = valueAt(this.workspace.value, tokensOf(list))?.length - 1;
        this.page.move(pointer, `${list}/${Math.min(+place, last)}`);
      } else this.page.set(pointer, item.theirs ?? null);
      item.discard();
    });
  }

  /** Make a change again where its place is now. @param {Item} item */
  #again(item) {
    const place = this.#places[item.id];
    const { value } = this.workspace;
    const paths = opsOf(item).map(({ path }, index) => (place ? pointerNow(value, place.ops[index]) : path));
    const ops = opsOf(item).map((op, index) => {
      const from = place?.froms?.[index];
      return { ...op, path: paths[index], ...(from && { from: pointerNow(value, from) }) };
    });
    if (paths.includes(null) || ops.some(({ from }) => from === null)) throw new Error(GONE);
    if (JSON.stringify(ops) === JSON.stringify(opsOf(item))) return item.reapply();
    this.page.patch(/** @type {any} */ (ops));
    item.discard();
  }

  /** @param {Item} item @param {() => unknown} decide */
  #decide(item, decide) {
    try {
      decide();
      delete this.#places[item.id];
      this.#store();
    } catch (error) {
      const { code, message } = /** @type {any} */ (error);
      toast(code ? GONE : message, { tone: "danger" });
    }
  }

  /** Who has locked the section of an item. @param {Item} item */
  #holderOf(item) {
    const pointer = this.#pointerOf(item) ?? "";
    const { workspace } = this;
    const section = workspace.sections.find(({ id }) =>
      `${pointer}/`.startsWith(`${workspace.sectionAt(id)?.at}/`),
    );
    return section ? workspace.lockedBy(section.id) : null;
  }

  /** The tray: all changes that wait for a decision. */
  list() {
    const show = (/** @type {Item} */ item) => {
      shown.close();
      this.#open = [item.id, ...this.#open.filter((id) => id !== item.id)];
      this.draw();
      this.cards.querySelector("button")?.focus();
    };
    const rows = this.page.attention.map((item) =>
      h(
        "li",
        {},
        h(
          "button",
          { type: "button", onclick: () => show(item) },
          h("b", {}, capital(this.#wordsOf(item))),
          h("span", {}, advice(this.#told(item))),
          h("small", {}, ago(item.at)),
        ),
      ),
    );
    const shown = openDialog({
      title: "Needs attention",
      kind: "sheet",
      body: [h("ul", { class: "waiting", role: "list" }, ...rows)],
    });
  }
}

/** Whether two people have moved the same element: then the values are pointers. @param {Item} item */
function isMove({ reason, path, yours, theirs }) {
  return reason === "overwritten" && yours === path && /\/\d+$/.test(theirs);
}

/** The place in a list that a pointer names. @param {string} pointer */
function placeIn(pointer) {
  return `Place ${+(/\d+$/.exec(pointer)?.[0] ?? 0) + 1}`;
}

/** What makes a change again. @param {Item} item @returns {import("../sdk/patch/patch.js").Op[]} */
function opsOf({ ops, path, yours }) {
  return ops ?? [{ op: "replace", path, value: yours }];
}

/** The words of a value: of a section, all its texts. @param {any} value @returns {string} */
function wordsIn(value) {
  if (value === null || value === undefined) return "";
  if (typeof value !== "object") return value === true ? "Yes" : value === false ? "No" : `${value}`;
  const names = new Set(["id", "type", "style", "width", "height", "icon"]);
  return Object.entries(value)
    .filter(([name, each]) => !names.has(name) && each !== "")
    .map(([, each]) => wordsIn(each))
    .filter(Boolean)
    .join(" · ");
}

/** @param {string} key @returns {Record<string, Place>} */
function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    return {}; // another program's value
  }
}
