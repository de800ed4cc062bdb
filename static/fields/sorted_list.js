// A list that a user sorts: each item has a handle, a part of its own, and a menu.

import { sortable } from "../ui/dragging.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { namesOf } from "./spot.js";

/** @typedef {import("../ui/menu.js").Choice} Choice */
/**
 * What an item shows between its handle and its menu. `open` shows its fields. `update` gets what the
 * item is called now.
 *
 * @typedef {object} Part
 * @property {HTMLElement} content
 * @property {() => void} open
 * @property {(words: string, row: HTMLElement) => void} update
 * @property {() => void} end
 * @property {(path: string[]) => HTMLElement | null} [find]
 */
/**
 * `wordsOf` is what a user calls an item. `more` are the choices of its menu between those to move it and
 * the one to remove it.
 *
 * @typedef {object} Given
 * @property {import("./spot.js").Spot} spot the list
 * @property {import("../editor/workspace.js").Workspace} workspace
 * @property {string} label
 * @property {HTMLElement} scroller
 * @property {(item: any, at: number) => string} wordsOf
 * @property {(name: string, item: import("./spot.js").Spot) => Part} make
 * @property {(name: string) => (Choice | null)[]} more
 * @property {[string, (name: string) => void]} remove
 */

export class SortedList {
  isBlocked = false;
  /** @type {Map<string, Part & {row: HTMLElement}>} */
  parts = new Map();
  /** @type {{items: any[], names: string[]}} */
  #known = { items: [], names: [] };

  /** @param {Given} given */
  constructor(given) {
    this.given = given;
    const { label, scroller, workspace } = given;
    this.element = h("ul", { role: "list", class: "items", "aria-label": label });
    const rows = () =>
      this.names.flatMap((name) => {
        const row = this.parts.get(name)?.row;
        return row ? [/** @type {[string, HTMLElement]} */ ([name, row])] : [];
      });
    this.sorted = sortable(this.element, {
      items: () => new Map(rows()),
      scroller,
      canMove: () => !this.isBlocked,
      nameOf: (name) => this.wordsOf(name),
      drop: (name, before) => this.move(name, before),
      say: (words) => workspace.announce(words),
    });
  }

  /** @returns {any[]} */
  get items() {
    const { value } = this.given.spot;
    return Array.isArray(value) ? value : [];
  }

  /** Names of the items now. An item keeps its name when it moves. */
  get names() {
    const { items } = this;
    if (items !== this.#known.items) this.#known = { items, names: namesOf(items, this.#known) };
    return this.#known.names;
  }

  /** @param {string} name */
  wordsOf(name) {
    const at = this.names.indexOf(name);
    return this.given.wordsOf(this.items[at], at);
  }

  /** Add an item. Return its part. @param {any} value @param {number} [at] by default at the end */
  insert(value, at = this.items.length) {
    const { spot, workspace } = this.given;
    if (Array.isArray(spot.value)) workspace.page.patch([{ op: "add", path: `${spot.at}/${at}`, value }]);
    else spot.write([value]);
    this.update(this.isBlocked);
    return this.parts.get(this.names[at]);
  }

  /** Take an item out. Return what it was called and the change, or null when it is gone. @param {string} name @param {HTMLElement} add gets the focus when no item is left @param {boolean} [isOptional] whether the list goes with its last item */
  remove(name, add, isOptional = false) {
    const { spot, workspace } = this.given;
    const at = this.names.indexOf(name);
    if (at < 0) return null;
    const words = this.wordsOf(name);
    const isLast = isOptional && this.items.length === 1;
    const path = isLast ? spot.at : `${spot.at}/${at}`;
    const made = workspace.page.patch([{ op: "remove", path: /** @type {string} */ (path) }]);
    this.update(this.isBlocked);
    const next = this.parts.get(this.names[at] ?? this.names[at - 1])?.row;
    const handle = /** @type {HTMLElement | null | undefined} */ (next?.querySelector(".handle"));
    (handle ?? add).focus();
    return { words, change: made };
  }

  /** @param {string} name @param {string | null} before null for the end */
  move(name, before) {
    const { spot, workspace } = this.given;
    const from = this.names.indexOf(name);
    const rest = this.names.filter((each) => each !== name);
    const to = before === null ? rest.length : rest.indexOf(before);
    if (from < 0 || to < 0 || from === to) return;
    const words = this.wordsOf(name);
    workspace.page.move(`${spot.at}/${from}`, `${spot.at}/${to}`);
    this.update(this.isBlocked);
    workspace.announce(`${words} moved to place ${to + 1} of ${rest.length + 1}.`);
  }

  /** @param {string} name @returns {(Choice | null)[]} */
  #choices(name) {
    const { names } = this;
    const at = names.indexOf(name);
    const [words, remove] = this.given.remove;
    return [
      { words: "Move up", icon: "arrowUp", disabled: at < 1, run: () => this.move(name, names[at - 1]) },
      {
        words: "Move down",
        icon: "arrowDown",
        disabled: at > names.length - 2,
        run: () => this.move(name, names[at + 2] ?? null),
      },
      ...this.given.more(name),
      null,
      { words, icon: "trash", isDanger: true, run: () => remove(name) },
    ];
  }

  /** @param {string} name */
  #make(name) {
    const handle = h("button", { type: "button", class: "quiet handle", "data-handle": name }, icon("grip"));
    const more = h("button", { type: "button", class: "quiet more" }, icon("more"));
    menuButton(more, () => this.#choices(name));
    const item = this.given.spot.item(() => this.names.indexOf(name));
    const part = this.given.make(name, item);
    const row = h("li", {}, handle, part.content, more);
    this.parts.set(name, { ...part, row });
    return row;
  }

  /** @param {HTMLElement} row @param {string} name */
  #show(row, name) {
    const words = this.wordsOf(name);
    const disabled = this.isBlocked;
    const { firstElementChild: handle, lastElementChild: more } = /** @type {any} */ (row);
    change(handle, { "aria-label": `Move ${words}`, title: `Move ${words}`, disabled });
    change(more, { "aria-label": `More for ${words}`, title: "More", disabled });
    this.parts.get(name)?.update(words, row);
  }

  /** @param {boolean} isBlocked */
  update(isBlocked) {
    this.isBlocked = isBlocked;
    const { names } = this;
    for (const [name, part] of this.parts) {
      if (names.includes(name)) continue;
      part.end();
      this.parts.delete(name);
    }
    keyed(this.element, names, {
      key: (name) => name,
      make: (name) => this.#make(name),
      update: (row, name) => this.#show(row, name),
    });
    this.sorted.refresh();
  }

  end() {
    for (const part of this.parts.values()) part.end();
  }
}
