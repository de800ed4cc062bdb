// How the tool names a place of the document to its users: `headline of Hero`.

import { escaped, isObject, member, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";

/** What users call a field, where its own name does not say it. @type {Record<string, string>} */
const FIELDS = {
  alt: "picture description",
  body: "text",
  columns: "columns",
  hidden: "visibility",
  home: "first page",
  href: "link",
  image: "picture",
  label: "button text",
  plans: "plans",
  slug: "address",
  seo: "search engines",
  src: "picture",
  theme: "style",
};
/** What users call one item of a list. @type {Record<string, string>} */
const ITEMS = {
  faq: "question",
  testimonials: "quote",
  gallery: "picture",
  social: "network",
  navigation: "menu entry",
};
/** What users call a part of the theme. @type {Record<string, string>} */
const THEME = {
  heading: "font of headlines",
  body: "font of texts",
  scale: "size of headlines",
  radius: "corners",
  spacing: "space around sections",
  mode: "light or dark mode",
};

/** The parts of a JSON Pointer. @param {string} pointer */
export function tokensOf(pointer) {
  return pointer
    .split("/")
    .slice(1)
    .map((each) => each.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value at the parts of a pointer; undefined when there is none. @param {any} value @param {string[]} tokens @returns {any} */
export function at(value, tokens) {
  return tokens.reduce((each, token) => (Array.isArray(each) ? each[+token] : member(each, token)), value);
}

/** A place in a marketer's words, to be put into a sentence. @param {any} value the document @param {string} pointer */
export function placeWords(value, pointer) {
  const [root, key, list, index, ...rest] = tokensOf(pointer);
  if (root === "theme") {
    if (key === "colors" && list)
      return list.replace(/(-dark)?$/, (dark) => ` colour${dark && " in dark mode"}`);
    return THEME[list ?? key] ?? "the theme";
  }
  if (root !== "pages" || key === undefined) return inside(tokensOf(pointer).slice(1), "the site");
  const page = at(value, [root, key]);
  const title = text(page, "title") || key;
  if (list !== "sections")
    return inside(list === undefined ? [] : [list, ...(index ? [index] : []), ...rest], `page ${title}`);
  if (index === undefined) return `sections of page ${title}`;
  const section = at(page, [list, index]);
  return inside(rest, isObject(section) ? nameOf(section) : "a section", text(section, "type"));
}

/** @param {string[]} tokens @param {string} whole @param {string} [type] of the section */
function inside(tokens, whole, type = "") {
  const words = [whole];
  tokens.forEach((token, index) => {
    if (index === 0 && token === "content") return;
    const item = /^\d+$/.test(token);
    const of = tokens[index - 1] ?? "";
    if (item)
      words[0] = `${ITEMS[of] ?? (of === "items" ? (ITEMS[type] ?? "item") : of.replace(/s$/, ""))} ${+token + 1}`;
    else words.unshift(FIELDS[token] ?? token.replace(/([A-Z])/g, " $1").toLowerCase());
  });
  // `picture description of picture of Hero` says one thing twice.
  return words
    .filter((each, index) => !(index > 0 && index < words.length - 1 && each === "picture"))
    .join(" of ");
}

/** A sentence begins with a capital letter. @param {string} words */
export function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A pointer with `#id` in place of the index of an element that has an id. So it stays right when elements move. @param {any} value @param {string} pointer */
export function lasting(value, pointer) {
  let inner = value;
  return tokensOf(pointer)
    .map((token) => {
      const list = inner;
      inner = at(inner, [token]);
      const id = Array.isArray(list) && text(inner, "id");
      return `/${id ? `#${escaped(id)}` : escaped(token)}`;
    })
    .join("");
}

/** The pointer now of a place from `lasting`; null when it is gone. @param {any} value @param {string} place */
export function pointerNow(value, place) {
  let inner = value;
  let pointer = "";
  for (const token of tokensOf(place)) {
    const index =
      Array.isArray(inner) && token[0] === "#"
        ? inner.findIndex((each) => text(each, "id") === token.slice(1))
        : token;
    if (index === -1) return null;
    inner = at(inner, [`${index}`]);
    pointer += `/${escaped(`${index}`)}`;
  }
  return pointer;
}
