// The settings of the site, in the place of the fields: pages, navigation, theme, SEO and sharing.
//
// The page on the canvas stays live beside it, and can be edited.

import { isObject } from "../page/values.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { Desk } from "./desk.js";
import { navigationTab } from "./navigation.js";
import { pagesTab } from "./pages.js";
import { searchTab } from "./search.js";
import { themeTab } from "./theme.js";

/** @typedef {import("../editor/commands.js").Parts} Parts */
/** @typedef {import("./desk.js").Tab} Tab */
/** @typedef {"pages" | "navigation" | "theme" | "search"} Name */

/** @type {{name: Name, words: string, about: string, make: (desk: Desk) => Tab}[]} */
const TABS = [
  { name: "pages", words: "Pages", about: "Pages", make: pagesTab },
  { name: "navigation", words: "Navigation", about: "Navigation", make: navigationTab },
  { name: "theme", words: "Theme", about: "Theme", make: themeTab },
  { name: "search", words: "SEO", about: "SEO and sharing", make: searchTab },
];
const FAR = 60; // pixels that the grip of the sheet is dragged before the sheet closes or grows

/** @type {Panel | null} */
let panel = null;

/** @param {Parts} parts @param {{pointer?: string}} asked the place to show */
export async function open(parts, { pointer = "/pages" }) {
  panel ??= new Panel(parts, await loadFormat());
  panel.open(pointer);
}

/** The tab that has a place. @param {string} pointer @returns {Name} */
function tabOf(pointer) {
  if (pointer.startsWith("/theme")) return "theme";
  if (pointer.startsWith("/site/navigation")) return "navigation";
  return /^(\/pages\/[^/]+)?\/seo/.test(pointer) ? "search" : "pages";
}

/** The page format. Its parts have no references any more. @returns {Promise<any>} */
async function loadFormat() {
  const answer = await fetch("/v1/schemas/landing-page");
  if (!answer.ok) throw new Error("no page format");
  const { $defs, properties } = await answer.json();
  /** @param {any} part @returns {any} */
  const resolved = (part) => {
    if (Array.isArray(part)) return part.map(resolved);
    if (!isObject(part)) return part;
    if (part.$ref) return resolved($defs[part.$ref.slice(part.$ref.lastIndexOf("/") + 1)]);
    return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, resolved(each)]));
  };
  const { title } = $defs.page.properties;
  return { site: resolved(properties.site), seo: resolved($defs.seo), button: resolved($defs.button), title };
}

class Panel {
  /** @type {{name: Name, tab: Tab} | null} */
  shown = null;
  isOpen = false;
  /** @type {number | undefined} */
  due;
  /** @type {Element | null} what had the focus before */
  before = null;

  /** @param {Parts} parts @param {any} format */
  constructor(parts, format) {
    const { workspace } = parts;
    this.workspace = workspace;
    this.title = h("h2", { class: "unseen" });
    this.buttons = TABS.map(({ name, words, about }) =>
      h(
        "button",
        {
          type: "button",
          role: "tab",
          id: `site-tab-${name}`,
          "aria-controls": "site-body",
          "aria-label": about === words ? null : about,
          onclick: () => this.show(name),
        },
        words,
      ),
    );
    const tabs = h(
      "div",
      { class: "tabs", role: "tablist", "aria-label": "Settings of the site" },
      ...this.buttons,
    );
    tabs.addEventListener("keydown", (event) => this.#key(event));
    const close = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "aria-label": "Close the settings",
        title: "Close",
        onclick: () => this.close(),
      },
      icon("close"),
    );
    const grip = h("div", { class: "grip", "aria-hidden": "true" });
    grip.addEventListener("pointerdown", (event) => this.#pull(event));
    this.body = h("div", { id: "site-body", class: "form body", role: "tabpanel", tabindex: "-1" });
    this.element = h(
      "aside",
      { id: "site", "aria-label": "Settings of the site", hidden: true },
      grip,
      h("header", {}, this.title, tabs, close),
      this.body,
    );
    document.getElementById("inspector")?.after(this.element);
    this.desk = new Desk(parts, format, {
      scroller: this.body,
      open: (pointer) => this.open(pointer),
      close: () => this.close(),
    });
    this.element.addEventListener("keydown", (event) => {
      // In a text, Escape takes back what was typed.
      const texts = "textarea, input[type=text], input[type=number]";
      const isText = /** @type {Element} */ (event.target).matches(texts);
      const isLifted = this.body.querySelector("[data-lifted]") !== null;
      if (event.key === "Escape" && !event.defaultPrevented && !isText && !isLifted) this.close();
    });
    this.element.addEventListener("focusin", ({ target }) => this.#tell(/** @type {Element} */ (target)));
    this.element.addEventListener("focusout", () => this.#tell(null));
    for (const name of ["value", "shown", "status", "locks"]) workspace.on(name, () => this.draw());
    workspace.page.presence.on("change", () => this.draw());
    workspace.on("screen", ({ name }) => name !== "site" && this.close());
    const style = h("link", { rel: "stylesheet", href: new URL("./site.css", import.meta.url).href });
    // Without its styles, it is not shown. When they fail, it is better than nothing.
    for (const name of ["load", "error"])
      style.addEventListener(name, () => {
        this.isStyled = true;
        this.#place();
      });
    document.head.append(style);
  }

  isStyled = false;

  /** @param {string} pointer */
  open(pointer) {
    if (!this.isOpen) this.before = document.activeElement;
    this.isOpen = true;
    this.wanted = pointer;
    this.show(tabOf(pointer));
    this.#place();
  }

  /** The place to show, as soon as the screen is shown. @type {string | null} */
  wanted = null;

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    const hadFocus = this.element.contains(document.activeElement);
    this.shown?.tab.end?.();
    this.shown = null;
    this.body.replaceChildren();
    this.#place();
    this.#tell(null);
    const { before } = this;
    if (hadFocus && before instanceof HTMLElement && before.isConnected) before.focus();
    else if (hadFocus) /** @type {HTMLElement | null} */ (document.querySelector("#bar h1 button"))?.focus();
  }

  #place() {
    const isShown = this.isOpen && this.isStyled;
    const wasHidden = this.element.hidden;
    change(this.element, { hidden: !isShown, "data-tall": null });
    document.body.classList.toggle("with-site", isShown);
    if (isShown && wasHidden) this.body.scrollTop = 0;
    if (isShown && this.wanted !== null) this.buttons.find((each) => each.tabIndex === 0)?.focus();
    if (isShown && this.wanted !== null) this.shown?.tab.reveal?.(this.wanted);
    if (isShown) this.wanted = null;
  }

  /** @param {Name} name */
  show(name) {
    if (this.shown?.name === name) return;
    this.shown?.tab.end?.();
    const found = TABS.find((each) => each.name === name) ?? TABS[0];
    TABS.forEach((each, at) =>
      change(this.buttons[at], { "aria-selected": `${each === found}`, tabindex: each === found ? 0 : -1 }),
    );
    const tab = found.make(this.desk);
    this.shown = { name, tab };
    this.title.textContent = found.about;
    this.body.setAttribute("aria-labelledby", `site-tab-${name}`);
    this.body.replaceChildren(tab.element);
    this.body.scrollTop = 0;
    this.drawNow();
  }

  /** Draw at the next frame of the screen. */
  draw() {
    if (!this.isOpen) return;
    this.due ??= requestAnimationFrame(() => {
      this.due = undefined;
      this.drawNow();
    });
  }

  drawNow() {
    this.desk.refresh();
    this.shown?.tab.update();
  }

  /** Tell others which value the user is at. @param {Element | null} target */
  #tell(target) {
    const pointer = target?.closest("[data-at]")?.getAttribute("data-at") ?? null;
    if (pointer === this.workspace.field) return;
    this.workspace.field = pointer;
    this.workspace.emit("field");
  }

  /** Arrows go from tab to tab. @param {KeyboardEvent} event */
  #key(event) {
    const at = this.buttons.findIndex((each) => each === document.activeElement);
    const last = TABS.length - 1;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = (to + TABS.length) % TABS.length;
    this.show(TABS[next].name);
    this.buttons[next].focus();
  }

  /** On a phone, the grip closes the sheet, or makes it taller. @param {PointerEvent} event */
  #pull(event) {
    const grip = /** @type {HTMLElement} */ (event.currentTarget);
    grip.setPointerCapture(event.pointerId);
    const end = new AbortController();
    let far = 0;
    const { signal } = end;
    grip.addEventListener(
      "pointermove",
      ({ clientY }) => {
        far = clientY - event.clientY;
        this.element.style.transform = `translateY(${Math.max(0, far)}px)`;
      },
      { signal },
    );
    const done = () => {
      end.abort();
      this.element.style.transform = "";
      const isTall = this.element.hasAttribute("data-tall");
      if (far > FAR && !isTall) this.close();
      else if (Math.abs(far) > FAR / 2) change(this.element, { "data-tall": far < 0 });
    };
    for (const name of ["pointerup", "pointercancel"]) grip.addEventListener(name, done, { signal });
  }
}
