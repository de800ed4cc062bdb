// What a click or a drag chose on the page, in the text of the document.

import { elementOf } from "../page/dom.js";
import { offsetIn, sourcePlace } from "./source.js";

/** @typedef {import("./sheet.js").Sheet} Sheet */
/** @typedef {import("./sheet.js").TextPlace} TextPlace */

/** @param {Sheet} sheet @param {string} words the text of the document @param {TextPlace} found @param {MouseEvent} event @returns {{start: number, end: number}} */
export function chosen(sheet, words, found, event) {
  const { anchorNode, anchorOffset, focusNode, focusOffset } = document.getSelection() ?? {};
  const one = placeIn(sheet, words, found, anchorNode, anchorOffset);
  const other = placeIn(sheet, words, found, focusNode, focusOffset);
  if (one !== null && other !== null) return { start: Math.min(one, other), end: Math.max(one, other) };
  const caret = caretAt(event.clientX, event.clientY);
  const at = placeIn(sheet, words, found, caret?.node, caret?.offset) ?? words.length;
  return { start: at, end: at };
}

/** @param {Sheet} sheet @param {string} words @param {TextPlace} found @param {Node | null} [node] @param {number} [offset] @returns {number | null} */
function placeIn(sheet, words, { pointer, kind }, node, offset = 0) {
  const inside = node ? sheet.textAround(node) : null;
  if (!node || inside?.pointer !== pointer) return null;
  const paragraphs = [...(inside.node.parentNode?.children ?? [])].filter(
    (each) => elementOf(each)?.kind && sheet.pointerOf(each) === pointer,
  );
  const paragraph = Math.max(0, paragraphs.indexOf(inside.node));
  return sourcePlace(words, kind, paragraph, offsetIn(inside.node, node, offset));
}

/** The place in a text under a point of the window. @param {number} x @param {number} y @returns {{node: Node, offset: number} | null} */
function caretAt(x, y) {
  const page = /** @type {any} */ (document);
  const found = page.caretPositionFromPoint?.(x, y);
  if (found) return { node: found.offsetNode, offset: found.offset };
  const range = page.caretRangeFromPoint?.(x, y);
  return range ? { node: range.startContainer, offset: range.startOffset } : null;
}

/** Whether a double click goes over this letter. @param {string | undefined} letter */
export function isLetter(letter) {
  return letter !== undefined && /[\p{L}\p{N}\p{M}\p{Surrogate}_'’]/u.test(letter);
}

/** A pasted text without its line ends. @param {string} words */
export function oneLine(words) {
  return words
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter(Boolean)
    .join(" ");
}
