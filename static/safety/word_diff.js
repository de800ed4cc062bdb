// Marks the words in which two texts differ.

/** @typedef {{words: string, isChanged: boolean}} Part */

const WORD = /\s+|[\p{L}\p{N}_'’]+|[^\s\p{L}\p{N}_'’]/gu;
// The table of the comparison has at most this many cells. Longer texts are marked as a whole.
const MOST_CELLS = 160_000;

/** Return both texts in parts. @param {string} one @param {string} other @returns {[Part[], Part[]]} */
export function markedWords(one, other) {
  const [a, b] = [one.match(WORD) ?? [], other.match(WORD) ?? []];
  let start = 0;
  let end = 0;
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  while (end < Math.min(a.length, b.length) - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const kept = common(a.slice(start, a.length - end), b.slice(start, b.length - end));
  /** @param {string[]} all @param {Set<number>} same */
  const parts = (all, same) =>
    joined(
      all.map((words, index) => ({
        words,
        isChanged: index >= start && index < all.length - end && !same.has(index - start),
      })),
    );
  return [parts(a, kept[0]), parts(b, kept[1])];
}

/** The indexes of the longest common sequence in each list. @param {string[]} a @param {string[]} b @returns {[Set<number>, Set<number>]} */
function common(a, b) {
  /** @type {[Set<number>, Set<number>]} */
  const kept = [new Set(), new Set()];
  if ((a.length + 1) * (b.length + 1) > MOST_CELLS) return kept;
  const width = b.length + 1;
  const best = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1)
    for (let j = b.length - 1; j >= 0; j -= 1)
      best[i * width + j] =
        a[i] === b[j]
          ? best[(i + 1) * width + j + 1] + 1
          : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) {
      kept[0].add(i++);
      kept[1].add(j++);
    } else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) i += 1;
    else j += 1;
  }
  return kept;
}

/** Neighbours that are marked alike become one part. @param {Part[]} parts */
function joined(parts) {
  /** @type {Part[]} */
  const all = [];
  for (const each of parts) {
    const last = all.at(-1);
    if (last?.isChanged === each.isChanged) last.words += each.words;
    else all.push({ ...each });
  }
  return all;
}
