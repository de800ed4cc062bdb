// Sections that a user can add, each with words that show what it is for.

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

/** @type {{name: string, about: string, section: Fields}[]} `name` is that of the template, `about` says what it is for */
export const TEMPLATES = [
  {
    name: "Hero",
    about: "A headline, a button and a picture",
    section: {
      id: "hero",
      type: "hero",
      content: {
        headline: "Say what you make, and for whom",
        subheadline: "One sentence that makes a visitor want to read on.",
        buttons: [{ id: "button", label: "Get started", href: "#", style: "primary" }],
      },
    },
  },
];
