// A small picture of a section, as it looks on this page.

import { show } from "../page/dom.js";
import { PageRenderer } from "../page/page.js";
import { sectionRule } from "../page/theme.js";
import { fields } from "../page/values.js";
import { h } from "../ui/elements.js";

/** @param {any} value the document @param {import("../page/values.js").Fields} section */
export function drawing(value, section) {
  const sheet = h("div", { class: "sheet-of-section" });
  const theme = fields(value, "theme");
  const page = { title: "-", sections: [section] };
  const made = new PageRenderer({ isCanvas: true }).render({
    theme,
    site: { language: value?.site?.language },
    pages: { home: page },
  });
  if (made) show(sheet, made.root);
  // Its own colours are on the element: the picture has no style sheet.
  const [, rules = ""] = sectionRule("-", fields(section, "theme"), theme).split(/[{}]/);
  const { style } = /** @type {HTMLElement} */ (
    sheet.querySelector("main > [class^=is-], footer > *") ?? sheet
  );
  for (const [name, color] of rules.split(";").map((each) => each.split(":")))
    if (color) style.setProperty(name, color);
  // The names belong to the page itself.
  for (const each of sheet.querySelectorAll("[id], [for], [aria-labelledby]"))
    for (const name of ["id", "for", "aria-labelledby"]) each.removeAttribute(name);
  return sheet;
}
