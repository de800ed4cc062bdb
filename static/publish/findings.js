// What is wrong with the page, in a marketer's words: what the server finds, and what only a browser sees.

import { safeImage } from "../page/links.js";
import { Site } from "../page/site.js";
import { plain } from "../page/rich_text.js";
import { escaped, fields, isObject, member, text } from "../page/values.js";
import { nameOf } from "../templates/sections.js";
import { listed } from "../ui/words.js";
import { at, capital, lasting, placeWords, tokensOf } from "../editor/place_words.js";
import { labelFor } from "./field_changes.js";

/** @typedef {{check: string, pointer: string, message: string}} Finding of the server */
/** @typedef {"stop" | "warning" | "hint"} Tone */
/** @typedef {{key: string, tone: Tone, where: string, words: string, place: string}} Told `place` stays right when sections move: see `lasting` */

/** The first words of a finding of the server, in place of its message. @type {[RegExp, string][]} */
const REQUIRED = [
  [/\/alt$/, "The picture has no description. People who cannot see it hear nothing."],
  [/\/seo\/title$/, "There is no title for search engines. They show the page’s own title."],
  [/\/seo\/description$/, "There is no description for search engines. They choose a text of the page."],
  [/\/title$/, "The page has no title."],
];

/** @param {Finding} finding @param {Tone} tone @param {unknown} value the document that was checked @returns {Told} */
export function told(finding, tone, value) {
  const { check, pointer, message } = finding;
  const known = check === "required" && REQUIRED.find(([place]) => place.test(pointer));
  const words =
    check === "weight"
      ? heavy(message)
      : check === "schema"
        ? `This does not fit the format of the page: ${message}.`
        : known
          ? known[1]
          : check === "links"
            ? linkWords(value, pointer, message)
            : `${capital(message)}.`;
  const place = check === "sections" ? pointer.replace(/\/type$/, "") : pointer;
  return made(value, tone, `${check} ${message}`, place, words);
}

/** @param {unknown} value @param {Tone} tone @param {string} what @param {string} pointer @param {string} words @returns {Told} */
function made(value, tone, what, pointer, words) {
  const place = lasting(value, pointer);
  const label = labelFor(pointer);
  const [root, page] = tokensOf(pointer);
  const title = root === "pages" ? text(at(value, [root, page]), "title") || page : "";
  const where = label ? label + (title && `: ${title}`) : capital(placeWords(value, pointer));
  return { key: `${what} ${place}`, tone, where, words, place };
}

/** @param {unknown} value @param {string} pointer @param {string} message */
function linkWords(value, pointer, message) {
  const link = at(value, tokensOf(pointer));
  const given = typeof link === "string" && link.length < 80 && !/\s/.test(link) ? ` “${link}”` : "";
  return message === "a page may not link to this address"
    ? `A page may not link to this address, so visitors see no link:${given || " it is not a web address"}.`
    : `The link${given} leads nowhere: ${message}.`;
}

/** @param {string} message with the size in bytes, and the largest one */
function heavy(message) {
  const [size, most] = message.match(/\d+/g) ?? [];
  return `The texts of the page have ${bytes(+(size ?? 0))}; ${bytes(+(most ?? 0))} are allowed. Split it into several pages.`;
}

/** `640 KB`, `3.4 MB`. @param {number} count */
export function bytes(count) {
  const mega = count / 1_000_000;
  if (mega >= 1) return `${mega >= 10 ? Math.round(mega) : mega.toFixed(1)} MB`;
  return `${Math.max(1, Math.round(count / 1000))} KB`;
}

/** What the server does not look for: empty headings, links without an address, and two pages with one address. @param {unknown} value @returns {Told[]} */
export function hints(value) {
  const site = new Site(value, "");
  const found = withoutAddress(value, site.about.navigation, "/site/navigation");
  for (const page of site.pages) {
    const home = `/pages/${escaped(page.key)}`;
    const first = site.find(page.slug);
    if (page !== site.home && page.slug && first && first !== page) {
      const words = `Page ${first.title || first.key} has the same address, so visitors cannot reach this page.`;
      found.push(made(value, "warning", "address", `${home}/slug`, words));
    }
    const list = member(page.fields, "sections");
    (Array.isArray(list) ? list : []).forEach((section, index) => {
      if (!isObject(section) || section.hidden === true) return;
      found.push(...ofSection(value, section, `${home}/sections/${index}`));
    });
  }
  return found;
}

/** @param {unknown} value @param {import("../page/values.js").Fields} section @param {string} pointer @returns {Told[]} */
function ofSection(value, section, pointer) {
  const content = fields(section, "content");
  /** @type {Told[]} */
  const found = [];
  // A section without a headline may be meant so. An empty one was begun.
  if (typeof content.headline === "string" && !plain(text(content, "headline")).trim())
    found.push(
      made(
        value,
        "hint",
        "heading",
        `${pointer}/content/headline`,
        `${nameOf(section)} has an empty headline.`,
      ),
    );
  found.push(...withoutAddress(value, content, `${pointer}/content`));
  return found;
}

/** What has a name and leads nowhere. @param {unknown} value @param {unknown} part of it @param {string} pointer of the part @returns {Told[]} */
function withoutAddress(value, part, pointer) {
  /** @type {{label: string, at: string}[]} */
  const empty = [];
  const look = (/** @type {any} */ each, /** @type {string} */ at) => {
    if (Array.isArray(each)) return each.forEach((one, index) => look(one, `${at}/${index}`));
    if (!isObject(each)) return;
    const [label, href] = [text(each, "label"), text(each, "href")];
    // A field of a form has a label too.
    if (label && typeof each.kind !== "string" && (!href || href === "#"))
      empty.push({ label, at: `${at}/href` });
    for (const [name, inner] of Object.entries(each)) look(inner, `${at}/${escaped(name)}`);
  };
  look(part, pointer);
  if (!empty.length) return [];
  const named = listed(empty.map(({ label }) => `“${label}”`));
  const words = `${named} ${empty.length > 1 ? "have" : "has"} no address yet.`;
  return [made(value, "hint", "link", empty[0].at, words)];
}

/** The pictures that visitors of each page load, with their places. @param {unknown} value @returns {{page: string, title: string, pictures: Map<string, string>}[]} */
export function picturesOf(value) {
  const site = new Site(value, "");
  return site.pages.map(({ key, title, fields: page }) => {
    /** @type {Map<string, string>} */
    const pictures = new Map();
    const look = (/** @type {any} */ each, /** @type {string} */ at) => {
      if (Array.isArray(each)) return each.forEach((one, index) => look(one, `${at}/${index}`));
      if (!isObject(each) || each.hidden === true) return;
      const src = safeImage(each.src);
      if (src && !pictures.has(src)) pictures.set(src, at);
      for (const [name, inner] of Object.entries(each)) look(inner, `${at}/${escaped(name)}`);
    };
    look(site.about.logo, "/site/logo");
    look(member(page, "sections"), `/pages/${escaped(key)}/sections`);
    return { page: key, title: title || key, pictures };
  });
}

/** The most bytes of pictures that a page may have without a hint, and of one picture. */
const MOST_OF_PAGE = 2_000_000;
const MOST_OF_ONE = 700_000;

/** Pictures that are not there, or are heavy. @param {unknown} value @param {(src: string) => number} sizeOf the bytes of a picture; 0 when they are unknown, less when the server does not have it @returns {Told[]} */
export function weights(value, sizeOf) {
  return picturesOf(value).flatMap(({ title, pictures }) => {
    const all = [...pictures].map(([src, at]) => ({ at, size: sizeOf(src) }));
    const words = "The server does not have this picture, so visitors do not see it.";
    const gone = all
      .filter(({ size }) => size < 0)
      .map(({ at: place }) => made(value, "warning", "picture", place, words));
    const sizes = all.filter(({ size }) => size >= 0);
    return [...gone, ...heavyOf(value, title, sizes)];
  });
}

/** @param {unknown} value @param {string} title of the page @param {{at: string, size: number}[]} sizes @returns {Told[]} */
function heavyOf(value, title, sizes) {
  const hint = (/** @type {string} */ place, /** @type {string} */ words) =>
    made(value, "hint", "weight", place, words);
  sizes.sort((one, other) => other.size - one.size);
  const sum = sizes.reduce((all, { size }) => all + size, 0);
  if (sum > MOST_OF_PAGE) {
    const words = `The pictures of page ${title} have ${bytes(sum)}. The largest, with ${bytes(sizes[0].size)}, is here. The page opens slowly on phones.`;
    return [hint(sizes[0].at, words)];
  }
  return sizes
    .filter(({ size }) => size > MOST_OF_ONE)
    .map(({ at: place, size }) =>
      hint(place, `This picture has ${bytes(size)}. A smaller one appears sooner.`),
    );
}
