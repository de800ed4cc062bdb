// Addresses of pages inside a site: which are right, and which links follow a page to a new one.

import { Site } from "../page/site.js";
import { escaped, isObject } from "../page/values.js";

/** @typedef {import("../page/site.js").Page} Page */
/** @typedef {{op: "replace", path: string, value: string}} Replace */

const RIGHT = /^[a-z0-9][a-z0-9-]*$/;
const MOST = 128;
// Members whose whole value is an address.
const ADDRESSES = new Set(["href", "link", "action", "canonical"]);
const TO_PAGE = /^\/([A-Za-z0-9][A-Za-z0-9_-]{0,127})?\/?([?#].*)?$/;
const IN_TEXT = /\]\(\/([A-Za-z0-9][A-Za-z0-9_-]{0,127})(\/?(?:[?#][^()\s]*)?)\)/g;

/** Why a page may not have an address; '' when it may. @param {string} slug @param {string} key of the page @param {Page[]} pages of the site */
export function slugFault(slug, key, pages) {
  if (!slug) return "Write an address, such as about-us.";
  if (slug.length > MOST) return `Use at most ${MOST} characters.`;
  if (!RIGHT.test(slug)) return "Use small letters, digits and hyphens, such as about-us.";
  const other = pages.find((page) => page.slug === slug && page.key !== key);
  return other ? `The page ${other.title || other.key} has this address.` : "";
}

/** A name that is neither the key nor the address of a page. @param {string} wanted @param {Page[]} pages */
export function freeName(wanted, pages) {
  const taken = new Set(pages.flatMap(({ key, slug }) => [key, slug]));
  const start = (wanted || "page").slice(0, 100);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? start : `${start}-${number}`;
    if (!taken.has(name)) return name;
  }
}

/** The page of the site that an address leads to; null when it leads elsewhere, undefined when there is no such page. @param {Site} site @param {string} address @returns {Page | null | undefined} */
export function pageAt(site, address) {
  const match = TO_PAGE.exec(address);
  return match && site.find(match[1] ?? "");
}

/**
 * The changes that let all links to one address lead to another one. Links to the home page without
 * an address stay.
 *
 * @param {any} value the document @param {string} from @param {string} to @returns {Replace[]}
 */
export function linksMoved(value, from, to) {
  /** @type {Replace[]} */
  const found = [];
  /** @param {any} part @param {string} path @param {string} name */
  const walk = (part, path, name) => {
    if (typeof part === "string") {
      const now = ADDRESSES.has(name) ? addressMoved(part, from, to) : textMoved(part, from, to);
      if (now !== part) found.push({ op: "replace", path, value: now });
    } else if (Array.isArray(part)) part.forEach((each, at) => walk(each, `${path}/${at}`, name));
    else if (isObject(part))
      for (const [key, each] of Object.entries(part)) walk(each, `${path}/${escaped(key)}`, key);
  };
  for (const name of ["site", "pages"]) if (isObject(value)) walk(value[name], `/${name}`, "");
  return found;
}

/** @param {string} address @param {string} from @param {string} to */
function addressMoved(address, from, to) {
  const match = TO_PAGE.exec(address.trim());
  return match?.[1] === from ? `/${to}${match[2] ?? ""}` : address;
}

/** @param {string} words @param {string} from @param {string} to */
function textMoved(words, from, to) {
  if (!words.includes("](/")) return words;
  return words.replace(IN_TEXT, (all, slug, rest) => (slug === from ? `](/${to}${rest})` : all));
}
