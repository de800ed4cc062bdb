// Pages that a user can begin with, made from the templates of sections.

import { button, picture, TEMPLATES } from "./sections.js";

/** @typedef {import("../page/values.js").Fields} Fields */

/** A section made from a template. @param {string} id the name of the section on the page @param {string} name that of the template @param {Fields} [content] what is different @returns {Fields} */
function from(id, name, content) {
  const { section } = /** @type {import("./sections.js").Template} */ (
    TEMPLATES.find((each) => each.name === name)
  );
  return { ...section, id, content: { ...section.content, ...content } };
}

/** @param {string} accent @param {string} background @param {string} text @param {string} heading */
const theme = (accent, background, text, heading) => ({
  colors: { accent, background, text },
  fonts: { heading, body: "system-ui, sans-serif" },
  radius: 10,
  mode: "light",
});

const SERIF = "Georgia, 'Iowan Old Style', serif";
const SANS = "system-ui, sans-serif";

/** @param {string} name @param {string} about @param {Fields} look @param {Fields[]} sections */
const page = (name, about, look, sections) => ({
  name,
  about,
  document: {
    site: { name, language: "en" },
    theme: look,
    pages: { home: { title: name, slug: "home", sections } },
  },
});

/** @param {{icon: string, title: string, body: string}[]} items */
const cards = (...items) => ({ items: items.map((each, at) => ({ id: `card-${at + 1}`, ...each })) });

/** @param {[string, string][]} items */
const answers = (...items) => ({
  items: items.map(([question, answer], at) => ({ id: `question-${at + 1}`, question, answer })),
});

/** @type {{name: string, about: string, document: Fields}[]} */
export const PAGES = [
  page(
    "Product launch",
    "Shows what is new, what it costs, and how to get it",
    theme("#3b5bdb", "#ffffff", "#1b1d24", SANS),
    [
      from("hero-1", "Hero with a picture", {
        body: "New",
        headline: "Here is what we have been working on",
        subheadline: "Say in one sentence what is new, and what it is good for.",
        image: picture("shapes"),
        buttons: [
          button("See the plans", "primary", "#pricing-1"),
          button("How it works", "secondary", "#features-1"),
        ],
      }),
      from("features-1", "How it works"),
      from("features-2", "Features in two columns"),
      from("pricing-1", "Three plans"),
      from("faq-1", "Questions"),
      from("callToAction-1", "Call to action", {
        buttons: [button("See the plans", "primary", "#pricing-1")],
      }),
      from("footer-1", "Footer"),
    ],
  ),
  page(
    "Event",
    "Says when and where, what happens, and how to come",
    theme("#b3402a", "#fdf9f3", "#2b211c", SERIF),
    [
      from("hero-1", "Hero in the centre", {
        body: "Day, time and place",
        headline: "Come and spend a day with us",
        subheadline: "Say in one sentence what people will see and do.",
        buttons: [button("Come along", "primary", "#form-1")],
      }),
      from("features-1", "How it works", {
        headline: "The day",
        body: "Come for an hour, or stay until the end.",
        ...cards(
          { icon: "sun", title: "Morning", body: "Doors open. Coffee and a welcome." },
          { icon: "people", title: "Afternoon", body: "Talks, and time to meet each other." },
          { icon: "star", title: "Evening", body: "A meal together, and a look back at the day." },
        ),
      }),
      from("gallery-1", "Gallery in a grid", { headline: "The place" }),
      from("faq-1", "Questions", {
        headline: "Good to know",
        ...answers(
          ["How do I get there?", "Write here which train, bus or road leads to you."],
          ["Do I need a ticket?", "Send us the form below. That is all."],
          ["May I bring children?", "Yes, bring them along."],
        ),
      }),
      from("form-1", "Form", {
        headline: "I will be there",
        body: "Tell us who is coming, so that we can prepare.",
        submit: "Count me in",
      }),
      from("footer-1", "Footer"),
    ],
  ),
  page(
    "Small business",
    "Who you are, what you offer, and where to find you",
    theme("#2f6f4f", "#fbfaf5", "#22302a", SERIF),
    [
      from("hero-1", "Hero with a picture", {
        body: "Street and town",
        headline: "Good work, just around the corner",
        subheadline: "Say in one sentence what you do, and for whom.",
        buttons: [
          button("Write to us", "primary", "#form-1"),
          button("What we offer", "secondary", "#features-1"),
        ],
      }),
      from("features-1", "Features in cards", { headline: "What we offer" }),
      from("gallery-1", "Gallery in a row"),
      from("testimonials-1", "Testimonials"),
      from("form-1", "Form"),
      from("footer-1", "Footer"),
    ],
  ),
  page(
    "Waiting list",
    "One page that tells what is coming, and who wants to hear of it",
    theme("#6d4bc3", "#faf9fe", "#221d33", SANS),
    [
      from("hero-1", "Hero in the centre", {
        body: "Coming soon",
        headline: "Something new is on its way",
        subheadline: "Leave your address, and be among the first to hear of it.",
        buttons: [button("Join the list", "primary", "#form-1")],
      }),
      from("features-1", "Features in cards", {
        headline: "What to expect",
        ...cards(
          { icon: "rocket", title: "What is new", body: "Say what nothing else does today." },
          { icon: "people", title: "Who it is for", body: "Name the people who have waited for it." },
          { icon: "calendar", title: "When it comes", body: "Say when you hope to be ready." },
        ),
      }),
      from("form-1", "Form", {
        headline: "Join the list",
        body: "We write to you when it is ready, and not before.",
        submit: "Join",
        fields: [
          { id: "field-1", name: "email", label: "Your email address", kind: "email", required: true },
        ],
      }),
      from("footer-1", "Footer"),
    ],
  ),
];
