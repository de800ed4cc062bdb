// The parts of the templates for sections.

/** @typedef {import("../page/values.js").Fields} Fields */
/** @typedef {{name: string, about: string, section: Fields}} Template `name` is that of the template, `about` says what it is for */

/** @param {string} name @param {string} type @param {string} about @param {Fields} content @param {Fields} [theme] @returns {Template} */
export const template = (name, type, about, content, theme) => ({
  name,
  about,
  section: { id: type.toLowerCase(), type, content, ...(theme && { theme }) },
});

/** The items with an id each. @param {Fields[]} list */
export const listed = (...list) => list.map((each, at) => ({ id: `item-${at + 1}`, ...each }));

const ALTS = {
  hills: "Blue hills under a pale sun",
  shapes: "An arch, a ball and a column on a shelf",
  waves: "Three waves in shades of violet",
};

/** A neutral picture that a user replaces. @param {"hills" | "shapes" | "waves"} name */
export const picture = (name) => ({
  src: `/static/templates/${name}.svg`,
  alt: ALTS[name],
  width: 1200,
  height: 800,
});

/** @param {string} label @param {string} [style] @param {string} [href] */
export const button = (label, style = "primary", href = "#") => ({
  id: `button-${style}`,
  label,
  href,
  style,
});

/** @param {string} label @param {number} at */
export const link = (label, at) => ({ id: `link-${at}`, label, href: "#", style: "link" });

/** @param {string} icon @param {string} title @param {string} body */
export const card = (icon, title, body) => ({ icon, title, body });

/** @param {string} question @param {string} answer */
export const asked = (question, answer) => ({ question, answer });
