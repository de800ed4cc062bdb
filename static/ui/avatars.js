// People as the tool shows them: a colour that stays, and initials.

import { h } from "./elements.js";

const COLORS = 8;

/** The number of a user's colour, 1 to 8: `var(--person-N)` in `ui.css`. @param {string} user */
export function colorNumber(user) {
  let hash = 7;
  for (const each of user) hash = (hash * 31 + /** @type {number} */ (each.codePointAt(0))) % 1_000_003;
  return (hash % COLORS) + 1;
}

/** At most two letters of a name. @param {string} name */
export function initials(name) {
  const words = name
    .trim()
    .split(/[\s._-]+/u)
    .filter(Boolean);
  const letters = words.length > 1 ? [words[0], /** @type {string} */ (words.at(-1))] : words;
  return letters.map((word) => [...word][0].toUpperCase()).join("") || "?";
}

/** A round picture of a person. @param {{user: string, name?: string}} person @param {string} [title] */
export function avatar({ user, name }, title = name || user) {
  return h(
    "span",
    { class: `avatar person-${colorNumber(user)}`, title, role: "img", "aria-label": title },
    initials(name || user),
  );
}
