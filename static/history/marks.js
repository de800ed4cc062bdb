// Marks the words of a page in which two versions differ: `<ins>` and `<del>`.

import { markedWords } from "../safety/word_diff.js";

/** @typedef {import("../safety/word_diff.js").Part} Part */
/** @typedef {{at: number, added?: number, removed?: string}} Edit `at` is a place in the later text */

const LEAST_KEPT = 0.25;

/** How one text became the other, from its start to its end. @param {string} before @param {string} after @returns {Edit[]} */
export function edits(before, after) {
  const [old, now] = markedWords(before, after);
  const kept = now
    .filter(({ isChanged }) => !isChanged)
    .map(({ words }) => words.replace(/[^\p{L}\p{N}]/gu, ""));
  // A text that was written anew has only small words of the old one. Marked one by one, they are a riddle.
  if (kept.join("").length < LEAST_KEPT * Math.max(before.length, after.length) && before && after)
    return [
      { at: 0, removed: before },
      { at: 0, added: after.length },
    ];
  /** @type {Edit[]} */
  const found = [];
  let [i, j, inOld, inNow, at] = [0, 0, 0, 0, 0];
  while (i < old.length || j < now.length) {
    if (old[i]?.isChanged) found.push({ at, removed: old[i++].words });
    else if (now[j]?.isChanged) {
      const { length } = now[j++].words;
      found.push({ at, added: length });
      at += length;
    } else if (old[i] && now[j]) {
      // Both have the same words here, in parts of other lengths.
      const length = Math.min(old[i].words.length - inOld, now[j].words.length - inNow);
      [inOld, inNow, at] = [inOld + length, inNow + length, at + length];
      if (inOld === old[i].words.length) [i, inOld] = [i + 1, 0];
      if (inNow === now[j].words.length) [j, inNow] = [j + 1, 0];
    } else break;
  }
  return found;
}

/** The text that some elements show: the paragraphs of one text. Also its text nodes, and where each begins. @param {Element[]} nodes */
export function read(nodes) {
  let words = "";
  /** @type {{node: Text, at: number}[]} */
  const parts = [];
  nodes.forEach((holder, index) => {
    if (index) words += "\n\n";
    const walker = document.createTreeWalker(holder, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeName === "BR") words += "\n";
      if (node.nodeType !== Node.TEXT_NODE) continue;
      parts.push({ node: /** @type {Text} */ (node), at: words.length });
      words += /** @type {Text} */ (node).data;
    }
  });
  return { words, parts };
}

/** Mark the elements of a text. Return whether it differs. @param {Element[]} nodes @param {string} before */
export function markText(nodes, before) {
  const { words, parts } = read(nodes);
  if (words === before) return false;
  // From the end to the start, so that the earlier places stay.
  for (const { at, added, removed } of edits(before, words).reverse()) {
    if (added) insert(parts, ...trimmed(words, at, at + added));
    if (removed) remove(parts, at, removed, nodes);
  }
  return true;
}

/** A range of a text without the spaces at both ends. @param {string} words @param {number} start @param {number} end @returns {[number, number]} */
function trimmed(words, start, end) {
  const marked = words.slice(start, end);
  const from = start + marked.length - marked.trimStart().length;
  return from < end ? [from, from + marked.trim().length] : [start, end];
}

/** @param {{node: Text, at: number}[]} parts @param {number} start @param {number} end */
function insert(parts, start, end) {
  for (const { node, at } of parts) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, node.length)];
    if (from >= to) continue;
    const words = from ? node.splitText(from) : node;
    if (words.length > to - from) words.splitText(to - from);
    const mark = document.createElement("ins");
    words.replaceWith(mark);
    mark.append(words);
  }
}

/** @param {{node: Text, at: number}[]} parts @param {number} start @param {string} words @param {Element[]} nodes */
function remove(parts, start, words, nodes) {
  const mark = document.createElement("del");
  mark.textContent = words.trim() || words;
  // Spaces at the ends are not marked, so that the line breaks there.
  const [lead, tail] = words.trim() ? [/^\s*/, /\s*$/].map((ends) => ends.exec(words)?.[0] ?? "") : ["", ""];
  const all = [lead, mark, tail].filter(Boolean);
  const part = parts.findLast(({ at }) => at <= start);
  if (!part) return nodes[0].prepend(...all);
  const { node, at } = part;
  const offset = start - at;
  if (offset >= node.length) return node.after(...all);
  // What was just marked as new at this place comes after it.
  const place = node.parentElement?.localName === "ins" && !offset ? node.parentElement : node;
  if (!offset) place.before(...all);
  else node.splitText(offset).before(...all);
}
