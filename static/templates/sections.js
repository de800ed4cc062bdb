// What users call the types of sections.

import { text } from "../page/values.js";

/** @typedef {import("../page/values.js").Fields} Fields */

/** What users call each type of section. @type {Record<string, string>} */
export const NAMES = {
  hero: "Hero",
  features: "Features",
  testimonials: "Testimonials",
  pricing: "Pricing",
  faq: "Questions",
  gallery: "Gallery",
  form: "Form",
  callToAction: "Call to action",
  footer: "Footer",
};

/** What a user calls a section. @param {Fields} section */
export function nameOf(section) {
  const type = text(section, "type");
  return NAMES[type] ?? (type ? type[0].toUpperCase() + type.slice(1) : "Section");
}
