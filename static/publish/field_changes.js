// What changed inside a section, the style or the settings of a page: each field with both values.

import { safeImage } from "../page/links.js";
import { plain } from "../page/rich_text.js";
import { isObject, strip, text } from "../page/values.js";
import { at, capital, lasting, placeInside, pointerNow, tokensOf } from "../editor/place_words.js";
import { differences } from "../safety/differences.js";
import { markedWords } from "../safety/word_diff.js";

/** @typedef {import("../safety/differences.js").Difference} Difference */
/** @typedef {{words: string, mark: "" | "new" | "old"}} Part */
/**
 * A field. A text has `parts`, a picture and a colour have both values.
 * @typedef {{words: string, pointer: string | null, kind: "text" | "picture" | "color" | "moved", before: string, after: string, parts: Part[]}} Field
 */

/** What users call fields outside the sections, where the words of a place say it badly. @type {[RegExp, string][]} */
const LABELS = [
  [/^\/pages\/[^/]+\/title$/, "Title"],
  [/^\/pages\/[^/]+\/slug$/, "Address"],
  [/^\/pages\/[^/]+\/seo\/title$/, "Title for search engines"],
  [/^\/pages\/[^/]+\/seo\/description$/, "Description for search engines"],
  [/^\/pages\/[^/]+\/seo\/image(\/src)?$/, "Picture for shared links"],
  [/^\/pages\/[^/]+\/seo\/robots$/, "Search engines may list it"],
  [/^\/pages\/[^/]+\/seo$/, "Texts for search engines"],
  [/^\/theme\/colors\/accent$/, "Accent colour"],
  [/^\/theme\/colors\/background$/, "Background colour"],
  [/^\/theme\/colors\/text$/, "Text colour"],
  [/^\/theme\/fonts\/heading$/, "Font of headings"],
  [/^\/theme\/fonts\/body$/, "Font of texts"],
  [/^\/theme\/fonts\/scale$/, "Size of headlines"],
  [/^\/theme\/spacing$/, "Space between sections"],
  [/^\/site\/home$/, "First page"],
  [/^\/theme\/radius$/, "Round corners"],
  [/^\/theme\/mode$/, "Light or dark"],
  [/^\/site\/name$/, "Name of the site"],
  [/^\/site\/language$/, "Language"],
];
const COLOR = /^#[0-9a-f]{3,8}$/i;
/** The size of a picture, and what the entry of the section says itself. */
const UNTOLD = /\/(image|logo)\/(width|height)$|\/sections\/\d+\/hidden$/;
const SECTION = /^\/pages\/[^/]+\/sections\/\d+$/;
/** Members that visitors do not read. */
const UNREAD = new Set(["id", "src", "href", "link", "action", "icon", "style", "kind", "type"]);
/** Words around a change that stay readable, in characters. */
const NEAR = 48;

/**
 * The fields that differ. A picture is one field, without its size.
 *
 * @param {unknown} was @param {unknown} is both documents
 * @param {Difference[]} found
 * @returns {Field[]}
 */
export function fieldsOf(was, is, found) {
  return found
    .flatMap((each) => membersOf(was, is, each))
    .filter(({ pointer }) => !UNTOLD.test(pointer))
    .flatMap((each) => fieldOf(was, is, each) ?? []);
}

/** The members of an object that is new or gone, such as the style of a section: each of them is a field. @param {unknown} was @param {unknown} is @param {Difference} each @returns {Difference[]} */
function membersOf(was, is, each) {
  const { kind, pointer } = each;
  if ((kind !== "added" && kind !== "removed") || /\/\d+$/.test(pointer)) return [each];
  const value = at(kind === "added" ? is : was, tokensOf(pointer));
  if (!isObject(value) || text(value, "src")) return [each];
  const all = kind === "added" ? differences({}, value, pointer) : differences(value, {}, pointer);
  return all.flatMap((inner) => membersOf(was, is, inner));
}

/** @param {unknown} was @param {unknown} is @param {Difference} each @returns {Field | null} */
function fieldOf(was, is, each) {
  const { before, after, home, pointer } = valuesOf(was, is, each);
  const field = { words: labelOf(home, pointer), before: "", after: "", parts: [] };
  const now = each.kind === "removed" ? null : pointer;
  if (each.kind === "moved") return SECTION.test(pointer) ? null : { ...field, pointer: now, kind: "moved" };
  const [old, fresh] = [pictureOf(before, pointer), pictureOf(after, pointer)];
  if (old || fresh)
    return old === fresh ? null : { ...field, pointer: now, kind: "picture", before: old, after: fresh };
  const [one, other] = [shownValue(before), shownValue(after)];
  if (one === other) return null;
  const both = { ...field, pointer: now, before: one, after: other };
  if ([one, other].every((value) => !value || COLOR.test(value))) return { ...both, kind: "color" };
  return { ...both, kind: "text", parts: compared(one, other) };
}

/** Both values of a difference, and the document that has its place. @param {unknown} was @param {unknown} is @param {Difference} each */
function valuesOf(was, is, { pointer, kind }) {
  if (kind === "removed") return { before: at(was, tokensOf(pointer)), after: undefined, home: was, pointer };
  // The elements around the place may have moved.
  const earlier = kind === "added" ? null : pointerNow(was, lasting(is, pointer));
  const before = earlier === null ? undefined : at(was, tokensOf(earlier));
  return { before, after: at(is, tokensOf(pointer)), home: is, pointer };
}

/** What users call a field of a page, the theme or the site; undefined for a field of a section. @param {string} pointer */
export const labelFor = (pointer) => LABELS.find(([place]) => place.test(pointer))?.[1];

/** @param {unknown} home the document @param {string} pointer */
const labelOf = (home, pointer) => labelFor(pointer) ?? capital(placeInside(home, pointer));

/** A value as words. @param {unknown} value @returns {string} */
export function shownValue(value) {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return strip(value);
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return `${value}`;
  return textsOf(value).join(" · ");
}

/** The texts inside a value that visitors read. @param {unknown} value @returns {string[]} */
function textsOf(value) {
  if (typeof value === "string") return strip(value) ? [strip(value)] : [];
  if (Array.isArray(value)) return value.flatMap(textsOf);
  if (!isObject(value)) return [];
  return Object.entries(/** @type {object} */ (value)).flatMap(([name, each]) =>
    UNREAD.has(name) ? [] : textsOf(each),
  );
}

/** The address of a picture; '' for anything else. @param {unknown} value @param {string} [pointer] */
function pictureOf(value, pointer = "/src") {
  if (typeof value === "string") return pointer.endsWith("/src") ? safeImage(value) : "";
  return safeImage(text(value, "src"));
}

/** Below this share of words that stay, a text counts as written again. */
const KEPT = 0.4;

/** One text with the old and the new words marked. Long stretches without a change are cut. @param {string} before @param {string} after @returns {Part[]} */
export function compared(before, after) {
  const [one, other] = [plain(before), plain(after)];
  // Without the marks of rich text, the texts may be the same.
  const given = one === other ? [before, after] : [one, other];
  const parts = together(...markedWords(given[0], given[1]));
  const letters = (/** @type {string} */ words) => words.replace(/\s/g, "").length;
  const kept = parts.reduce((sum, { words, mark }) => sum + (mark ? 0 : letters(words)), 0);
  if (before && after && kept < KEPT * Math.min(letters(given[0]), letters(given[1])))
    return [
      { words: given[0], mark: "old" },
      { words: given[1], mark: "new" },
    ];
  return parts.map((part, index) =>
    part.mark ? part : { words: cut(part.words, index === 0, index === parts.length - 1), mark: "" },
  );
}

/** Both texts as one: what is gone, what is new, and what stays. @param {import("../safety/word_diff.js").Part[]} old @param {import("../safety/word_diff.js").Part[]} fresh @returns {Part[]} */
function together(old, fresh) {
  /** @type {Part[]} */
  const parts = [];
  let [gone, added] = ["", ""];
  const close = () => {
    if (gone) parts.push({ words: gone, mark: "old" });
    if (added) parts.push({ words: added, mark: "new" });
    [gone, added] = ["", ""];
  };
  const [left, right] = [old, fresh].map((list) => list.map((each) => ({ ...each })));
  while (left.length || right.length) {
    if (left[0]?.isChanged) gone += left.shift()?.words ?? "";
    else if (right[0]?.isChanged) added += right.shift()?.words ?? "";
    else {
      // The same words on both sides, which may be in other pieces.
      const length = Math.min(left[0]?.words.length ?? 0, right[0]?.words.length ?? 0);
      if (!length) break;
      const words = left[0].words.slice(0, length);
      for (const side of [left, right]) {
        side[0].words = side[0].words.slice(length);
        if (!side[0].words) side.shift();
      }
      const isBetween = (gone || added) && /^\s*$/.test(words) && (left[0]?.isChanged || right[0]?.isChanged);
      // A space between two changes belongs to both.
      if (isBetween) [gone, added] = [gone && gone + words, added && added + words];
      else {
        close();
        parts.push({ words, mark: "" });
      }
    }
  }
  close();
  return parts;
}

/** @param {string} words @param {boolean} isFirst @param {boolean} isLast */
function cut(words, isFirst, isLast) {
  const [head, tail] = [isFirst ? 0 : NEAR, isLast ? 0 : NEAR];
  if (words.length <= head + tail + NEAR / 2) return words;
  const start = words.slice(0, head).replace(/\S+$/, "");
  const end = tail ? words.slice(-tail).replace(/^\S+/, "") : "";
  return `${start}…${end}`;
}
