// Sections that a user can add, with words that suit most pages.

import { text } from "../page/values.js";

/** @typedef {import("../page/values.js").Fields} Fields */
/** @typedef {{name: string, about: string, section: Fields}} Template `name` is that of the template, `about` says what it is for */

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

/** @param {Fields[]} list */
const listed = (...list) => list.map((each, at) => ({ id: `item-${at + 1}`, ...each }));

/** A neutral picture that a user replaces. @param {"hills" | "shapes" | "waves"} name */
export const picture = (name) => ({
  src: `/static/templates/${name}.svg`,
  alt: "",
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

/** @param {string} name @param {string} type @param {string} about @param {Fields} content @param {Fields} [theme] @returns {Template} */
const template = (name, type, about, content, theme) => ({
  name,
  about,
  section: { id: type.toLowerCase(), type, content, ...(theme && { theme }) },
});

const STEPS = listed(
  {
    icon: "chat",
    title: "Tell us what you need",
    body: "Write to us in your own words. A short message is enough.",
  },
  { icon: "calendar", title: "Choose a time", body: "We suggest a time, and you say whether it suits you." },
  { icon: "check", title: "Lean back", body: "We do the work, and tell you when it is done." },
);

/** @param {string} quote @param {string} name @param {string} role */
const said = (quote, name, role) => ({ quote, name, role });
const QUOTE = said("Write here what a customer told you, in their own words.", "Name", "Role");

/** @type {Template[]} */
export const TEMPLATES = [
  template("Hero with a picture", "hero", "A headline, two buttons and a picture beside them", {
    headline: "A good start for something new",
    subheadline: "Say in one sentence what you offer, and for whom.",
    image: picture("hills"),
    buttons: [button("Get started"), button("Learn more", "secondary")],
  }),
  template(
    "Hero in the centre",
    "hero",
    "A large headline and one button",
    {
      body: "New",
      headline: "Made with care, from start to finish",
      subheadline: "Take a look around, and see whether it is right for you.",
      buttons: [button("Take a look")],
    },
    { align: "center", spacing: "large" },
  ),
  template("Features in cards", "features", "Three cards, each with an icon", {
    headline: "What you get",
    columns: 3,
    items: listed(
      {
        icon: "heart",
        title: "Made with care",
        body: "We take our time with the details, so that you need not.",
      },
      {
        icon: "clock",
        title: "Ready when you are",
        body: "Start today, or look around first. Both are fine.",
      },
      { icon: "chat", title: "Easy to reach", body: "Ask us anything. We like to hear from you." },
    ),
  }),
  template("How it works", "features", "Steps, one beside the other", {
    headline: "How it works",
    body: "Three steps, and no small print.",
    columns: 3,
    items: STEPS,
  }),
  template("Features in two columns", "features", "Four short texts for the details", {
    headline: "The details",
    columns: 2,
    items: listed(
      { icon: "star", title: "What it does", body: "Describe it as you would to a friend." },
      { icon: "people", title: "Who it is for", body: "Name the people who will like it most." },
      { icon: "map", title: "Where to find it", body: "Say where it is, or how it gets to your visitors." },
      { icon: "shield", title: "What you can count on", body: "Say what you stand by." },
    ),
  }),
  template("Testimonials", "testimonials", "What three customers say", {
    headline: "What customers say",
    items: listed(QUOTE, QUOTE, QUOTE),
  }),
  template(
    "One quote",
    "testimonials",
    "A single voice, in the centre",
    { items: listed(QUOTE) },
    { align: "center" },
  ),
  template("Three plans", "pricing", "Prices side by side, one of them marked", {
    headline: "Plans and prices",
    body: "Choose what suits you now. You can change it later.",
    currency: "EUR",
    plans: listed(
      {
        name: "Basic",
        price: 0,
        period: "month",
        description: "To have a look around.",
        features: ["The first part", "The second part"],
        button: button("Choose Basic", "secondary"),
      },
      {
        name: "Standard",
        price: 20,
        period: "month",
        description: "For most people.",
        features: ["All of Basic", "The third part", "The fourth part"],
        featured: true,
        button: button("Choose Standard"),
      },
      {
        name: "Plus",
        price: 50,
        period: "month",
        description: "For those with more to do.",
        features: ["All of Standard", "The fifth part"],
        button: button("Choose Plus", "secondary"),
      },
    ),
  }),
  template(
    "One price",
    "pricing",
    "A single offer with all that it includes",
    {
      headline: "One price for everything",
      currency: "EUR",
      plans: listed({
        name: "Everything",
        price: 100,
        period: "once",
        features: ["The first part", "The second part", "The third part"],
        featured: true,
        button: button("Order now"),
      }),
    },
    { align: "center" },
  ),
  template("Questions", "faq", "Questions that open their answers", {
    headline: "Questions and answers",
    items: listed(
      {
        question: "How do I begin?",
        answer: "Press the button at the top of the page. We take it from there.",
      },
      { question: "Whom can I ask?", answer: "Write to us. We answer as soon as we can." },
      { question: "Can I change my mind?", answer: "Yes. Tell us, and we find a solution together." },
    ),
  }),
  template("Gallery in a grid", "gallery", "Pictures of one size", {
    headline: "A look inside",
    layout: "grid",
    items: listed(
      { image: picture("hills"), caption: "Outside" },
      { image: picture("shapes"), caption: "Inside" },
      { image: picture("waves"), caption: "Close up" },
    ),
  }),
  template("Gallery in a row", "gallery", "Pictures that scroll sideways", {
    headline: "Have a look",
    layout: "carousel",
    items: listed(
      ...["shapes", "waves", "hills", "shapes"].map((name) => ({
        image: picture(/** @type {any} */ (name)),
      })),
    ),
  }),
  template("Form", "form", "A form to write to you", {
    headline: "Write to us",
    body: "Tell us what you need, and how we can reach you.",
    submit: "Send",
    success: "Thank you. We will write to you soon.",
    fields: listed(
      { name: "name", label: "Your name", kind: "text", required: true },
      { name: "email", label: "Your email address", kind: "email", required: true },
      { name: "message", label: "Your message", kind: "textarea" },
    ),
  }),
  template("Call to action", "callToAction", "One coloured panel with a button", {
    headline: "Ready to begin?",
    body: "It takes a minute.",
    buttons: [button("Get started")],
  }),
  template(
    "Call to action in the centre",
    "callToAction",
    "Two ways on, in the centre",
    {
      headline: "Shall we talk?",
      body: "Write to us, or come and see us.",
      buttons: [button("Write to us"), button("Find us", "secondary")],
    },
    { align: "center" },
  ),
  template("Footer", "footer", "Links, and who runs the page", {
    text: "A few words about who you are.",
    columns: listed({
      title: "More",
      links: [button("About us", "link"), { ...button("Contact", "link"), id: "button-2" }],
    }),
    copyright: "All rights reserved.",
  }),
];
