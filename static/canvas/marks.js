// Bold, italic and links in a text: takes the marks of its characters, and writes the text again.

import { characters, paragraphs } from "./source.js";

/** @typedef {import("./source.js").Character} Character */
/** @typedef {import("../page/nodes.js").TextKind} TextKind */
/** @typedef {"strong" | "em" | "link"} Kind */
/** @typedef {{words: string, start: number, end: number}} Marked the text, and what is selected in it */

/** @type {Kind[]} */
const KINDS = ["link", "strong", "em"];

/** Which marks all characters of a selection have. @param {string} words @param {TextKind} kind @param {number} start @param {number} end */
export function marksOf(words, kind, start, end) {
  const chosen = read(words, kind, start, end).flatMap(({ all }) => all.filter(isChosen));
  const has = (/** @type {"strong" | "em"} */ name) =>
    chosen.length > 0 && chosen.every((each) => each[name]);
  return {
    strong: has("strong"),
    em: has("em"),
    link: chosen.find(({ link }) => link !== null)?.link ?? null,
  };
}

/** Make a selection bold or italic, or plain when it is so already. @param {string} words @param {TextKind} kind @param {number} start @param {number} end @param {"strong" | "em"} name @returns {Marked | null} */
export function toggled(words, kind, start, end, name) {
  const value = !marksOf(words, kind, start, end)[name];
  return written(words, kind, start, end, (each) => ({ ...each, [name]: value }));
}

/** Make a selection a link; with null, no link. @param {string} words @param {TextKind} kind @param {number} start @param {number} end @param {string | null} address @returns {Marked | null} */
export function linked(words, kind, start, end, address) {
  // The address ends at a bracket or a space.
  const link = address?.replaceAll(")", "%29").replaceAll(" ", "%20") ?? null;
  return written(words, kind, start, end, (each) => ({ ...each, link }));
}

/** The link around a place, or else the word. @param {string} words @param {TextKind} kind @param {number} at @returns {[number, number]} */
export function around(words, kind, at) {
  const all = read(words, kind, 0, words.length).flatMap((each) => each.all);
  const index = all.findIndex(
    (each) => each.at <= at && at <= each.at + each.source.length && /\S/.test(each.word),
  );
  if (index < 0) return [at, at];
  const { link } = all[index];
  /** Whether the part goes on from one character to the next. @param {Read} one @param {Read} [two] */
  const goesOn = (one, two) =>
    two !== undefined &&
    (link !== null ? two.link === link : /\S/.test(two.word) && !/\s/.test(words.slice(one.at, two.at)));
  let [first, last] = [index, index];
  while (first > 0 && goesOn(all[first - 1], all[first]) && goesOn(all[first], all[first - 1])) first -= 1;
  while (goesOn(all[last], all[last + 1])) last += 1;
  return [all[first].at, all[last].at + all[last].source.length];
}

/** @typedef {Character & {isIn: boolean}} Read */
/** @param {string} words @param {TextKind} kind @param {number} start @param {number} end */
function read(words, kind, start, end) {
  return paragraphs(words, kind).map(([from, to]) => {
    const all = characters(words.slice(from, to)).map((each) => {
      const at = each.at + from;
      return { ...each, at, isIn: at + each.source.length > start && at < end };
    });
    return { from, to, all };
  });
}

/** @param {Read} each */
function isChosen({ isIn, word }) {
  return isIn && /\S/.test(word);
}

/** @param {string} words @param {TextKind} kind @param {number} start @param {number} end @param {(each: Read) => Read} change @returns {Marked | null} */
function written(words, kind, start, end, change) {
  let made = "";
  let done = 0;
  let [first, last] = [-1, -1];
  for (const { from, to, all } of read(words, kind, start, end)) {
    made += words.slice(done, from);
    done = to;
    if (!all.some(isChosen)) {
      made += words.slice(from, to);
      continue;
    }
    const wanted = settled(all.map((each) => (each.isIn ? change(each) : each)));
    const text = [wanted, wanted.map(escaped)].map(serialized).find(({ text }) => isSame(text, wanted));
    if (!text) return null;
    wanted.forEach((each, index) => {
      if (!each.isIn) return;
      if (first < 0) first = made.length + text.places[index];
      last = made.length + text.places[index] + text.sources[index].length;
    });
    made += text.text;
  }
  made += words.slice(done);
  return first < 0 ? null : { words: made, start: first, end: last };
}

/** A mark begins and ends beside a letter: spaces at its edges have none. @param {Read[]} all @returns {Read[]} */
function settled(all) {
  const letters = all.map((each) => (/\s/.test(each.word) ? null : each));
  return all.map((each, index) => {
    if (letters[index]) return each;
    const before = letters.slice(0, index).findLast(Boolean);
    const after = letters.slice(index).find(Boolean);
    const isInside = before && after && before.link === each.link && after.link === each.link;
    const [strong, em] = /** @type {const} */ (["strong", "em"]).map((name) =>
      Boolean(isInside && each[name] && before[name] && after[name]),
    );
    return { ...each, strong, em };
  });
}

/** @param {Read} each @returns {Read} */
function escaped(each) {
  return /[\\*[\]()]/.test(each.word) ? { ...each, source: `\\${each.word}` } : each;
}

/** Write characters with their marks. A mark that ends later is outside. @param {Read[]} all */
function serialized(all) {
  /** @type {{name: Kind, value: any}[]} */
  const open = [];
  /** @type {number[]} */
  const places = [];
  let text = "";
  /** Where a mark ends that has this value at `index`. @param {Kind} name @param {number} index */
  const endOf = (name, index) => {
    const value = all[index][name];
    let end = index;
    while (end < all.length && all[end][name] === value) end += 1;
    return end;
  };
  const close = () => {
    const { name, value } = /** @type {{name: Kind, value: any}} */ (open.pop());
    text += name === "link" ? `](${value})` : name === "strong" ? "**" : "*";
  };
  all.forEach((each, index) => {
    const isNew =
      each.link !== null && !open.some(({ name, value }) => name === "link" && value === each.link);
    const kept = open.findIndex(
      ({ name, value }) => each[name] !== value || (isNew && endOf(name, index) < endOf("link", index)),
    );
    while (kept >= 0 && open.length > kept) close();
    const wanted = KINDS.filter((name) => each[name] !== null && each[name] !== false);
    const isSpace = /\s/.test(each.word);
    const fresh = wanted.filter(
      (name) => !open.some((mark) => mark.name === name) && (name === "link" || !isSpace),
    );
    fresh.sort((one, other) => endOf(other, index) - endOf(one, index));
    // A run of three stars is read as bold first.
    const [strong, em] = [fresh.indexOf("strong"), fresh.indexOf("em")];
    if (strong > em && em >= 0) [fresh[strong], fresh[em]] = ["em", "strong"];
    for (const name of fresh) {
      open.push({ name, value: each[name] });
      text += name === "link" ? "[" : name === "strong" ? "**" : "*";
    }
    places.push(text.length);
    text += each.source;
  });
  while (open.length) close();
  return { text, places, sources: all.map(({ source }) => source) };
}

/** Whether a text has these characters with these marks. @param {string} text @param {Read[]} wanted */
function isSame(text, wanted) {
  const found = characters(text);
  return (
    found.length === wanted.length &&
    found.every(({ word, strong, em, link }, index) => {
      const other = wanted[index];
      if (word !== other.word) return false;
      return /\s/.test(word) || (strong === other.strong && em === other.em && link === other.link);
    })
  );
}
