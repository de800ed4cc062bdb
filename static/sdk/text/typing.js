// Which splice an input made, from both texts and the caret after it.

import { toSplice } from "../patch/patch.js";

/**
 * The splice that an input made. The text after the caret did not change, so typing "a" in "aaa" is
 * found at the right place. When that does not fit, both texts are compared as a whole.
 * @param {string} old
 * @param {string} now
 * @param {number} [caret] the end of the selection after the input
 */
export function typed(old, now, caret = now.length) {
  const rest = now.slice(caret);
  const isFitting = old.endsWith(rest) && !/^[\uDC00-\uDFFF]/.test(rest);
  const size = isFitting ? rest.length : 0;
  return toSplice("", old.slice(0, old.length - size), now.slice(0, now.length - size));
}

/** The text without halves of surrogate pairs. No server accepts them. @param {string} text */
export const wellFormed = (text) => text.replace(/\p{Surrogate}/gu, "");
