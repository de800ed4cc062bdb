// The bar of the history, and the line over the page that tells what is shown.

import { WIDTHS } from "../editor/top_bar.js";
import { avatar } from "../ui/avatars.js";
import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { counted } from "../ui/words.js";
import { called, deed, moment, span } from "./entries.js";

/** @typedef {import("./story.js").Sitting} Sitting */
/** @typedef {import("./labels.js").Label} Label */

/** @param {string} words @param {Record<string, any>} props @param {...any} children */
const button = (words, props, ...children) =>
  h("button", { type: "button", title: words, "aria-label": words, ...props }, ...children);

export class Head {
  /**
   * @param {{close: () => void, resize: (width: number) => void, name: () => void, restore: () => void, compare: (isNow: boolean) => void, who: () => void, step: (by: number) => void, page: (key: string) => void}} how
   */
  constructor(how) {
    this.pages = h("select", { "aria-label": "Page of the site", hidden: true });
    this.pages.addEventListener("change", () => how.page(this.pages.value));
    this.widths = WIDTHS.map(({ name, words, width }) =>
      button(words, { class: "quiet", "data-width": width, onclick: () => how.resize(width) }, icon(name)),
    );
    this.name = h("button", { type: "button", class: "name", onclick: how.name });
    this.restore = h(
      "button",
      { type: "button", class: "primary", "aria-label": "Restore this version", onclick: how.restore },
      icon("history"),
      h("span", {}, "Restore", h("span", {}, " this version")),
    );
    this.bar = h(
      "header",
      { class: "bar" },
      button("Back to the editor", { class: "quiet", onclick: how.close }, icon("back")),
      h("h1", {}, "History"),
      this.pages,
      h("span", { class: "space" }),
      h("div", { class: "widths", role: "group", "aria-label": "Width of the page" }, ...this.widths),
      h("span", { class: "space" }),
      this.name,
      this.restore,
    );
    const compare = (/** @type {boolean} */ isNow, /** @type {string} */ words) =>
      h(
        "button",
        { type: "button", class: "quiet", "data-now": `${isNow}`, onclick: () => how.compare(isNow) },
        words,
      );
    this.compare = h(
      "div",
      { class: "compare", role: "group", "aria-label": "Compare with" },
      h("span", {}, "Compare with"),
      compare(false, "The version before"),
      compare(true, "The page now"),
    );
    this.who = h(
      "button",
      { type: "button", class: "asks", onclick: how.who },
      icon("people"),
      "Who wrote this",
    );
    this.count = h("span", { class: "count", role: "status" });
    this.steps = h(
      "div",
      { class: "steps", role: "group", "aria-label": "Differences" },
      this.count,
      button("Previous difference", { class: "quiet", onclick: () => how.step(-1) }, icon("arrowUp")),
      button("Next difference", { class: "quiet", onclick: () => how.step(1) }, icon("arrowDown")),
    );
    this.told = h("div", { class: "what" });
    this.line = h("div", { class: "told" }, this.told, this.compare, this.who, this.steps);
    this.elsewhere = h("p", { class: "elsewhere", hidden: true });
  }

  /** @param {number} width */
  resized(width) {
    for (const each of this.widths) change(each, { "aria-pressed": `${each.dataset.width === `${width}`}` });
  }

  /** @param {{key: string, title: string}[]} pages @param {string} key */
  site(pages, key) {
    this.pages.replaceChildren(
      ...pages.map((each) => h("option", { value: each.key, selected: each.key === key }, each.title)),
    );
    change(this.pages, { hidden: pages.length < 2, value: key });
  }

  /** Tell what is shown. @param {Sitting | null} sitting null for the page now @param {{labels: Label[] | null, isNow: boolean, asks: boolean, mayName: boolean, mayRestore: boolean}} more */
  tell(sitting, { labels, isNow, asks, mayName, mayRestore }) {
    this.told.replaceChildren(
      ...(sitting
        ? [
            avatar(sitting.by),
            h("b", {}, sitting.name ?? called(sitting.by)),
            h(
              "span",
              {},
              `${span(sitting)} ${moment(sitting.at).replace(/^\S+ /, "")} · ${deed(sitting, labels)}`,
            ),
          ]
        : [
            h("b", {}, "The page now"),
            h(
              "span",
              {},
              asks ? "Point at a text, or go to it with Tab" : "Point at a text to see who wrote it",
            ),
          ]),
    );
    change(this.compare, { hidden: !sitting });
    change(this.who, { hidden: sitting !== null, "aria-pressed": `${asks}` });
    for (const each of this.compare.querySelectorAll("button"))
      change(each, { "aria-pressed": `${each.dataset.now === `${isNow}`}` });
    change(this.name, {
      hidden: !sitting || !mayName,
      "aria-label": `${sitting?.name ? "Rename" : "Name"} this version`,
    });
    this.name.replaceChildren(
      ...(sitting?.name ? ["Rename"] : [h("span", {}, "Name", h("span", {}, " this version"))]),
    );
    change(this.restore, {
      hidden: !sitting,
      disabled: !mayRestore,
      title: mayRestore ? null : "A person who may publish this page can restore it.",
    });
  }

  /** @param {number} at @param {number} count of the differences @param {string[]} elsewhere @param {boolean} isNow */
  differences(at, count, elsewhere, isNow) {
    change(this.steps, { hidden: count === 0 && !elsewhere.length });
    const words = count ? `${at + 1} of ${counted(count, "difference")}` : "";
    change(this.count, { textContent: words });
    for (const each of this.steps.querySelectorAll("button")) change(each, { hidden: count < 2 });
    const verb = isNow ? "Also differs from now" : "Also changed";
    change(this.elsewhere, {
      hidden: !elsewhere.length,
      textContent: `${verb}: ${elsewhere.slice(0, 6).join(", ")}${elsewhere.length > 6 ? " and more" : ""}`,
    });
  }

  /** Nothing can be told of differences. */
  none() {
    change(this.steps, { hidden: true });
    change(this.elsewhere, { hidden: true });
  }
}
