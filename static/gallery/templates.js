// The sections that a user can add, with words that suit most pages, in the order of the gallery.

import { BEGINNINGS, ENDINGS } from "./beginnings.js";
import { OFFERS } from "./offers.js";
import { VOICES } from "./voices.js";

/** @type {import("./parts.js").Template[]} */
export const TEMPLATES = [...BEGINNINGS, ...OFFERS, ...VOICES, ...ENDINGS];

/** What else users call the types of sections, for the search. @type {Record<string, string>} */
export const WORDS = {
  hero: "header top start title banner headline intro opening welcome",
  features: "services benefits steps grid icons columns numbers",
  testimonials: "quote review customer opinion stars voices",
  pricing: "price plan offer cost money",
  faq: "faq question answer help",
  gallery: "picture photo image portfolio slider carousel",
  form: "contact email newsletter signup booking reservation field",
  callToAction: "cta button banner",
  footer: "end bottom links social imprint",
};
