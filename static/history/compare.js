// What differs between two versions of a document, section by section.

import { at, placeWords, tokensOf } from "../editor/place_words.js";
import { fields, member, text } from "../page/values.js";
import { differences } from "../safety/differences.js";
import { movedOf } from "../safety/order.js";
import { nameOf } from "../templates/sections.js";

/** @typedef {"added" | "removed" | "moved" | "changed" | "hidden" | "shown"} Kind */
/** @typedef {import("../safety/differences.js").Difference} Difference */
/** @typedef {{page: string, id: string, kind: Kind, name: string, places: Difference[], pointer: string}} Part a section that differs; `pointer` is of the later value, or of a removed section in the earlier one */
/** @typedef {{parts: Part[], elsewhere: {words: string, pointer: string}[]}} Comparison */

/** @param {any} before @param {any} after @returns {Comparison} */
export function compared(before, after) {
  /** @type {Map<string, Part>} */
  const parts = new Map();
  /** @type {Comparison["elsewhere"]} */
  const elsewhere = [];
  for (const each of differences(before, after)) {
    const tokens = tokensOf(each.pointer);
    const value = each.kind === "removed" && tokens.length === 4 ? before : after;
    const section = at(value, tokens.slice(0, 4));
    const id = text(section, "id");
    if (tokens[0] !== "pages" || tokens[2] !== "sections" || !id) {
      elsewhere.push({
        words: placeWords(each.kind === "removed" ? before : after, each.pointer),
        pointer: each.pointer,
      });
      continue;
    }
    const key = `${tokens[1]} ${id}`;
    const pointer = each.pointer.split("/", 5).join("/");
    const part = parts.get(key) ?? {
      ...{ page: tokens[1], id, name: nameOf(section), pointer },
      ...{ kind: /** @type {Kind} */ ("changed"), places: [] },
    };
    parts.set(key, part);
    if (tokens.length > 4) part.places.push(each);
    if (tokens.length === 4) part.kind = /** @type {Kind} */ (each.kind);
    else if (tokens[4] === "hidden" && part.kind === "changed")
      part.kind = section.hidden === true ? "hidden" : "shown";
  }
  return { parts: [...parts.values()], elsewhere };
}

/** The pages of a document, in the order of the site. @param {any} value @returns {{key: string, title: string}[]} */
export function pagesOf(value) {
  const pages = Object.entries(fields(value, "pages"));
  const home = text(fields(value, "site"), "home") || "home";
  pages.sort(([one], [other]) => Number(other === home) - Number(one === home));
  return pages.map(([key, page]) => ({ key, title: text(page, "title") || key }));
}

/** The place of a section; null when the page has no such section. @param {any} value @param {string} page @param {string} id @returns {string | null} */
export function placeOf(value, page, id) {
  const list = member(at(value, ["pages", page]), "sections");
  const index = Array.isArray(list) ? list.findIndex((each) => text(each, "id") === id) : -1;
  return index < 0 ? null : `/pages/${page.replaceAll("~", "~0").replaceAll("/", "~1")}/sections/${index}`;
}

/** Whether a section has moved among the sections that both versions have. @param {any} before @param {any} after @param {string} page @param {string} id */
export function hasMoved(before, after, page, id) {
  const [was, is] = [before, after].map((value) => {
    const list = member(at(value, ["pages", page]), "sections");
    return Array.isArray(list) ? list.map((each) => text(each, "id")) : [];
  });
  return movedOf(
    was.filter((each) => is.includes(each)),
    is.filter((each) => was.includes(each)),
  ).has(id);
}
