// Marks the words of a page in which two versions differ: `<ins>` and `<del>`. Words that are only bold,
// italic or a link now, or are it no more, are in a `<mark>`.

import { markedWords } from "../safety/word_diff.js";

/** @typedef {import("../safety/word_diff.js").Part} Part */
/** @typedef {{at: number, added?: number, removed?: string, restyled?: number, note?: string}} Edit `at` is a place in the later text */
/** @typedef {{words: string, parts: {node: Text, at: number, style: string}[]}} Read */

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

/** The marks of rich text around a node. @param {Node} node @param {Element} holder */
function styleOf(node, holder) {
  const found = new Set();
  for (let each = node.parentElement; each && each !== holder; each = each.parentElement) {
    const { localName } = each;
    if (localName === "a") found.add(`link ${each.getAttribute("href")}`);
    else if (localName === "strong" || localName === "em") found.add(localName);
  }
  return [...found].sort().join("\n");
}

/** The text that some elements show: the paragraphs of one text. Also its text nodes, and where each begins. @param {Element[]} nodes @returns {Read} */
export function read(nodes) {
  let words = "";
  /** @type {Read["parts"]} */
  const parts = [];
  nodes.forEach((holder, index) => {
    if (index) words += "\n\n";
    const walker = document.createTreeWalker(holder, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (node.nodeName === "BR") words += "\n";
      if (node.nodeType !== Node.TEXT_NODE) continue;
      parts.push({ node: /** @type {Text} */ (node), at: words.length, style: styleOf(node, holder) });
      words += /** @type {Text} */ (node).data;
    }
  });
  return { words, parts };
}

/** The style of each letter. @param {Read} text */
function stylesOf({ words, parts }) {
  const styles = Array(words.length).fill("");
  for (const { node, at, style } of parts) if (style) styles.fill(style, at, at + node.length);
  return styles;
}

/** What a user calls the way from one style to another. @param {string} before @param {string} after */
function noteOf(before, after) {
  const [was, is] = [before, after].map((style) => style.split("\n"));
  const link = (/** @type {string[]} */ all) => all.find((each) => each.startsWith("link "));
  const one = (/** @type {string} */ name, /** @type {string} */ words) =>
    was.includes(name) === is.includes(name) ? "" : is.includes(name) ? words : `not ${words}`;
  const linked = link(was) === link(is) ? "" : !link(is) ? "no link" : link(was) ? "another link" : "link";
  return [one("strong", "bold"), one("em", "italic"), linked].filter(Boolean).join(", ");
}

/** The words that are the same in both texts, but have another style. @param {string[]} was the style of each letter @param {string[]} is @param {Edit[]} list from the start to the end @returns {Edit[]} */
export function restyled(was, is, list) {
  /** @type {(Edit & {restyled: number, note: string})[]} */
  const found = [];
  let [inOld, inNow] = [0, 0];
  const keep = (/** @type {number} */ end) => {
    for (; inNow < end; inOld += 1, inNow += 1) {
      if (was[inOld] === is[inNow]) continue;
      const [note, last] = [noteOf(was[inOld], is[inNow]), found.at(-1)];
      if (last && last.note === note && last.at + last.restyled === inNow) last.restyled += 1;
      else found.push({ at: inNow, restyled: 1, note });
    }
  };
  for (const { at, added = 0, removed = "" } of list) {
    keep(at);
    inOld += removed.length;
    inNow += added;
  }
  keep(is.length);
  return found;
}

/** Mark the elements of a text. Return words for its new styles; null when the text is the same. @param {Element[]} nodes @param {Element[]} before of the earlier version @returns {string[] | null} */
export function markText(nodes, before) {
  const [was, is] = [read(before), read(nodes)];
  const list = was.words === is.words ? [] : edits(was.words, is.words);
  const styled = restyled(stylesOf(was), stylesOf(is), list);
  if (!list.length && !styled.length) return null;
  // From the end to the start, so that the earlier places stay. What is gone stands before what is there.
  const all = [...list.filter(({ removed }) => removed), ...list.filter(({ added }) => added), ...styled];
  all.sort((one, other) => one.at - other.at);
  for (const { at, added, removed, restyled: length, note } of all.reverse()) {
    if (added) insert(is.parts, ...trimmed(is.words, at, at + added), "ins");
    else if (length) insert(is.parts, at, at + length, "mark", note);
    else if (removed) remove(is.parts, at, removed, nodes);
  }
  return [...new Set(styled.map(({ note = "" }) => note))];
}

/** A range of a text without the spaces at both ends. @param {string} words @param {number} start @param {number} end @returns {[number, number]} */
function trimmed(words, start, end) {
  const marked = words.slice(start, end);
  const from = start + marked.length - marked.trimStart().length;
  return from < end ? [from, from + marked.trim().length] : [start, end];
}

/** @param {Read["parts"]} parts @param {number} start @param {number} end @param {"ins" | "mark"} tag @param {string} [note] */
function insert(parts, start, end, tag, note) {
  for (const { node, at } of parts) {
    const [from, to] = [Math.max(start - at, 0), Math.min(end - at, node.length)];
    if (from >= to) continue;
    const words = from ? node.splitText(from) : node;
    if (words.length > to - from) words.splitText(to - from);
    const mark = document.createElement(tag);
    if (note) mark.title = note;
    words.replaceWith(mark);
    mark.append(words);
  }
}

/** @param {Read["parts"]} parts @param {number} start @param {string} words @param {Element[]} nodes */
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
  // What was just marked at this place comes after it.
  const holder = node.parentElement;
  const place = holder && /^(ins|mark)$/.test(holder.localName) && !offset ? holder : node;
  if (!offset) place.before(...all);
  else node.splitText(offset).before(...all);
}
