// Places: from a DOM node of a page to the JSON Pointer that it shows, and back.

import { elementOf } from "./dom.js";

/**
 * Return the JSON Pointer of the value that a node shows, or null outside the page.
 *
 * @param {Node | null} node
 * @param {Map<string, string>} sections the pointer of each section, by its key
 * @returns {string | null}
 */
export function pointerOf(node, sections) {
  let inside = "";
  for (let each = node; each; each = each.parentNode) {
    const element = elementOf(each);
    if (!element) continue;
    const section = isSection(element) ? sections.get(element.key) : undefined;
    if (section !== undefined) return section + inside;
    inside ||= element.at;
  }
  return inside.startsWith("/site/") ? inside : null;
}

/**
 * Return the node that shows the value at a pointer, or the smallest part of the page around it.
 *
 * @param {globalThis.Element} holder
 * @param {string} pointer
 * @param {Map<string, string>} sections
 * @returns {globalThis.Element | null}
 */
export function nodeAt(holder, pointer, sections) {
  const root = partOf(holder, pointer, sections);
  /** @type {globalThis.Element | null} */
  let best = null;
  let length = -1;
  for (const node of root ? [root, ...root.querySelectorAll("*")] : []) {
    const at = pointerOf(node, sections);
    if (at === null || !isPrefix(at, pointer) || at.length <= length) continue;
    [best, length] = [node, at.length];
  }
  return best;
}

/**
 * The section that contains a pointer, or the header.
 *
 * @param {globalThis.Element} holder
 * @param {string} pointer
 * @param {Map<string, string>} sections
 */
function partOf(holder, pointer, sections) {
  for (const [key, at] of sections) {
    if (!isPrefix(at, pointer)) continue;
    return (
      [...holder.querySelectorAll("main > *, footer > *")].find((node) => elementOf(node)?.key === key) ??
      null
    );
  }
  return holder.querySelector("header");
}

/** Whether an element is a section: an item of a list may have the same key. @param {import("./nodes.js").Element} element */
function isSection({ attributes }) {
  return /(^| )space-/.test(attributes.class ?? "");
}

/** @param {string} start @param {string} pointer */
function isPrefix(start, pointer) {
  return pointer === start || pointer.startsWith(`${start}/`);
}
