// The parts of the templates for pages.

/** @typedef {import("../page/values.js").Fields} Fields */
/**
 * The theme of a template. Without `mode`, it is light.
 * @typedef {{accent: string, background: string, text: string, heading: string, body: string, radius: number, mode?: string}} Theme
 */
/**
 * A page to begin with. `trade` is the kind of business, `about` says in one line what the page does.
 * The page is written for a made-up business with this `name`: see `choices.js`.
 *
 * @typedef {{trade: string, group: string, about: string, name: string, theme: Theme, seo: Fields, navigation: Fields[], sections: Fields[]}} Template
 */
/** A template with its document. @typedef {{trade: string, group: string, about: string, document: Fields}} Choice */

/** @param {Template} template @returns {Choice} */
export function choice({ trade, group, about, name, theme, seo, navigation, sections }) {
  const { accent, background, text, heading, body, radius, mode = "light" } = theme;
  const document = {
    site: { name, language: "en", navigation: listed("link", navigation) },
    theme: { colors: { accent, background, text }, fonts: { heading, body }, radius, mode },
    pages: { home: { title: name, slug: "home", seo, sections } },
  };
  return { trade, group, about, document };
}

/** @param {string} id a link to `#id` leads to the section @param {string} type @param {Fields} content @param {Fields} [theme] @returns {Fields} */
export function section(id, type, content, theme) {
  return { id, type, content, ...(theme && { theme }) };
}

/** The items with an id each. @param {string} kind @param {Fields[]} items */
export function listed(kind, items) {
  return items.map((each, at) => ({ id: `${kind}-${at + 1}`, ...each }));
}

/** @param {string} label @param {string} href */
export const primary = (label, href) => ({ label, href, style: "primary" });
/** @param {string} label @param {string} href */
export const secondary = (label, href) => ({ label, href, style: "secondary" });
/** @param {string} label @param {string} href */
export const link = (label, href) => ({ label, href, style: "link" });

/** @param {string} title @param {string} body @param {Fields} [more] an icon, a picture or a link */
export const card = (title, body, more) => ({ title, body, ...more });

/** @param {string} quote @param {string} name @param {string} role @param {Fields} [more] */
export const quote = (quote, name, role, more) => ({ quote, name, role, ...more });

/** @param {string} question @param {string} answer */
export const asked = (question, answer) => ({ question, answer });

/** @param {string} title @param {Fields[]} links */
export const column = (title, links) => ({ title, links: listed("link", links) });

/** One of the pictures in `static/templates/`. @param {string} name @param {string} alt @param {number} [width] @param {number} [height] */
export function picture(name, alt, width = 1200, height = 900) {
  return { src: `/static/templates/${name}.svg`, alt, width, height };
}
