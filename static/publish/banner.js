// The banners above the changes: what was refused, what became public meanwhile, and that an older version is shown.

import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { counted } from "../ui/words.js";
import { countOf } from "./changes.js";
import { isSame } from "./same.js";
import { newsWords, when } from "./words.js";

/** @typedef {import("./publication.js").Publication} Publication */
/** @typedef {import("./publication.js").News} News */

export class Banner {
  /** @param {Publication} model @param {() => void} back to the newest version */
  constructor(model, back) {
    this.model = model;
    this.back = back;
    this.element = h("div", { class: "banners", role: "alert", hidden: true });
  }

  /** @param {string} failed what was refused, in words @param {boolean} isList whether the older versions are listed */
  draw(failed, isList) {
    const { element } = this;
    const { news, older } = this.model;
    /** @type {(tone: string, drawing: string, ...inside: Element[]) => Element} */
    const banner = (tone, drawing, ...inside) =>
      h("div", { class: "banner", "data-tone": tone }, icon(drawing), ...inside);
    const said = (/** @type {string} */ words) => h("div", {}, h("strong", {}, words));
    /** @type {Element[]} */
    const banners = [];
    if (failed) banners.push(banner("danger", "alert", said(failed)));
    else if (news && !isList) banners.push(banner("warning", "alert", this.#newsOf(news)));
    if (older && !isList) {
      const back = h("button", { type: "button", onclick: this.back }, "Back to the newest");
      const name = older.name ? `: “${older.name}”` : "";
      const words = `You look at an older version${name}, of ${when(older.at)}.`;
      banners.push(banner("plain", "history", said(words), back));
    }
    change(element, { hidden: !banners.length });
    // The same words stay: a screen reader would say them again.
    const text = banners.map(({ textContent }) => textContent).join();
    if (!isSame(element, text)) element.replaceChildren(...banners);
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
