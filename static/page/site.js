// A document as a site: its pages, their addresses and the targets of links.

import { safeLink } from "./links.js";
import { compare, fields, isObject, text } from "./values.js";

const SLUG = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;
const TO_PAGE = /^\/([A-Za-z0-9][A-Za-z0-9_-]{0,127})?\/?([?#].*)?$/;

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

  /** The target of a link. `/slug` leads to the page of this site with that slug. @param {unknown} value */
  href(value) {
    const link = safeLink(value);
    const match = TO_PAGE.exec(link);
    const page = match && this.find(match[1] ?? "");
    return page ? this.address(page) + (match[2] ?? "") : link;
  }

  /** All that the links and the navigation of a page depend on, as one text. */
  get signature() {
    return JSON.stringify([this.base, this.pages.map(({ key, slug, title }) => [key, slug, title])]);
  }
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
