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
  constructor(bar, { workspace, document: name, token }) {
    this.workspace = workspace;
    this.title = h("h1", {});
    this.at = `/preview/${encodeURIComponent(name)}`;
    this.preview = h(
      "a",
      {
        class: "button preview",
        href: this.at,
        target: "_blank",
        "aria-label": "Preview",
        onclick: (/** @type {MouseEvent} */ event) => this.open(event, token.kept()),
      },
      icon("eye"),
      h("span", {}, "Preview"),
    );
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
      this.preview,
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
    const slug = text(shown, "slug") || key;
    change(this.preview, {
      href: key === "home" || !slug ? this.at : `${this.at}/${encodeURIComponent(slug)}`,
    });
    document.title = `${title} · Weft`;
  }

  /** Open the preview of this page in a tab. Without demo mode, it needs the user's token. @param {MouseEvent} event @param {string} token */
  open(event, token) {
    if (!token) return;
    event.preventDefault();
    window.open(`${this.preview.href}#token=${encodeURIComponent(token)}`, "_blank", "noopener");
  }

  /** @param {number} width */
  resize(width) {
    for (const each of this.widths) each.setAttribute("aria-pressed", `${each.dataset.width === `${width}`}`);
    document.body.dataset.width = `${width}`;
    this.workspace.emit("resized", width);
  }
}
