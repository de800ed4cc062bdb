// What is wrong with the page, each with the way to its place.

import { h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { counted } from "../ui/words.js";

/** @typedef {import("./findings.js").Told} Told */

const TONES = /** @type {const} */ ({ stop: "Stops the publication", warning: "Warning", hint: "Hint" });

export class CheckList {
  /** @param {(place: string) => void} go */
  constructor(go) {
    this.go = go;
    this.title = h("h3", {});
    this.list = h("ul", { class: "checks" });
    this.element = h("section", { "aria-label": "Checks" }, this.title, this.list);
  }

  /** @param {Told[]} checks @param {{isReady: boolean, failed: string}} state */
  draw(checks, { isReady, failed }) {
    const stops = checks.filter(({ tone }) => tone === "stop").length;
    const words = !isReady
      ? failed || "Checking the page…"
      : stops
        ? `${counted(stops, "thing")} must be mended first`
        : checks.length
          ? `${counted(checks.length, "thing")} to look at`
          : "Nothing to mend";
    const tone = stops ? "stop" : isReady && !checks.length ? "good" : "";
    this.title.replaceChildren(icon(isReady && !checks.length ? "check" : "alert"), words);
    this.title.className = tone;
    keyed(this.list, isReady ? checks : [], {
      key: ({ key, words: about, where }) => `${key} ${about} ${where}`,
      make: (each) =>
        h(
          "li",
          { class: each.tone },
          h(
            "button",
            { type: "button", title: "Show it on the page", onclick: () => this.go(each.place) },
            h("span", { class: "dot", role: "img", "aria-label": TONES[each.tone] }),
            h("span", {}, h("strong", {}, each.where), h("span", {}, each.words)),
          ),
        ),
    });
  }
}
