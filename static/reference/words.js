// The words of a search: without endings and without words that say nothing, and the nearest known word.

/** Words of a sentence that say nothing about what is searched. */
const EMPTY = new Set(
  "a an and are can do does for from how i in into is it me my of on or our the to us we what when where which with".split(
    " ",
  ),
);
const LEAST = 4; // a shorter word is no typing error

/** @param {string} text @returns {string[]} */
export function split(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** What the user searches: `locks` is `lock`, and `changed` is `chang`, which begins `changes`. @param {string} text @returns {string[]} */
export function stem(text) {
  const words = split(text);
  const telling = words.filter((word) => !EMPTY.has(word));
  return (telling.length ? telling : words).map((word) =>
    word.replace(/(?<=\p{L}{3})(?<!e)(ed|ing)$|(?<=\p{L}{3})(?<!s)s$/u, ""),
  );
}

/** The known word that a word begins, or that differs from it by a typing error; null for none. @param {string} word @param {Iterable<string>} known @returns {string | null} */
export function nearest(word, known) {
  let [best, least] = [/** @type {string | null} */ (null), word.length > 7 ? 2 : 1];
  for (const each of known) {
    if (each.startsWith(word)) return word;
    if (word.length < LEAST || each.length < LEAST) continue;
    const far = distance(word, each, least);
    if (far < least || (far === least && best === null)) [best, least] = [each, far];
  }
  return best;
}

/** How many letters are missing, too many, wrong or swapped. @param {string} one @param {string} other @param {number} most a larger result does not matter */
function distance(one, other, most) {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  /** @type {number[][]} */
  const rows = [[...other, ""].map((_, at) => at)];
  for (let i = 1; i <= one.length; i += 1) {
    rows[i] = [i];
    for (let j = 1; j <= other.length; j += 1) {
      const isSame = one[i - 1] === other[j - 1];
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + Number(!isSame));
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[one.length][other.length];
}
