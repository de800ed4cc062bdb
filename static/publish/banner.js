// The banner above the changes: what was refused, what became public meanwhile, or that an older version is shown.

import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { counted } from "../ui/words.js";
import { countOf } from "./changes.js";
import { newsWords } from "./words.js";

/** @typedef {import("./publication.js").Publication} Publication */
/** @typedef {import("./publication.js").News} News */

export class Banner {
  /** @param {Publication} model @param {() => void} back to the newest version */
  constructor(model, back) {
    this.model = model;
    this.back = back;
    this.element = h("div", { class: "banner", role: "alert", hidden: true });
  }

  /** @param {string} failed what was refused, in words */
  draw(failed) {
    const { element } = this;
    const { news, older } = this.model;
    /** @type {Element[]} */
    let inside = [];
    if (failed) inside = [icon("alert"), h("div", {}, h("strong", {}, failed))];
    else if (news) inside = [icon("alert"), this.#newsOf(news)];
    else if (older)
      inside = [
        icon("history"),
        h("div", {}, h("strong", {}, "You look at an older version.")),
        h("button", { type: "button", onclick: this.back }, "Back to the newest"),
      ];
    const tone = failed ? "danger" : news ? "warning" : "plain";
    change(element, { hidden: !inside.length, "data-tone": tone });
    // The same words stay: a screen reader would say them again.
    const text = inside.map(({ textContent }) => textContent).join();
    if (element.dataset.text === text) return;
    element.dataset.text = text;
    element.replaceChildren(...inside);
  }

  /** @param {News} news */
  #newsOf(news) {
    const names = news.groups.flatMap(({ entries }) => entries.map(({ name, about }) => about || name));
    const count = countOf(news.groups);
    const list = `${names.slice(0, 4).join(", ")}${count > 4 ? "…" : "."}`;
    const what =
      !news.live || !news.before
        ? ""
        : count
          ? `It changed ${counted(count, "thing")} for visitors: ${list} `
          : "It looks the same to visitors. ";
    return h(
      "div",
      {},
      h("strong", {}, newsWords(news, this.model.page.user)),
      h(
        "p",
        {},
        `${what}The list below compares with what is public now. Look at it again, and then choose.`,
      ),
    );
  }
}
