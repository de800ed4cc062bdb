// The foot of the screen: the button that publishes, and why it does not at the moment.

import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { counted } from "../ui/words.js";

/** @typedef {import("./publication.js").Publication} Publication */
/** @typedef {"" | "saving" | "sending"} Busy what the user waits for */

export class Foot {
  /** @param {Publication} model @param {{publish: () => void, cancel: () => void, look: () => void}} actions */
  constructor(model, { publish, cancel, look }) {
    this.model = model;
    this.note = h("p", { class: "status", role: "status" });
    // On a phone, the checks are far below.
    this.look = h("button", { type: "button", class: "link look", onclick: look });
    this.cancel = h("button", { type: "button", onclick: cancel }, "Cancel");
    this.go = h("button", { type: "button", class: "primary go", onclick: publish });
  }

  get elements() {
    return [this.note, this.look, this.cancel, this.go];
  }

  /** @param {{busy: Busy, bar: string, isList: boolean}} state `bar` says why the user may not publish; `isList` is the list of older versions */
  draw({ busy, bar, isList }) {
    const { live, isNewest, checks, page } = this.model;
    const stops = checks.some(({ tone }) => tone === "stop");
    const isOffline = page.link !== "online";
    change(this.note, { textContent: isList ? "" : bar || this.#note(busy, stops, isOffline) });
    change(this.cancel, { hidden: busy !== "saving" });
    const things = `${counted(checks.length, "thing")} to look at`;
    change(this.look, { textContent: things, hidden: !checks.length || isList || busy !== "" });
    const words = this.#words(busy);
    if (this.go.textContent !== words)
      this.go.replaceChildren(...(words === "Published" ? [icon("check")] : []), words);
    change(this.go, {
      hidden: bar !== "" || isList,
      disabled: live === undefined || isOffline || busy !== "" || stops || isNewest,
    });
  }

  /** @param {Busy} busy @param {boolean} stops @param {boolean} isOffline */
  #note(busy, stops, isOffline) {
    const { page, older } = this.model;
    const waiting = Math.max(page.pending, 1);
    const yours = `Your ${counted(waiting, "change")} ${waiting > 1 ? "are" : "is"}`;
    if (page.link === "refused") return "The server does not let you in any more. Close this to see why.";
    if (isOffline)
      return `Publishing needs a connection.${page.pending ? ` ${yours} kept in this browser.` : ""}`;
    if (busy === "saving") return `It waits until y${yours.slice(1).replace(/ (is|are)$/, " $1 saved.")}`;
    if (busy === "sending") return "Publishing…";
    if (stops) return "Mend what stops the publication first.";
    return page.saved === "saved" || older ? "" : `${yours} being saved.`;
  }

  /** @param {Busy} busy */
  #words(busy) {
    const { live, isNewest, count, older } = this.model;
    if (busy) return busy === "saving" ? "Waiting…" : "Publishing…";
    if (isNewest) return "Published";
    if (older) return "Publish this version";
    if (!live) return "Publish";
    return count ? `Publish ${counted(count, "change")}` : "Publish anyway";
  }

  /** After a publication, the button closes the screen. @param {() => void} close */
  end(close) {
    change(this.note, { textContent: "" });
    for (const each of [this.look, this.cancel]) each.hidden = true;
    this.go.replaceWith(h("button", { type: "button", onclick: close }, "Done"));
  }
}
