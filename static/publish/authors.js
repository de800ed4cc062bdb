// Who changed what since a version, by the keys of the changes.
//
// A row of the history names places of its own version. Going back from the newest version, the order of
// the sections is that of the later value, until a row that may have changed it: then the values around
// that row are read and compared.

import { member } from "../page/values.js";
import { tokensOf } from "../editor/place_words.js";
import { changesBetween, namesOf, pageKey, sectionKey } from "./changes.js";

/** @typedef {{user: string, name: string, at: number}} Author `at` is the time of their newest change */
/** @typedef {{version: number, by: {user: string, name: string}, at: string, pointers?: string[]}} Row */
/** @typedef {{list: (options: any) => Promise<{items: Row[], cursor?: string}>, at: (version: number) => Promise<any>}} History */

const PAGE = 500;
/** The most rows, and the most older values that are read. */
const MOST_ROWS = 2000;
const MOST_VALUES = 24;
/** A row with this many places may have more, which it does not name. */
const MANY = 20;

export class Authors {
  /** The authors of each change, the newest first. @type {Map<string, Author[]>} */
  byKey = new Map();
  /** Whether there were too many changes to read all. */
  isPartial = false;
  #rows = 0;
  /** The value that was read last: the next row may need it. @type {{version: number, value: unknown}} */
  #newest = { version: 0, value: null };
  #values = 0;

  /** @param {History} history */
  constructor(history) {
    this.history = history;
  }

  /**
   * Read the rows of some versions. A later call adds the rows of later versions.
   *
   * @param {number} from the version before the first one
   * @param {number} to
   * @param {unknown} value at `to`
   */
  async read(from, to, value) {
    let order = value;
    for await (const row of this.#rowsOf(from, to)) {
      const paths = row.pointers ?? [];
      if (!paths.some(isOfOrder) && paths.length < MANY) {
        for (const path of paths) this.#note(keysAt(order, path), row);
        continue;
      }
      // What such a row names is not all: a part of a moved section, for example, is not in it.
      const now = row.version === to ? value : await this.#at(row.version);
      const earlier = await this.#at(row.version - 1);
      if (this.isPartial) return;
      const entries = changesBetween(earlier, now).flatMap(({ key: page, entries: all }) =>
        all.map((entry) => ({ ...entry, page: pageKey(page) })),
      );
      const touched = entries.flatMap(({ key, what, page }) =>
        what === "section" ? [key, `${page}*`] : [key],
      );
      // The index of a removed section is that of the section after it.
      const isExact = !entries.some(({ kind }) => kind === "removed");
      this.#note(new Set([...touched, ...(isExact ? paths.flatMap((path) => keysAt(now, path)) : [])]), row);
      order = earlier;
    }
  }

  /** @param {number} version @returns {Promise<unknown>} */
  async #at(version) {
    if (version < 1) return null;
    if (version === this.#newest.version) return this.#newest.value;
    this.#values += 1;
    if (this.#values > MOST_VALUES) return void (this.isPartial = true);
    this.#newest = { version, value: await this.history.at(version) };
    return this.#newest.value;
  }

  /** The authors of a change. @param {import("./changes.js").Entry} entry @returns {Author[]} */
  of({ what, key }) {
    const all = (what === "page" ? [key, `${key}*`] : [key]).flatMap((each) => this.byKey.get(each) ?? []);
    const newest = new Map([...all].sort((one, other) => one.at - other.at).map((each) => [each.user, each]));
    return [...newest.values()].sort((one, other) => other.at - one.at);
  }

  /** The newest rows first. @param {number} from @param {number} to */
  async *#rowsOf(from, to) {
    /** @type {string | undefined} */
    let cursor;
    do {
      const more = cursor ? { cursor } : {};
      const found = await this.history.list({ each: 1, from: from + 1, to, limit: PAGE, ...more });
      for (const row of found.items) if (row.version > from) yield row;
      this.#rows += found.items.length;
      cursor = found.cursor;
      if (cursor && this.#rows >= MOST_ROWS) return void (this.isPartial = true);
    } while (cursor);
  }

  /** @param {Iterable<string>} keys @param {Row} row */
  #note(keys, { by, at }) {
    const author = { user: by.user, name: by.name, at: Date.parse(at) };
    for (const key of keys) {
      const all = this.byKey.get(key) ?? [];
      const known = all.find(({ user }) => user === by.user);
      if (known) known.at = Math.max(known.at, author.at);
      else all.push({ ...author });
      this.byKey.set(
        key,
        all.sort((one, other) => other.at - one.at),
      );
    }
  }
}

/** Whether a change at this place may add, remove or move sections. @param {string} pointer */
function isOfOrder(pointer) {
  const [root, , list, , ...rest] = tokensOf(pointer);
  return (
    root === undefined || (root === "pages" && (list === undefined || list === "sections") && !rest.length)
  );
}

/** The keys of the changes that a place belongs to. @param {unknown} value @param {string} pointer */
function keysAt(value, pointer) {
  const [root, page, list, index] = tokensOf(pointer);
  if (root === "theme") return ["/theme"];
  if (root === "site")
    return page === undefined
      ? ["/site", "/site/navigation"]
      : [page === "navigation" ? "/site/navigation" : "/site"];
  if (root !== "pages" || page === undefined) return root === undefined || root === "pages" ? [] : ["/"];
  const all = pageKey(page);
  if (list === undefined) return [all];
  if (list !== "sections") return [all, `${all}*`];
  const names = namesOf(member(member(member(value, "pages"), page), "sections"));
  const name = index === undefined ? undefined : names[+index];
  return name === undefined ? [`${all}*`] : [sectionKey(page, name), `${all}*`];
}
