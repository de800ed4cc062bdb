// The gallery: templates of sections, drawn with the page's own colours and fonts. The editor loads it when
// a user adds a section.

import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/elements.js";
import { TEMPLATES, WORDS } from "./templates.js";

/** @typedef {import("./parts.js").Template} Template */

/** @type {Promise<void> | undefined} */
let styled;

/** Let the user choose a section, and insert it. @param {import("../editor/commands.js").Parts} parts @param {{index?: number}} asked the place in the list of sections */
export async function open({ workspace, commands }, { index }) {
  await (styled ??= styles());
  if (!workspace.canEdit) return;
  const search = h("input", {
    type: "search",
    placeholder: "Search",
    "aria-label": "Search templates",
    autocomplete: "off",
  });
  const none = h("p", { class: "nothing", role: "status", hidden: true }, "No template has these words.");
  /** @param {Template} template */
  const choose = ({ section }) => {
    shown.close();
    commands.insert(section, index);
  };
  const cards = TEMPLATES.map((template) => ({
    template,
    words: wordsOf(template),
    element: h(
      "button",
      { type: "button", class: "template", onclick: () => choose(template) },
      h("span", { class: "drawing", inert: true, "aria-hidden": "true" }, workspace.drawn(template.section)),
      h("b", {}, template.name),
      h("small", {}, template.about),
    ),
  }));
  const grid = h("div", { class: "templates" }, ...cards.map(({ element }) => element));
  const visible = () => cards.map(({ element }) => element).filter((each) => !each.hidden);
  search.addEventListener("input", () => {
    const asked = search.value.toLowerCase().split(/\s+/);
    for (const { element, words } of cards)
      element.hidden = !asked.every((each) => words.some((word) => word.startsWith(each)));
    none.hidden = visible().length > 0;
  });
  search.addEventListener("keydown", (event) => {
    if (!["ArrowDown", "Enter"].includes(event.key)) return;
    // The button that has opened the gallery gets the focus back. It must not get this Enter, too.
    event.preventDefault();
    if (event.key === "ArrowDown") visible()[0]?.focus();
    else if (search.value) visible()[0]?.click();
  });
  grid.addEventListener("keydown", (event) => {
    const all = visible();
    const at = all.indexOf(/** @type {any} */ (event.target));
    const columns = all.filter((each) => each.offsetTop === all[0].offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step === undefined || at < 0) return;
    event.preventDefault();
    (all[at + step] ?? (step < 0 ? search : all[at])).focus();
  });
  const shown = openDialog({ title: "Add a section", kind: "wide", body: [search, grid, none] });
  shown.classList.add("add-section");
  search.focus();
}

/** The words by which a user finds a template. @param {Template} template */
function wordsOf({ name, about, section }) {
  const { headline = "", subheadline = "" } = section.content;
  const all = `${name} ${about} ${section.type} ${WORDS[section.type]} ${headline} ${subheadline}`;
  return all.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Resolves when the style sheet is there, or cannot be loaded. @returns {Promise<void>} */
function styles() {
  return new Promise((resolve) => {
    const href = new URL("./gallery.css", import.meta.url).href;
    const onload = () => resolve();
    document.head.append(h("link", { rel: "stylesheet", href, onload, onerror: onload }));
  });
}
