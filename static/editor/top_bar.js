// The bar at the top: which page this is, how it is saved, who is here, and what one can do with it.

import { AROUND, tellAround } from "../ui/around.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { menuButton } from "../ui/menu.js";
import { clean } from "../page/links.js";
import { Site } from "../page/site.js";
import { fields, member, text } from "../page/values.js";
import { toast } from "../ui/toast.js";

/** The widths of the canvas: of a window, of a tablet, of a phone. */
export const WIDTHS = [
  { name: "desktop", words: "Desktop width", width: 1280 },
  { name: "tablet", words: "Tablet width", width: 768 },
  { name: "phone", words: "Phone width", width: 390 },
];

export class TopBar {
  /** @param {HTMLElement} bar @param {import("./commands.js").Parts} parts */
  constructor(bar, { workspace, document: name, token }) {
    this.workspace = workspace;
    this.name = h("span", {});
    this.shown = ""; // the title that the browser has
    this.title = menuButton(h("button", { type: "button", class: "quiet" }, this.name, icon("chevron")), () =>
      this.choices(),
    );
    this.at = `/preview/${encodeURIComponent(name)}`;
    this.preview = h(
      "a",
      {
        class: "button preview",
        href: this.at,
        target: "_blank",
        "aria-label": "Preview",
        // A tab of its own has no page around it that gives tokens.
        onclick: (/** @type {MouseEvent} */ event) => this.open(event, AROUND ? token.newest : token.kept()),
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
      AROUND
        ? h(
            "button",
            { type: "button", class: "quiet", ...named("Leave the editor"), onclick: leave },
            icon("back"),
          )
        : h("a", { class: "button quiet", href: "/", ...named("All pages") }, icon("back")),
      h("h1", {}, this.title),
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

  key = ""; // of the page whose name is shown

  draw() {
    const { value, shown, key } = this.workspace;
    const title = clean(
      text(shown, "title") || key || text(fields(value, "site"), "name") || "Untitled page",
    );
    // Another page is shown than the user has chosen, or than the link names.
    const chosen = this.key || this.workspace.wanted;
    if (chosen && !member(fields(value, "pages"), chosen)) {
      const name = this.key ? `The page ${this.name.textContent}` : "The page of this link";
      toast(`${name} was deleted.`, { tone: "warning" });
    }
    this.key = key;
    change(this.name, { textContent: title });
    change(this.title, { title });
    const site = new Site(value, this.at);
    const page = site.pages.find((each) => each.key === key);
    change(this.preview, { href: page ? site.address(page) : this.at });
    // A title that is set is work for the browser, also when it is the same.
    if (title !== this.shown) document.title = `${title} · Weft`;
    this.shown = title;
  }

  /** The pages of the site, and the screens of its settings. */
  choices() {
    const { workspace } = this;
    const site = new Site(workspace.value, "");
    /** @param {string} words @param {string} drawing @param {string} pointer */
    const screen = (words, drawing, pointer) => ({
      words,
      icon: drawing,
      run: () => workspace.emit("screen", { name: "site", pointer }),
    });
    return [
      ...site.pages.map((page) => ({
        words: clean(page.title) || page.key,
        isChosen: page.key === workspace.key,
        note: site.address(page),
        run: () => workspace.show(page.key),
      })),
      null,
      screen("Pages…", "page", "/pages"),
      screen("Navigation…", "link", "/site/navigation"),
      screen("Theme…", "drop", "/theme"),
      screen("SEO and sharing…", "search", "/seo"),
      ...inMenu(),
    ];
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

/** What a narrow bar has no room for. @returns {(import("../ui/menu.js").Choice | null)[]} */
function inMenu() {
  if (innerWidth > 600) return [];
  const hidden = /** @type {HTMLElement[]} */ ([
    ...document.querySelectorAll("#tools > :not(.tray), .preview"),
  ]);
  const icons = /** @type {Record<string, string>} */ ({
    Share: "share",
    History: "history",
    Preview: "eye",
  });
  return [
    null,
    ...hidden.map((each) => {
      const words = each.textContent ?? "";
      return { words, icon: icons[words], run: () => each.click() };
    }),
  ];
}

/** @param {string} words */
function named(words) {
  return { "aria-label": words, title: words };
}

function leave() {
  tellAround({ type: "leave" });
}
