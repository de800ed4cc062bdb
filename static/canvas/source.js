// From a place on the page to the place in the text that it shows, and back.

import { pieces } from "../page/rich_text.js";
import { SPACE, strip } from "../page/values.js";

/** @typedef {import("../page/nodes.js").TextKind} TextKind */
/**
 * A character that visitors see: `source` is how the text has it, `at` where that begins.
 * @typedef {{at: number, source: string, word: string, strong: boolean, em: boolean, link: string | null}} Character
 */

const BETWEEN = new RegExp(`\\n[${SPACE}]*\\n`, "g");

/** The characters that visitors see, with their marks. @param {string} words @returns {Character[]} */
export function characters(words) {
  /** @type {Character[]} */
  const found = [];
  /** @type {import("../page/rich_text.js").Piece[]} */
  const open = [];
  let end = 0;
  for (const piece of pieces(words)) {
    if (piece.closes) open.pop();
    else if (piece.opens) open.push(piece);
    else {
      const isEscaped = piece.at > end && words[piece.at - 1] === "\\";
      for (let index = 0; index < piece.words.length; index += 1) {
        const word = piece.words[index];
        const at = piece.at + index - Number(isEscaped);
        const link = open.find(({ kind }) => kind === "a")?.address ?? null;
        const [strong, em] = ["strong", "em"].map((kind) => open.some((each) => each.kind === kind));
        found.push({ at, source: isEscaped ? `\\${word}` : word, word, strong, em, link });
      }
    }
    end = piece.at + piece.words.length;
  }
  return found;
}

/** Where the paragraphs of a text begin and end. @param {string} words @param {TextKind} kind @returns {[number, number][]} */
export function paragraphs(words, kind) {
  /** @type {[number, number][]} */
  const found = [];
  let start = 0;
  if (kind === "lines")
    for (const { index, 0: gap } of words.matchAll(BETWEEN)) {
      found.push([start, index]);
      start = index + gap.length;
    }
  return [...found, [start, words.length]];
}

/** The place in a text of a place on the page. @param {string} words @param {TextKind} kind @param {number} paragraph @param {number} offset in the shown paragraph */
export function sourcePlace(words, kind, paragraph, offset) {
  const shown = paragraphs(words, kind).filter(([start, end]) => strip(words.slice(start, end)));
  const [start, end] = shown[Math.min(paragraph, shown.length - 1)] ?? [0, 0];
  const part = strip(words.slice(start, end));
  const first = start + words.slice(start, end).indexOf(part);
  if (kind === "plain") return first + Math.min(offset, part.length);
  const all = characters(part);
  return first + (all[offset]?.at ?? (all.length ? all[all.length - 1].at + 1 : 0));
}

/** The offset of a place in an element, as its lines are shown. @param {Node} root @param {Node} node @param {number} offset */
export function offsetIn(root, node, offset) {
  let count = 0;
  let isDone = false;
  /** @param {Node} each */
  const visit = (each) => {
    if (each === node && each.nodeType === Node.TEXT_NODE) {
      count += offset;
      isDone = true;
    }
    if (isDone) return;
    if (each.nodeType === Node.TEXT_NODE) count += /** @type {Text} */ (each).length;
    else if (each.nodeName === "BR") count += 1;
    for (const [index, child] of [...each.childNodes].entries()) {
      if (each === node && index === offset) isDone = true;
      if (!isDone) visit(child);
    }
    if (each === node) isDone = true;
  };
  visit(root);
  return count;
}
