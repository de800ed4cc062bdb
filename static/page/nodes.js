// The elements of a page as plain values, before they become DOM. `dom.js` compares two of them.

import { clean } from "./links.js";
import { parse } from "./rich_text.js";
import { SPACE, strip } from "./values.js";

/**
 * @typedef {object} Element
 * @property {string} tag
 * @property {Record<string, string>} attributes
 * @property {Child[]} children
 * @property {string} key an element keeps its DOM node while its key stays; '' for none
 * @property {string} at the JSON Pointer of the value that it shows, relative to the section
 * @property {TextKind} [kind] how its text may be edited in place
 * @property {boolean} [isEdited] its children belong to what edits its text
 * @typedef {"plain" | "line" | "lines"} TextKind text without marks, rich text in one line, or rich text of several lines
 * @typedef {string | Element} Child
 * @typedef {Child | null | undefined | false | Content[]} Content nested lists, and nothing
 */

const PARAGRAPHS = new RegExp(`\\n[${SPACE}]*\\n`);

/**
 * Return an element. Attributes that are null are left out.
 *
 * @param {string} tag
 * @param {Record<string, string | null | undefined>} attributes
 * @param {...Content} content
 * @returns {Element}
 */
export function element(tag, attributes, ...content) {
  /** @type {Record<string, string>} */
  const kept = {};
  for (const [name, value] of Object.entries(attributes)) if (value != null) kept[name] = clean(value);
  return { tag, attributes: kept, children: children(content), key: "", at: "" };
}

/**
 * Return an element around content; null without content.
 *
 * @param {string} tag
 * @param {Record<string, string | null | undefined>} attributes
 * @param {...Content} content
 */
export function filled(tag, attributes, ...content) {
  const made = element(tag, attributes, ...content);
  return made.children.length ? made : null;
}

/** Give an element a key and a place. @template {Element | null} T @param {T} made @param {string} at @param {string} [key] @returns {T} */
export function placed(made, at, key = "") {
  if (made) Object.assign(made, { at, key });
  return made;
}

/** Return rich text as content. @param {string} words @param {(address: string) => string} href @param {boolean} [hasLines] a line end is a `<br>` @returns {Content} */
export function rich(words, href, hasLines = false) {
  /** @type {(inline: import('./rich_text.js').Inline) => Content} */
  const shown = (inline) => {
    if (typeof inline === "string") return hasLines ? lines(clean(inline)) : clean(inline);
    const inside = inline.inside.map(shown);
    if (inline.kind !== "a") return filled(inline.kind, {}, inside);
    const target = href(inline.address);
    return target ? filled("a", { href: target }, inside) : inside;
  };
  return parse(words).map(shown);
}

/** Return rich text as paragraphs: an empty line separates them. @param {string} words @param {(address: string) => string} href @param {string | null} [className] */
export function paragraphs(words, href, className = null) {
  const parts = words.replaceAll("\r\n", "\n").split(PARAGRAPHS);
  return parts.map((part) => part && filled("p", { class: className }, rich(strip(part), href, true)));
}

/** @param {string} words @returns {Content} */
function lines(words) {
  return words.split("\n").map((line, number) => [number > 0 && element("br", {}), line]);
}

/** @param {Content[]} content @returns {Child[]} */
function children(content) {
  /** @type {Child[]} */
  const found = [];
  for (const each of /** @type {any[]} */ (content).flat(Infinity)) {
    const last = found.at(-1);
    if (each === null || each === undefined || each === false || each === "") continue;
    if (typeof each === "string" && typeof last === "string") found[found.length - 1] = last + each;
    else found.push(each);
  }
  return found;
}
