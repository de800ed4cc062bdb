// Names of new documents, made from titles.

/** Letters of other scripts. Letters with accents need no row. */
const LETTERS = new Map(
  Object.entries({
    ...row("абвгдезийклмнопрстуфхыэ", "abvgdeziyklmnoprstufhye"),
    ...row("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo"),
    ...{ ж: "zh", ц: "ts", ч: "ch", ш: "sh", щ: "shch", ю: "yu", я: "ya", ё: "e", ъ: "", ь: "" },
    ...{ є: "ie", і: "i", ї: "i", ґ: "g", θ: "th", χ: "ch", ψ: "ps", ς: "s" },
    ...{ ß: "ss", æ: "ae", ø: "o", œ: "oe", đ: "d", ð: "d", þ: "th", ł: "l", ı: "i" },
  }),
);
const MOST = 60;

/** @param {string} from @param {string} to */
function row(from, to) {
  return Object.fromEntries([...from].map((letter, at) => [letter, to[at]]));
}

/** A readable name for an address; '' when no letter of the title can be read. @param {string} title */
export function nameFrom(title) {
  const plain = [...title.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "")];
  return plain
    .map((letter) => LETTERS.get(letter) ?? letter)
    .join("")
    .replace(/['’]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MOST)
    .replace(/^-+|-+$/g, "");
}

/** Names to try, in order: none of them is taken, as far as this page knows. @param {string} title @param {ReadonlySet<string>} taken @returns {Generator<string>} */
export function* namesFor(title, taken) {
  const name = nameFrom(title);
  if (name && !taken.has(name)) yield name;
  for (let number = 2; name && number < 50; number += 1)
    if (!taken.has(`${name}-${number}`)) yield `${name}-${number}`;
  const letters = crypto.getRandomValues(new Uint8Array(6));
  yield `page-${[...letters].map((each) => (each % 36).toString(36)).join("")}`;
}
