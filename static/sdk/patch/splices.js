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

const MOST_CELLS = 1e6;
// Characters, so that no splice splits one of two units; in long texts first words, or lines.
const PIECES = [/./gsu, /\S+\s*|\s+/g, /.*\n|.+/g];

/**
 * The splices that turn `old` into `now`, one for each place when the texts are not too long.
 * @param {string} old
 * @param {string} now
 * @returns {Splice[]}
 */
export function compare(old, now) {
  const whole = toSplice("", old, now);
  const gone = old.slice(whole.offset, whole.offset + whole.delete);
  for (const piece of gone && whole.insert ? PIECES : []) {
    const [a, b] = [gone.match(piece) ?? [], whole.insert.match(piece) ?? []];
    if ((a.length + 1) * (b.length + 1) > MOST_CELLS) continue;
    return differences(a, b, whole.offset).flatMap(({ offset, text, insert }) =>
      piece === PIECES[0] || text === gone ? { offset, delete: text.length, insert } : compare(text, insert).map((each) => ({ ...each, offset: offset + each.offset })),
    );
  }
  return [whole];
}

/**
 * The places where two lists of pieces differ: the `text` there becomes `insert`.
 * @param {string[]} a
 * @param {string[]} b
 * @param {number} offset of the lists
 */
function differences(a, b, offset) {
  const width = b.length + 1;
  // common[i * width + j]: how many pieces the rests of both lists have in common.
  const common = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const at = i * width + j;
      common[at] = a[i] === b[j] ? common[at + width + 1] + 1 : Math.max(common[at + width], common[at + 1]);
    }
  }
  const found = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; [i, j] = [i + 1, j + 1]) {
    const [from, to] = [i, j];
    while (i < a.length && common[i * width + j] === common[(i + 1) * width + j]) i += 1;
    while (j < b.length && common[i * width + j] === common[i * width + j + 1]) j += 1;
    const insert = b.slice(to, j).join("");
    if (i > from || j > to) found.push({ offset, text: a.slice(from, i).join(""), insert });
    offset += insert.length + (b[j]?.length ?? 0);
  }
  return found;
}
