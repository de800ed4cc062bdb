// The dialog that adds a page to the site: its title, and what it begins with.

import { nameFrom } from "../documents/names.js";
import { fields, isObject, member, text } from "../page/values.js";
import { withNewIds } from "../templates/ids.js";
import { change, h } from "../ui/elements.js";
import { typeIcon } from "../ui/type_icons.js";
import { openDialog } from "../ui/dialog.js";
import { toast } from "../ui/toast.js";
import { freeName, slugFault } from "../site/slugs.js";

/** @typedef {{name: string, about: string, sections: any[]}} Start */

/** @param {...any} items */
const items = (...items) => items.map((each, at) => ({ id: `item-${at + 1}`, ...each }));

/** @param {string} type @param {any} content @param {any} [theme] */
const section = (type, content, theme) => ({
  id: type.toLowerCase(),
  type,
  content,
  ...(theme && { theme }),
});

/** @param {string} headline @param {string} subheadline @param {any} [rest] */
const hero = (headline, subheadline, rest) =>
  section("hero", { headline, subheadline, ...rest }, { align: "center" });

/** What a page may begin with. @type {Start[]} */
export const STARTS = [
  { name: "Empty", about: "Only the footer of your site", sections: [] },
  {
    name: "About us",
    about: "Who you are, and what you stand for",
    sections: [
      hero("Who we are", "Say in two sentences how it began, and what you care about today."),
      section("features", {
        headline: "What we stand for",
        columns: 3,
        items: items(
          { icon: "heart", title: "Care", body: "Say what you do with more care than others." },
          { icon: "people", title: "People", body: "Say who works with you, and for whom." },
          { icon: "leaf", title: "Place", body: "Say where you are, and what you give back." },
        ),
      }),
      section("testimonials", {
        items: items({
          quote: "Write here what a customer told you, in their own words.",
          name: "The name of your customer",
          role: "What they came to you for",
        }),
      }),
    ],
  },
  {
    name: "Services",
    about: "What you offer, one beside the other",
    sections: [
      hero("What we do for you", "Say in one sentence what people come to you for."),
      section("features", {
        columns: 2,
        items: items(
          { icon: "star", title: "First service", body: "Describe it as you would to a friend." },
          { icon: "clock", title: "Second service", body: "Say how long it takes, and what is included." },
          { icon: "map", title: "Third service", body: "Say where it takes place." },
          { icon: "shield", title: "What you can count on", body: "Say what you stand by." },
        ),
      }),
      section("callToAction", {
        headline: "Shall we talk?",
        body: "Tell us what you need. We answer within a day.",
        buttons: [
          { id: "button-1", label: "Write to us", href: "mailto:hello@example.com", style: "primary" },
        ],
      }),
    ],
  },
  {
    name: "Prices",
    about: "Plans, and answers to questions about them",
    sections: [
      section("pricing", {
        headline: "Plans and prices",
        body: "Choose what suits you now. You can change it later.",
        currency: "EUR",
        plans: items(
          {
            name: "Basic",
            price: 10,
            period: "month",
            features: ["Say what is included", "And what comes with it"],
          },
          {
            name: "Plus",
            price: 25,
            period: "month",
            features: ["All of Basic", "Say what is added"],
            featured: true,
          },
        ),
      }),
      section("faq", {
        headline: "Questions about prices",
        items: items(
          { question: "Can I change my plan?", answer: "Yes, at the end of each month." },
          { question: "How do I pay?", answer: "Write here which ways you offer." },
        ),
      }),
    ],
  },
  {
    name: "Contact",
    about: "A form, and how to find you",
    sections: [
      section("form", {
        headline: "Write to us",
        body: "Tell us what you need, and how we can reach you.",
        submit: "Send",
        success: "Thank you. We will write to you soon.",
        fields: items(
          { name: "name", label: "Your name", kind: "text", required: true },
          { name: "email", label: "Your email address", kind: "email", required: true },
          { name: "message", label: "Your message", kind: "textarea" },
        ),
      }),
      section("features", {
        headline: "Where to find us",
        columns: 2,
        items: items(
          { icon: "map", title: "Address", body: "Street and number\nTown" },
          { icon: "clock", title: "Hours", body: "Monday to Friday, nine to five" },
        ),
      }),
    ],
  },
  {
    name: "Questions",
    about: "What people ask you most",
    sections: [
      hero("Questions and answers", "Say whom to ask when the answer is not here."),
      section("faq", {
        items: items(
          { question: "How do I begin?", answer: "Say what the first step is." },
          { question: "How long does it take?", answer: "Give a time that you can keep." },
          { question: "Can I change my mind?", answer: "Say until when, and what happens then." },
        ),
      }),
    ],
  },
];

/** Its styles are loaded once. When they fail, the dialog is better than nothing. @type {Promise<void> | undefined} */
let styled;
const loadStyles = () =>
  (styled ??= new Promise((done) => {
    const href = new URL("./add_page.css", import.meta.url).href;
    document.head.append(h("link", { rel: "stylesheet", href, onload: () => done(), onerror: () => done() }));
  }));

/** @param {import("../site/desk.js").Desk} desk @param {(given: {title: string, name: string, sections: any[], isListed: boolean}) => void} add */
export async function openAddPage(desk, add) {
  await loadStyles();
  let chosen = STARTS[0];
  let isOwn = false; // the user has written an address
  const menu = member(desk.site.about, "navigation");
  // Without entries, the header shows the pages by itself.
  const hasMenu = Array.isArray(menu) && menu.some(isObject);
  const tiles = STARTS.map((start, at) => {
    const drawing = h("span", { class: "drawing", "aria-hidden": "true" });
    drawing.append(...[...start.sections, { type: "footer" }].map(({ type }) => typeIcon(type)));
    const input = h("input", {
      type: "radio",
      name: "weft-site-start",
      class: "unseen",
      checked: at === 0,
      onchange: () => (chosen = start),
    });
    return h(
      "label",
      { class: "start" },
      input,
      drawing,
      h("b", {}, start.name),
      h("small", {}, start.about),
    );
  });
  const title = h("input", {
    id: "weft-site-title",
    required: true,
    maxlength: 200,
    autocomplete: "off",
    placeholder: "About us",
    oninput: () => follow(),
  });
  const slug = h("input", {
    id: "weft-site-slug",
    class: "address",
    spellcheck: "false",
    autocomplete: "off",
    maxlength: 128,
    "aria-describedby": "weft-site-fault",
    oninput: () => ((isOwn = slug.value !== ""), check()),
  });
  const listed = h("input", { type: "checkbox", id: "weft-site-listed", checked: hasMenu });
  const fault = h("p", { class: "note wrong", id: "weft-site-fault", role: "alert", hidden: true });
  const make = h("button", { class: "primary", form: "weft-site-new" }, "Add page");
  const follow = () => {
    if (!isOwn) slug.value = title.value.trim() ? freeName(nameFrom(title.value), desk.site.pages) : "";
    check();
  };
  const check = (isFinal = false) => {
    const words = slug.value || isFinal ? slugFault(slug.value, "", desk.site.pages) : "";
    change(fault, { textContent: words, hidden: !words });
    change(slug, { "aria-invalid": words ? "true" : null });
    return words === "";
  };
  const form = h(
    "form",
    { id: "weft-site-new", class: "stack new-page" },
    h("div", {}, h("label", { for: title.id }, "Title"), title),
    h(
      "div",
      {},
      h("label", { for: slug.id }, "Address"),
      h("div", { class: "slug" }, h("span", { "aria-hidden": "true" }, "/"), slug),
      fault,
    ),
    h("fieldset", {}, h("legend", {}, "Start with"), h("div", { class: "starts" }, ...tiles)),
    hasMenu && h("label", { class: "check" }, listed, "Add it to the navigation"),
  );
  const shown = openDialog({ title: "New page", body: [form], actions: [make], kind: "wide" });
  shown.classList.add("add-page");
  title.focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = title.value.trim();
    title.setCustomValidity(words ? "" : "Write a title.");
    if (!form.reportValidity() || !check(true)) return;
    if (!desk.workspace.canEdit) return void toast("You may not change this site now.", { tone: "warning" });
    shown.close();
    // New names: a link such as `#faq` elsewhere in the site means another section.
    const sections = withNewIds([...chosen.sections, ...footersOf(desk.site)]);
    add({ title: words, name: slug.value, sections, isListed: hasMenu && listed.checked });
  });
  title.addEventListener("input", () => title.setCustomValidity(""));
}

/** A copy of the footers at the end of the first page. @param {import("../page/site.js").Site} site @returns {any[]} */
function footersOf(site) {
  const list = member(site.home?.fields ?? {}, "sections");
  const sections = Array.isArray(list) ? list : [];
  const last = sections.findLastIndex((each) => text(each, "type") !== "footer");
  return sections.slice(last + 1).map((each) => ({ ...each, content: fields(each, "content") }));
}
