// A document as a site: its pages, their addresses and the targets of links.

import { clean, safeLink } from "./links.js";
import { compare, fields, isObject, Place, SPACE, text } from "./values.js";

const SLUG = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const TO_PAGE = /^\/([A-Za-z0-9][A-Za-z0-9_-]{0,127})?\/?([?#].*)?$/;
const ANCHOR = new RegExp(`^[^${SPACE}]{1,128}$`, "u");

/**
 * @typedef {import('./values.js').Fields} Fields
 * @typedef {{key: string, slug: string, fields: Fields, title: string}} Page
 */

export class Site {
  /**
   * @param {unknown} value the document
   * @param {string} base the path of the site
   * @param {string} [publicUrl] the server's public origin; '' when it is unknown
   */
  constructor(value, base, publicUrl = "") {
    /** @type {Fields} */
    this.value = isObject(value) ? /** @type {Fields} */ (value) : {};
    this.base = base;
    this.publicUrl = publicUrl;
    this.about = fields(this.value, "site");
    this.pages = pagesOf(this.value);
    /** @type {Map<string, Page>} */
    this.bySlug = new Map();
    for (const page of [...this.pages].reverse()) if (page.slug) this.bySlug.set(page.slug, page);
  }

  get home() {
    return this.pages[0];
  }

  /** The page with this slug, or the home page for an empty slug. @param {string} slug */
  find(slug) {
    return slug ? this.bySlug.get(slug) : this.home;
  }

  /** @param {Page} page */
  address(page) {
    return page === this.home ? this.base || "/" : `${this.base}/${page.slug}`;
  }

  /** @type {Map<string, Page> | undefined} */
  #byAnchor;

  /** The first page with a section of each name. */
  get byAnchor() {
    if (!this.#byAnchor) {
      this.#byAnchor = new Map();
      for (const page of [...this.pages].reverse())
        for (const name of anchorsOn(page)) this.#byAnchor.set(name, page);
    }
    return this.#byAnchor;
  }

  /** The page that a link to `#name` leads to: the page that has the link, or else the first one with such a section. @param {string} name @param {Page} [page] */
  pageWith(name, page) {
    return page && anchorsOn(page).has(name) ? page : this.byAnchor.get(name);
  }

  /** The target of a link on a page. `/slug` leads to the page of this site with that slug, `#name` to the section with this name. @param {unknown} value @param {Page} [page] */
  href(value, page) {
    const link = safeLink(value);
    if (page && link[0] === "#") {
      const to = this.pageWith(link.slice(1), page);
      return to && to !== page ? this.address(to) + link : link;
    }
    const match = TO_PAGE.exec(link);
    const found = match && this.find(match[1] ?? "");
    return found ? this.address(found) + (match[2] ?? "") : link;
  }

  /** All that the links and the navigation of a page depend on, as one text. @param {Page} page */
  signature(page) {
    const elsewhere = [...this.byAnchor].filter(([name]) => this.pageWith(name, page) !== page);
    return JSON.stringify([
      this.base,
      this.pages.map(({ key, slug, title }) => [key, slug, title]),
      elsewhere.map(([name, { key }]) => [name, key]),
    ]);
  }
}

/** The names of each section: a section that did not change is the same object. @type {WeakMap<Fields, string[]>} */
const ownAnchors = new WeakMap();

/** The names by which links lead to a section: its anchor, and its id. The page's own ids begin with `weft-`. @param {Fields} section */
export function anchorsOf(section) {
  let own = ownAnchors.get(section);
  if (!own) {
    const names = ["anchor", "id"].map((key) => clean(text(section, key)));
    own = [...new Set(names)].filter((name) => ANCHOR.test(name) && !name.startsWith("weft-"));
    ownAnchors.set(section, own);
  }
  return own;
}

/** @type {WeakMap<Fields, Set<string>>} */
const pageAnchors = new WeakMap();

/** The names of the sections that a page shows. @param {Page} page */
export function anchorsOn({ fields: page }) {
  let names = pageAnchors.get(page);
  if (!names) {
    const shown = new Place(page, "").objects("sections").filter(({ value }) => value.hidden !== true);
    names = new Set(shown.flatMap(({ value }) => anchorsOf(value)));
    pageAnchors.set(page, names);
  }
  return names;
}

/** @param {Fields} value @returns {Page[]} */
function pagesOf(value) {
  const pages = Object.entries(fields(value, "pages")).filter(([, page]) => isObject(page));
  const first = text(fields(value, "site"), "home");
  const found = pages.map(([key, page]) => ({
    key,
    slug: slugOf(key, page),
    fields: page,
    title: text(page, "title"),
  }));
  return found.sort(
    (one, other) =>
      Number(one.key !== first) - Number(other.key !== first) ||
      Number(one.key !== "home") - Number(other.key !== "home") ||
      Number(one.slug !== "home") - Number(other.slug !== "home") ||
      compare(one.key, other.key),
  );
}

/** @param {string} key @param {Fields} page */
function slugOf(key, page) {
  return [text(page, "slug"), key].find((name) => SLUG.test(name)) ?? "";
}
