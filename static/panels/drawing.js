// A small picture of a section, as it looks on this page.

import { show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { h } from "../ui/elements.js";

/** @param {any} value the document @param {import("../page/values.js").Fields} section */
export function drawing(value, section) {
  const sheet = h("div", { class: "sheet-of-section" });
  const page = { title: "-", sections: [section] };
  const made = new PageRenderer({ isCanvas: true }).render({
    theme: value?.theme,
    site: { language: value?.site?.language },
    pages: { home: page },
  });
  if (made) show(sheet, made.root);
  // The names belong to the page itself.
  for (const each of sheet.querySelectorAll("[id], [for], [aria-labelledby]"))
    for (const name of ["id", "for", "aria-labelledby"]) each.removeAttribute(name);
  return sheet;
}
