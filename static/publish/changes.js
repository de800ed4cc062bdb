// What changes for visitors between two values of the document: section by section, page by page.

import { plain } from "../page/rich_text.js";
import { Site } from "../page/site.js";
import { escaped, fields, isObject, member, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";
import { differences } from "../safety/differences.js";
import { movedOf } from "../safety/order.js";
import { fieldsOf } from "./field_changes.js";

/** @typedef {import("../page/values.js").Fields} Fields */
/** @typedef {"added" | "removed" | "changed" | "moved" | "shown" | "hidden"} Kind */
/**
 * One change. `key` names its place also after a move. `pointer` is of the later value; null when the place is gone.
 * @typedef {object} Entry
 * @property {string} key
 * @property {"section" | "page" | "settings" | "navigation" | "site" | "theme" | "other"} what
 * @property {Kind} kind
 * @property {string} name
 * @property {string} type of a section
 * @property {string} about the headline of a section, or the title of a page
 * @property {string | null} pointer
 * @property {string} moved where a section is now, when it has moved
 * @property {import("./field_changes.js").Field[]} fields
 * @property {{name: string, type: string}[]} sections of a page that is new
 */
/** @typedef {{key: string, title: string, entries: Entry[]}} Group a page of the site; the key of the whole site is '' */

const WHOLE = { theme: "Theme", navigation: "Navigation", site: "Site", other: "Other data" };

/** The key of a section's entry, and of the other entries of a page. @param {string} page @param {string} section */
export const sectionKey = (page, section) => `/pages/${escaped(page)}/#${section}`;
/** @param {string} page */
export const pageKey = (page) => `/pages/${escaped(page)}`;

/** A name for each section of a list: its id, unless an earlier section has it. @param {unknown} list @returns {string[]} */
export function namesOf(list) {
  /** @type {Map<string, number>} */
  const met = new Map();
  return (Array.isArray(list) ? list : []).map((each) => {
    const id = text(each, "id");
    const count = (met.get(id) ?? 0) + 1;
    met.set(id, count);
    return count === 1 && id ? id : `${id}~${count}`;
  });
}

/**
 * The changes between what visitors see and what they would see, in the order of the page.
 *
 * @param {unknown} before null when visitors see nothing yet
 * @param {unknown} after
 * @returns {Group[]} only groups with entries
 */
export function changesBetween(before, after) {
  const [was, is] = [new Site(before, ""), new Site(after, "")];
  const old = new Map(was.pages.map((page) => [page.key, page]));
  const groups = [
    { key: "", title: "The whole site", entries: ofSite(was.value, is.value, before === null) },
  ];
  for (const page of is.pages) {
    const earlier = old.get(page.key);
    old.delete(page.key);
    const entries = earlier ? ofPage(was.value, is.value, page.key) : [newPage(page)];
    groups.push({ key: page.key, title: titleOf(page), entries });
  }
  for (const page of old.values()) {
    const gone = entry("page", "removed", { key: pageKey(page.key), name: "Page", about: titleOf(page) });
    groups.push({ key: page.key, title: titleOf(page), entries: [gone] });
  }
  return groups.filter(({ entries }) => entries.length);
}

/** How many changes there are. @param {Group[]} groups */
export const countOf = (groups) => groups.reduce((sum, { entries }) => sum + entries.length, 0);

/** @param {Entry["what"]} what @param {Kind} kind @param {Partial<Entry> & {key: string, name: string}} more @returns {Entry} */
function entry(what, kind, more) {
  return { what, kind, type: "", about: "", pointer: null, moved: "", fields: [], sections: [], ...more };
}

/** @param {import("../page/site.js").Page} page */
const titleOf = ({ title, key }) => title || key;

/** @param {import("../page/site.js").Page} page */
function newPage(page) {
  const sections = visible(page.fields).map(({ section }) => ({
    name: nameOf(section),
    type: text(section, "type"),
  }));
  const key = pageKey(page.key);
  return entry("page", "added", { key, name: "Page", about: titleOf(page), pointer: key, sections });
}

/** @param {Fields} was @param {Fields} is @param {boolean} isFirst the whole site is new: only its pages are told @returns {Entry[]} */
function ofSite(was, is, isFirst) {
  if (isFirst) return [];
  /** @type {Map<keyof typeof WHOLE, import("../safety/differences.js").Difference[]>} */
  const found = new Map();
  const rest = (/** @type {Fields} */ value) => ({ ...value, pages: null });
  for (const each of differences(rest(was), rest(is))) {
    const [, root, inner] = each.pointer.split("/");
    const what =
      root === "theme" ? "theme" : root !== "site" ? "other" : inner === "navigation" ? inner : "site";
    found.set(what, [...(found.get(what) ?? []), each]);
  }
  return /** @type {(keyof typeof WHOLE)[]} */ (Object.keys(WHOLE)).flatMap((what) => {
    const list = found.get(what);
    if (!list) return [];
    const key = { theme: "/theme", navigation: "/site/navigation", site: "/site", other: "/" }[what];
    const fields = what === "other" ? [] : fieldsOf(was, is, list);
    return [
      entry(what, "changed", { key, name: WHOLE[what], pointer: what === "other" ? null : key, fields }),
    ];
  });
}

/** @param {Fields} was @param {Fields} is @param {string} page @returns {Entry[]} */
function ofPage(was, is, page) {
  const at = pageKey(page);
  const rest = (/** @type {Fields} */ value) => ({ ...fields(fields(value, "pages"), page), sections: null });
  const own = fieldsOf(was, is, differences(rest(was), rest(is), at));
  const settings = own.length
    ? [
        entry("settings", "changed", {
          key: at,
          name: "Title and address",
          pointer: `${at}/title`,
          fields: own,
        }),
      ]
    : [];
  return [...settings, ...ofSections(was, is, page)];
}

/** @typedef {{section: Fields, name: string, index: number}} Seen a section that visitors see, with its place in the list */

/** @param {unknown} page @returns {Seen[]} */
function visible(page) {
  const list = member(page, "sections");
  const names = namesOf(list);
  return (Array.isArray(list) ? list : [])
    .map((section, index) => ({ section, name: names[index], index }))
    .filter(({ section }) => isObject(section) && section.hidden !== true);
}

/** @param {Fields} was @param {Fields} is @param {string} page @returns {Entry[]} */
function ofSections(was, is, page) {
  const [one, other] = [was, is].map((value) => fields(fields(value, "pages"), page));
  const [before, after] = [visible(one), visible(other)];
  const [old, now] = [before, after].map((list) => new Map(list.map((each) => [each.name, each])));
  const [all, allNow] = [one, other].map((each) => new Set(namesOf(member(each, "sections"))));
  const moved = movedOf(
    before.map(({ name }) => name).filter((name) => now.has(name)),
    after.map(({ name }) => name).filter((name) => old.has(name)),
  );
  /** @type {{name: string, entry: Entry | null}[]} */
  const found = after.map((each, place) => {
    const at = `${pageKey(page)}/sections/${each.index}`;
    const earlier = old.get(each.name);
    const more = { ...sectionOf(page, each), pointer: at };
    if (!earlier)
      return { name: each.name, entry: entry("section", all.has(each.name) ? "shown" : "added", more) };
    const list = differences(earlier.section, each.section, at);
    const changed = fieldsOf(was, is, list);
    const where = moved.has(each.name) ? placeOf(before, after, each.name, place) : "";
    // A change that has no field to show, as of a picture's size, is a change too.
    const isChanged = list.some(({ kind, pointer }) => kind !== "moved" || pointer !== at);
    if (!isChanged && !where) return { name: each.name, entry: null };
    const kind = isChanged ? "changed" : "moved";
    return { name: each.name, entry: entry("section", kind, { ...more, moved: where, fields: changed }) };
  });
  // What is gone stands where it was: after the section that was before it.
  before.forEach((each, place) => {
    if (now.has(each.name)) return;
    const kind = allNow.has(each.name) ? "hidden" : "removed";
    const index = namesOf(member(other, "sections")).indexOf(each.name);
    const pointer = index < 0 ? null : `${pageKey(page)}/sections/${index}`;
    const previous = place ? found.findIndex(({ name }) => name === before[place - 1].name) : -1;
    const gone = entry("section", kind, { ...sectionOf(page, each), pointer });
    found.splice(previous + 1, 0, { name: each.name, entry: gone });
  });
  return found.flatMap((each) => each.entry ?? []);
}

/** @param {string} page @param {Seen} seen */
function sectionOf(page, { section, name }) {
  const content = fields(section, "content");
  const about = plain(text(content, "headline") || text(content, "text"));
  return { key: sectionKey(page, name), name: nameOf(section), type: text(section, "type"), about };
}

/** Where a section is now, in words. @param {Seen[]} before @param {Seen[]} after @param {string} name @param {number} place */
function placeOf(before, after, name, place) {
  const was = before.findIndex((each) => each.name === name);
  const way = place < was ? "up" : "down";
  return place === 0
    ? "Moved to the top"
    : `Moved ${way === "up" || place !== was ? way : "along"}, now after ${nameOf(after[place - 1].section)}`;
}
