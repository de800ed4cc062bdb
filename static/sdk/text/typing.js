// Which splice an input made, from both texts and the caret after it.

import { toSplice } from "../patch/patch.js";

/** @typedef {import("../patch/splices.js").Splice} Splice */

const NEAR = 64; // longer than any cluster of characters
const segmenter = typeof Intl.Segmenter === "function" ? new Intl.Segmenter() : undefined;

/**
 * The splice that an input made. The text after the caret did not change, so typing "a" in "aaa" is
 * found at the right place. When that does not fit, both texts are compared as a whole.
 * @param {string} old
 * @param {string} now
 * @param {number | undefined} caret the end of the selection after the input
 * @returns {Splice}
 */
export function typed(old, now, caret) {
  if (caret === undefined || !old.endsWith(now.slice(caret)) || now.length - caret > old.length) {
    const { offset, delete: count, insert } = toSplice("", old, now);
    return widen(old, now, offset, offset + count, offset + insert.length);
  }
  const end = old.length - now.length + caret;
  let start = 0;
  while (start < Math.min(end, caret) && old[start] === now[start]) start += 1;
  let same = 0; // for example the rest of a text that a program replaced as a whole
  while (same < Math.min(end, caret) - start && old[end - 1 - same] === now[caret - 1 - same]) same += 1;
  return widen(old, now, start, end - same, caret - same);
}

/**
 * The splice from `start`, made larger until it splits no cluster of characters, for example an
 * emoji of several characters, or a letter and its accent.
 * @param {string} old
 * @param {string} now
 * @param {number} start
 * @param {number} end in `old`
 * @param {number} until in `now`
 * @returns {Splice}
 */
function widen(old, now, start, end, until) {
  if (start === end && start === until) return { offset: start, delete: 0, insert: "" };
  while (!(isBorder(old, start) && isBorder(now, start))) start -= 1;
  while (!(isBorder(old, end) && isBorder(now, until))) [end, until] = [end + 1, until + 1];
  return { offset: start, delete: end - start, insert: now.slice(start, until) };
}

/** Whether an offset is between two clusters of characters. @param {string} text @param {number} at */
function isBorder(text, at) {
  if (at <= 0 || at >= text.length || /^[\0-\u02ff]{2}$/.test(text.slice(at - 1, at + 1))) return true;
  const from = Math.max(0, at - NEAR);
  if (segmenter) return segmenter.segment(text.slice(from, at + NEAR)).containing(at - from)?.index === at - from;
  return !(/[\uD800-\uDBFF]/.test(text[at - 1]) && /[\uDC00-\uDFFF]/.test(text[at]));
}

/** The text without halves of surrogate pairs. No server accepts them. @param {string} text */
export const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, "");
