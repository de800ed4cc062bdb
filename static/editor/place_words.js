// How the tool names a place of the document to its users: `headline of Hero`.

import { escaped, isObject, member, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";

/** What users call a field, where its own name does not say it. @type {Record<string, string>} */
const FIELDS = {
  align: "alignment",
  alt: "picture description",
  body: "text",
  canonical: "original address",
  hidden: "visibility",
  home: "first page",
  href: "address",
  image: "picture",
  label: "text",
  robots: "visibility",
  slug: "address",
};
/** What users call a field of one kind of item; the item itself has the name of an empty one. @type {Record<string, string>} */
const OF_ITEM = {
  "button href": "link",
  "field label": "label",
  "network network": "",
  "question question": "",
  "quote quote": "",
};
/** The members of a picture. @type {Record<string, string>} */
const OF_PICTURE = { src: "", alt: " description", width: " size", height: " size" };
/** What users call one item of a list. @type {Record<string, string>} */
const ITEMS = {
  faq: "question",
  testimonials: "quote",
  gallery: "picture",
  social: "network",
  navigation: "menu entry",
};
/** What users call a field of the style of a section. @type {Record<string, string>} */
const STYLE = { background: "background colour", text: "text colour" };
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

/** A place in a marketer's words, to be put into a sentence: `headline of Hero`. @param {any} value the document @param {string} pointer */
export function placeWords(value, pointer) {
  const { inner, whole } = placeOf(value, pointer);
  return [inner, whole].filter(Boolean).join(" of ");
}

/** A place without the section, the page or the site that it is in: `headline`. @param {any} value the document @param {string} pointer */
export function placeInside(value, pointer) {
  const { inner, whole } = placeOf(value, pointer);
  return inner || whole;
}

/** @param {any} value @param {string} pointer @returns {{inner: string, whole: string}} */
function placeOf(value, pointer) {
  const [root, key, list, index, ...rest] = tokensOf(pointer);
  if (root === "theme") {
    const color =
      key === "colors" && list?.replace(/(-dark)?$/, (dark) => ` colour${dark && " in dark mode"}`);
    return { inner: "", whole: color || (THEME[list ?? key] ?? "the theme") };
  }
  if (root !== "pages" || key === undefined)
    return { inner: inside(tokensOf(pointer).slice(1)), whole: "the site" };
  const page = at(value, [root, key]);
  const whole = `page ${text(page, "title") || key}`;
  const own = [list, index, ...rest].filter((each) => each !== undefined);
  if (list === "seo") {
    const part = inside(own.slice(1)) || "texts";
    return { inner: `${part} for ${index === "image" ? "shared links" : "search engines"}`, whole };
  }
  if (list !== "sections") return { inner: inside(own), whole };
  if (index === undefined) return { inner: "sections", whole };
  const section = at(page, [list, index]);
  const name = isObject(section) ? nameOf(section) : "a section";
  if (rest[0] === "theme")
    return { inner: rest[1] ? (STYLE[rest[1]] ?? inside([rest[1]])) : "style", whole: name };
  return { inner: inside(rest[0] === "content" ? rest.slice(1) : rest, text(section, "type")), whole: name };
}

/** `text of button 1`, `link 2 in column 1`. @param {string[]} tokens @param {string} [type] of the section */
function inside(tokens, type = "") {
  let words = "";
  let item = ""; // what the newest item of a list is called
  tokens.forEach((token, index) => {
    const [before, next] = [tokens[index - 1] ?? "", tokens[index + 1] ?? ""];
    const isPicture = /^(image|logo)$/;
    if (/^\d+$/.test(token)) {
      item = ITEMS[before] ?? (before === "items" ? (ITEMS[type] ?? "item") : before.replace(/s$/, ""));
      words = `${item} ${+token + 1}${words && " in "}${words}`;
    } else if (!/^\d+$/.test(next) && !(isPicture.test(token) && next in OF_PICTURE)) {
      const [, kind] = isPicture.exec(before) ?? [];
      const name =
        kind && token in OF_PICTURE
          ? (FIELDS[kind] ?? kind) + OF_PICTURE[token]
          : (OF_ITEM[`${item} ${token}`] ?? FIELDS[token] ?? token.replace(/([A-Z])/g, " $1").toLowerCase());
      // `picture description of picture 2` says one thing twice.
      const own = item === "picture" ? name.replace(/^picture ?/, "") : name;
      words = [own, words].filter(Boolean).join(token === "button" ? " in " : " of ");
      if (token === "button") item = token;
    }
  });
  return words;
}

/** A sentence begins with a capital letter. @param {string} words */
export function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** The first index of each id in a list. Lists are never changed: a change makes a new one. @type {WeakMap<any[], Map<string, number>>} */
const indexes = new WeakMap();

/** @param {any[]} list */
function indexesOf(list) {
  const known = indexes.get(list) ?? new Map();
  if (!indexes.has(list))
    list.forEach((each, index) => {
      const id = text(each, "id");
      if (id && !known.has(id)) known.set(id, index);
    });
  indexes.set(list, known);
  return known;
}

/** A pointer with `#id` in place of the index of an element that has an id, and is the first one with it. So it stays right when elements move. @param {any} value @param {string} pointer */
export function lasting(value, pointer) {
  let inner = value;
  return tokensOf(pointer)
    .map((token) => {
      const list = inner;
      inner = at(inner, [token]);
      const own = Array.isArray(list) && text(inner, "id");
      const id = own && indexesOf(list).get(own) === +token && own;
      return `/${id ? `#${escaped(id)}` : escaped(token)}`;
    })
    .join("");
}

/** The pointer now of a place from `lasting`; null when it is gone. @param {any} value @param {string} place */
export function pointerNow(value, place) {
  let inner = value;
  let pointer = "";
  for (const token of tokensOf(place)) {
    const index = Array.isArray(inner) && token[0] === "#" ? indexesOf(inner).get(token.slice(1)) : token;
    if (index === undefined) return null;
    inner = at(inner, [`${index}`]);
    pointer += `/${escaped(`${index}`)}`;
  }
  return pointer;
}
