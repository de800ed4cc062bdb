// What all parts of the editor share: the document, the page of the site that is shown, and the selection.
//
// A part listens here, and changes the document by `commands.js` or by `page` itself. Events:
// `value` (the document changed; with `{mine, kind, by}`), `shown` (another page of the site),
// `selected`, `editing` (a text is being edited in place, or none any more), `entered` (the pointer and the
// element of a field that gets the focus), `status` (of the SDK), `locks` (`lockedBy` may have changed),
// `others` (another person's change is shown: `news.js`), `screen` (a user opens one of `screens.js`), `field`
// (the user changes another value in a screen), `undone` (what undo took back), `published` (this user has
// published, or a screen has seen that somebody did), `public` (another version is public: `live`).

import { at, tokensOf } from "./place_words.js";
import { Emitter } from "../ui/emitter.js";
import { escaped, fields, member, text } from "../page/values.js";

/** @typedef {import("../sdk/weft.js").Page} Page */
/** @typedef {import("../page/values.js").Fields} Fields */
/**
 * A banner. `stays`: the user cannot close it. `other` is a second action.
 * @typedef {{key: string, words: string, tone?: "warning" | "danger", action?: string, run?: () => void, other?: [string, () => void], stays?: boolean}} Notice
 */
/** @typedef {{id: string, pointer: string | null}} Selection the section, and the field in it as a JSON Pointer of the document */

/** @type {any[]} */
const NONE = [];

export class Workspace extends Emitter {
  /** @type {Selection | null} */
  selection = null;
  /** @type {string | null} the pointer of the text that is edited in place */
  editing = null;
  /** The pointer of the value that the user changes in a screen. It emits `field`. @type {string | null} */
  field = null;
  /** The public version and its time, as this tab knows it. The presence tells it to other tabs. */
  live = "";
  /** Whether the server takes no changes now, of any user. */
  isHeld = false;
  /** Banners of other parts, for `notices.js`. @type {(() => (Notice | false | null)[])[]} */
  notices = [];
  /** Further choices in the menu of a section. @type {(id: string) => import("../ui/menu.js").Choice[]} */
  moreChoices = () => [];
  /** The newest change by another person at a pointer. `news.js` sets it. @type {(pointer: string) => {by: {user: string, name: string}, at: number} | null} */
  changedBy = () => null;
  /** The element of a section on the canvas; the canvas gives this. @type {(id: string) => Element | null} */
  nodeOf = () => null;
  /** Who has locked a section for others; null when the user may edit it. `people/locks.js` sets it. @type {(id: string) => {user: string, name: string} | null} */
  lockedBy = () => null;
  /** The element on the canvas that shows a pointer, or the smallest one around it. `canvas/` sets it. @type {(pointer: string) => Element | null} */
  nodeAt = () => null;
  /** A small picture of a section, as it would look on this page. `panels/` sets it. @type {(section: Fields) => Node} */
  drawn = () => document.createElement("div");

  /** The key of the page of the site that is shown. */
  #now;

  /** @param {Page} page @param {string} wanted the key of a page of the site; '' for the first one */
  constructor(page, wanted) {
    super();
    this.page = page;
    this.wanted = wanted;
    this.#now = this.key;
    page.subscribe("", (_, info) => {
      // The shown page stays when another one becomes the first. When it is deleted and comes back, the
      // user stays where they are now.
      this.wanted = member(fields(this.value, "pages"), this.#now) ? this.#now : this.key;
      this.#now = this.key;
      if (this.selection && !this.sectionAt(this.selection.id)) this.select(null);
      this.emit("value", info);
    });
    page.on("notice", ({ code }) => {
      if (code === "read_only" || code === "writable") this.isHeld = code === "read_only";
    });
    page.on("status", () => this.emit("status"));
  }

  get value() {
    return this.page.value;
  }

  get canEdit() {
    return this.page.mode === "edit";
  }

  /** The key of the page of the site that is shown; '' when the document has no page. */
  get key() {
    const pages = fields(this.value, "pages");
    const home = text(fields(this.value, "site"), "home");
    const found = [this.wanted, home, "home"].find((each) => member(pages, each));
    return found ?? Object.keys(pages)[0] ?? "";
  }

  /** The page of the site that is shown, as it is in the document. @returns {Fields} */
  get shown() {
    return fields(fields(this.value, "pages"), this.key);
  }

  /** The JSON Pointer of the list of sections. */
  get sectionsAt() {
    return `/pages/${escaped(this.key)}/sections`;
  }

  /** The sections of the page with an id of their own, in order. @returns {Fields[]} */
  get sections() {
    return this.#read().sections;
  }

  /** A section with its place now; null when it is gone. @param {string} id @returns {{section: Fields, index: number, at: string} | null} */
  sectionAt(id) {
    const { list, places } = this.#read();
    const index = places.get(id);
    return index === undefined ? null : { section: list[index], index, at: `${this.sectionsAt}/${index}` };
  }

  /** @type {{list: any[], places: Map<string, number>, sections: Fields[]}} the list of sections, and the place of each id in it */
  #listed = { list: [], places: new Map(), sections: [] };

  /** Parts ask for sections many times while the list is the same. */
  #read() {
    const found = member(this.shown, "sections");
    const list = Array.isArray(found) ? found : NONE;
    if (list !== this.#listed.list) {
      const places = placesOf(list);
      const sections = list.filter((each, index) => places.get(each?.id) === index);
      this.#listed = { list, places, sections };
    }
    return this.#listed;
  }

  /** Show another page of the site. @param {string} key */
  show(key) {
    if (key === this.key) return;
    this.select(null);
    this.wanted = key;
    this.#now = this.key;
    this.emit("shown");
  }

  /** Select a section, and maybe a field in it; null selects nothing. @param {string | null} id @param {string | null} [pointer] @param {{scroll?: boolean}} [options] with `scroll`, the canvas and the outline show it */
  select(id, pointer = null, { scroll = false } = {}) {
    const same = this.selection?.id === (id ?? undefined) && this.selection?.pointer === pointer;
    this.selection = id === null ? null : { id, pointer };
    if (!same || scroll) this.emit("selected", { scroll });
  }

  /** Go to a place of the document: show its page, and select its section and field. Return whether there is such a section. @param {string} pointer */
  goTo(pointer) {
    const [pages, key, , index, ...field] = tokensOf(pointer);
    const section = at(this.value, [pages, key, "sections", index]);
    if (pages !== "pages" || !section?.id) return false;
    this.show(key);
    this.select(section.id, field.length ? pointer : null, { scroll: true });
    return true;
  }

  /** Say that a text is edited in place now, or with null that none is. @param {string | null} pointer */
  edit(pointer) {
    if (pointer === this.editing) return;
    this.editing = pointer;
    this.emit("editing", pointer);
  }

  /** Let screen readers say a sentence. @param {string} words */
  announce(words) {
    const announcer = /** @type {HTMLElement} */ (document.querySelector("#announcer"));
    // The same words twice are said twice.
    announcer.textContent = announcer.textContent === words ? `${words}\u00a0` : words;
  }
}

/** The first place of each id in a list. @param {any[]} list @returns {Map<string, number>} */
function placesOf(list) {
  const found = new Map();
  list.forEach((each, index) => {
    const id = text(each, "id");
    if (id && id === each.id && !found.has(id)) found.set(id, index);
  });
  return found;
}
