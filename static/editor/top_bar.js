// The bar at the top: which page this is, how it is saved, who is here, and what one can do with it.

import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { clean } from "../page/links.js";
import { fields, text } from "../page/values.js";

/** The widths of the canvas: of a window, of a tablet, of a phone. */
const WIDTHS = [
  { name: "desktop", words: "Desktop width", width: 1280 },
  { name: "tablet", words: "Tablet width", width: 768 },
  { name: "phone", words: "Phone width", width: 390 },
];

export class TopBar {
  /** @param {HTMLElement} bar @param {import("./commands.js").Parts} parts */
  constructor(bar, { workspace, document: name }) {
    this.workspace = workspace;
    this.title = h("h1", {});
    const preview = `/preview/${encodeURIComponent(name)}`;
    const widths = WIDTHS.map(({ name: device, words, width }) =>
      h(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": words,
          title: words,
          "data-width": width,
          onclick: () => this.resize(width),
        },
        icon(device),
      ),
    );
    bar.append(
      h(
        "a",
        { class: "button quiet", href: "/", "aria-label": "All pages", title: "All pages" },
        icon("back"),
      ),
      this.title,
      // The other parts fill these places.
      h("span", { id: "state" }),
      h("span", { class: "space" }),
      h("div", { class: "widths", role: "group", "aria-label": "Width of the page" }, ...widths),
      h("span", { class: "space" }),
      h("div", { id: "people" }),
      h("div", { id: "undo" }),
      h("div", { id: "tools" }),
      h("a", { class: "button", href: preview, target: "_blank" }, icon("eye"), h("span", {}, "Preview")),
    );
    this.widths = widths;
    this.resize(1280);
    for (const name of ["value", "shown"]) workspace.on(name, () => this.draw());
    this.draw();
  }

  draw() {
    const { value, shown, key } = this.workspace;
    const title = clean(
      text(shown, "title") || key || text(fields(value, "site"), "name") || "Untitled page",
    );
    change(this.title, { textContent: title, title });
    document.title = `${title} · Weft`;
  }

  /** @param {number} width */
  resize(width) {
    for (const each of this.widths) each.setAttribute("aria-pressed", `${each.dataset.width === `${width}`}`);
    document.body.dataset.width = `${width}`;
    this.workspace.emit("resized", width);
  }
}
