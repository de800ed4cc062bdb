// Splices of texts: which ones turn one text into another, and where an offset is after them.

import { toSplice } from "./patch.js";

/** @typedef {import("./patch.js").Op} Op */
/** @typedef {{offset: number, delete: number, insert: string}} Splice */
/** @typedef {(at: number, isRight?: boolean) => number} Mapping */

/** Where an offset is after a splice. @param {number} at @param {Splice} splice @param {boolean} [isRight] whether text that is inserted at the offset comes before it */
export function after(at, { offset, delete: count, insert }, isRight = false) {
  if (at < offset || (at === offset && (count > 0 || !isRight))) return at;
  return Math.max(at, offset + count) + insert.length - count;
}

/** A function from offsets before splices to offsets after them. @param {Splice[]} splices @returns {Mapping} */
export const mapping = (splices) => (at, isRight) => splices.reduce((each, splice) => after(each, splice, isRight), at);

/**
 * The splices of a text in a patch. When they do not make `now`, both texts are compared.
 * @param {Op[]} ops
 * @param {string | null} path
 * @param {string} old
 * @param {string} now
 * @returns {Splice[]}
 */
export function splicesOf(ops, path, old, now) {
  const splices = /** @type {any[]} */ (ops).filter((op) => op.op === "splice" && op.path === path);
  const made = splices.reduce((text, { offset, delete: count, insert }) => text.slice(0, offset) + insert + text.slice(offset + count), old);
  return made === now ? splices : compare(old, now);
}

// In longer texts, the search for places would stop the page for a moment.
const MOST_UNITS = 100_000;

/**
 * The splices that turn `old` into `now`, one for each place where they differ.
 *
 * A block of characters that both texts have equally often stays where it is. So the parts between
 * these blocks are compared one by one. In a long text the blocks are longer, to bound the work.
 * @param {string} old
 * @param {string} now
 * @returns {Splice[]}
 */
export function compare(old, now) {
  const { offset, delete: count, insert } = toSplice("", old, now);
  if (!count && !insert) return [];
  const gone = old.slice(offset, offset + count);
  for (const size of count < MOST_UNITS ? [count >> 4, count >> 8] : []) {
    // With `u`, a block has whole characters. So no splice splits one of two units.
    for (const block of gone.match(new RegExp(`.{${size || 1}}`, "gsu")) ?? []) {
      const [was, is] = [gone.split(block), insert.split(block)];
      if (was.length !== is.length) continue;
      let start = offset;
      return was.flatMap((each, index) => {
        const found = compare(each, is[index]).map((splice) => ({ ...splice, offset: splice.offset + start }));
        start += is[index].length + block.length;
        return found;
      });
    }
  }
  return [{ offset, delete: count, insert }];
}
