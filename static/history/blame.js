// Who wrote what a place shows, and when: the newest change of the place up to a version.
//
// The server tells the places of each change by the numbers of list elements. Where elements were
// added, removed or moved, and where a whole part was written, two values are compared.

import { at, pointerNow, tokensOf } from "../editor/place_words.js";
import { first, movesSections } from "./story.js";

/** @typedef {import("./story.js").Row} Row */
/** @typedef {{by: import("./story.js").Author, at: string, kind: string, version: number}} Found */
/** @typedef {{before: string}} Older the change is older than this time */

const MOST_PAGES = 8;
const MOST_COMPARED = 16;

/** Whether one pointer is inside the other. @param {string} one @param {string} other */
const meets = (one, other) => `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);

/** Whether a change at `pointer` may change the numbers in `place`. @param {string} pointer @param {string} place */
function shifts(pointer, place) {
  const end = pointer.lastIndexOf("/");
  return /^(\d+|-)$/.test(pointer.slice(end + 1)) && place.startsWith(`${pointer.slice(0, end)}/`);
}

/** What a place shows. @param {any} value @param {string} place of `lasting` */
function shown(value, place) {
  const pointer = pointerNow(value, place);
  return pointer === null ? undefined : JSON.stringify(at(value, tokensOf(pointer)));
}

export class Blame {
  /** @type {Map<string, Promise<Found | Older | null>>} */
  #known = new Map();

  /** @param {import("./story.js").List} list @param {import("./versions.js").Versions} versions */
  constructor(list, versions) {
    this.ask = list;
    this.versions = versions;
  }

  /** The answers that were read last: users ask about many places of one version. @type {Map<string, ReturnType<import("./story.js").List>>} */
  #answers = new Map();

  /** @param {Parameters<import("./story.js").List>[0]} options */
  list(options) {
    const key = JSON.stringify(options);
    const asked = this.#answers.get(key) ?? this.ask(options);
    this.#answers.delete(key);
    this.#answers.set(key, asked);
    asked.catch(() => this.#answers.delete(key));
    if (this.#answers.size > MOST_PAGES)
      this.#answers.delete(/** @type {string} */ (this.#answers.keys().next().value));
    return asked;
  }

  /**
   * @param {any} value at the version `upto`
   * @param {string} place as `lasting` returns it
   * @param {number} upto
   * @param {{from?: number, differs?: (before: any, after: any) => boolean}} [options] the oldest version to look at, and what counts as a change
   * @returns {Promise<Found | Older | null>}
   */
  of(value, place, upto, { from = 1, differs } = {}) {
    const key = `${upto} ${from} ${differs ? "moved" : ""} ${place}`;
    const known = this.#known.get(key);
    if (known) return known;
    const asked = this.#search(value, place, { to: upto, from }, differs);
    this.#known.set(key, asked);
    asked.catch(() => this.#known.delete(key));
    if (this.#known.size > 500) this.#known.delete(/** @type {string} */ (this.#known.keys().next().value));
    return asked;
  }

  /** @param {any} value @param {string} place @param {{to: number, from: number}} range @param {((before: any, after: any) => boolean) | undefined} differs */
  async #search(value, place, range, differs) {
    const row = await this.#walk(value, place, range, differs);
    if (!row || "before" in row || row.from === undefined) return row;
    // The row has several changes of one person. Find the newest one of the place.
    const last = row.version === range.to ? value : await this.versions.at(row.version);
    const inner = { to: row.version, from: row.from, each: /** @type {const} */ (1) };
    const exact = await this.#walk(last, place, inner, differs);
    return exact && !("before" in exact) ? exact : row;
  }

  /** @param {any} value @param {string} place @param {{to: number, from: number, each?: 1}} range @param {((before: any, after: any) => boolean) | undefined} differs @returns {Promise<Row | Older | null>} */
  async #walk(
    value,
    place,
    range,
    differs = (before, after) => shown(before, place) !== shown(after, place),
  ) {
    let pointer = pointerNow(value, place);
    let compared = 0;
    let time = "";
    /** @type {string | undefined} */
    let cursor;
    for (let page = 0; page < MOST_PAGES; page += 1) {
      const answer = await this.list({ ...range, limit: 500, cursor });
      for (const row of answer.items) {
        if (/^(create|import)$/.test(row.kind)) return row;
        time = row.at;
        const moves = movesSections(row) || row.pointers.some((each) => shifts(each, pointer ?? ""));
        const touches = row.pointers.filter((each) => pointer !== null && meets(each, pointer));
        if (!moves && !touches.length) continue;
        const isSure = !moves && touches.some((each) => each.startsWith(/** @type {string} */ (pointer)));
        if (isSure) return row;
        if ((compared += 1) > MOST_COMPARED) return { before: row.at };
        const [before, after] = await Promise.all([
          this.versions.at(first(row) - 1),
          this.versions.at(row.version),
        ]);
        if (differs(before, after)) return row;
        pointer = pointerNow(before, place);
      }
      cursor = answer.cursor;
      if (!cursor) return null;
    }
    return { before: time };
  }
}
