// The gallery: templates of sections, drawn with the page's own colours and fonts.

import { show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { NAMES, TEMPLATES } from "../templates/sections.js";
import { openDialog } from "../ui/dialog.js";
import { h } from "../ui/elements.js";

/** @typedef {import("../templates/sections.js").Template} Template */

/** Let the user choose a section, and insert it. @param {import("../editor/commands.js").Parts} parts @param {number} [index] the place in the list of sections */
export function openGallery({ workspace, commands }, index) {
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
    words: `${template.name} ${template.about} ${NAMES[template.section.type]}`.toLowerCase(),
    element: h(
      "button",
      { type: "button", class: "template", onclick: () => choose(template) },
      drawing(workspace.value, template),
      h("b", {}, template.name),
      h("small", {}, template.about),
    ),
  }));
  const grid = h("div", { class: "templates" }, ...cards.map((each) => each.element));
  const open = () => cards.map(({ element }) => element).filter((each) => !each.hidden);
  search.addEventListener("input", () => {
    const words = search.value.toLowerCase().split(/\s+/);
    for (const each of cards) each.element.hidden = !words.every((word) => each.words.includes(word));
    none.hidden = open().length > 0;
  });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && search.value) open()[0]?.click();
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    open()[0]?.focus();
  });
  grid.addEventListener("keydown", (event) => {
    const all = open();
    const at = all.indexOf(/** @type {any} */ (event.target));
    const columns = all.filter((each) => each.offsetTop === all[0].offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step === undefined || at < 0) return;
    event.preventDefault();
    (all[at + step] ?? (step < 0 ? search : all[at])).focus();
  });
  const shown = openDialog({ title: "Add a section", kind: "wide", body: [search, grid, none] });
  search.focus();
}

/** A small picture of a template, as it looks on this page. @param {any} value the document @param {Template} template */
function drawing(value, { section }) {
  const sheet = h("div", { class: "sheet-of-section" });
  const page = { title: "-", sections: [section] };
  const renderer = new PageRenderer({ isCanvas: true });
  const made = renderer.render({
    theme: value?.theme,
    site: { language: value?.site?.language },
    pages: { home: page },
  });
  if (made) show(sheet, made.root);
  // The names belong to the page itself.
  for (const each of sheet.querySelectorAll("[id], [for], [aria-labelledby]"))
    for (const name of ["id", "for", "aria-labelledby"]) each.removeAttribute(name);
  return h("span", { class: "drawing", inert: true, "aria-hidden": "true" }, sheet);
}
