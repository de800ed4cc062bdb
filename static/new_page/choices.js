// What a page can begin with: a template of a trade, or nothing.

import { ARCHITECT } from "./architect.js";
import { BAKERY } from "./bakery.js";
import { CHARITY } from "./charity.js";
import { COURSE } from "./course.js";
import { FESTIVAL } from "./festival.js";
import { choice } from "./parts.js";
import { PHYSIOTHERAPIST } from "./physiotherapist.js";
import { RESTAURANT } from "./restaurant.js";
import { SOFTWARE } from "./software.js";

/** @typedef {import("./parts.js").Choice} Choice */
/** @typedef {import("../page/values.js").Fields} Fields */

const TEMPLATES = [BAKERY, SOFTWARE, PHYSIOTHERAPIST, FESTIVAL, ARCHITECT, CHARITY, RESTAURANT, COURSE];

/** @type {Choice[]} */
export const CHOICES = TEMPLATES.map(choice);

/** @type {Choice} */
export const BLANK = {
  trade: "Blank",
  group: "From scratch",
  about: "An empty page",
  // Two people may make their first choices at once: the objects around them are there.
  document: {
    site: { name: "", language: "en" },
    theme: { colors: {}, fonts: {} },
    pages: { home: { title: "", slug: "home", seo: {}, sections: [] } },
  },
};

// The texts of a section that have no marks. In all others, a title is escaped: `*` and `[` are marks.
const PLAIN = new Set(["title", "name", "label", "alt", "question", "role", "company"]);
const MARKS = /[\\*[]/g;

/** The document of a choice, with the user's title in place of the made-up name. @param {Choice} choice @param {string} title @returns {Fields} */
export function named({ document }, title) {
  const { site, pages, ...rest } = document;
  const escaped = title.replace(MARKS, "\\$&");
  /** @param {any} value @param {string} words @returns {any} */
  const replaced = (value, words) => {
    if (typeof value === "string") return site.name ? value.replaceAll(site.name, () => words) : value;
    if (Array.isArray(value)) return value.map((each) => replaced(each, words));
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value);
    return Object.fromEntries(
      members.map(([key, each]) => [key, replaced(each, PLAIN.has(key) ? title : words)]),
    );
  };
  const { seo, sections } = pages.home;
  const home = { ...pages.home, title, ...(seo && { seo: replaced(seo, title) }) };
  return {
    ...rest,
    site: { ...site, name: title },
    pages: { home: { ...home, sections: replaced(sections, escaped) } },
  };
}
