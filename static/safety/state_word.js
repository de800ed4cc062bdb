// One word beside the name of the page: whether what the user changed is saved.

import { change, h } from "../ui/elements.js";
import { counted } from "../ui/words.js";

// A change is saved faster than a person reads a word.
const SHOWS_AFTER = 300;

/** @typedef {{state: string, more: string, about: string}} State `more` follows the word where there is room */

/** The state of the page in a word. @param {import("../sdk/weft.js").Page} page @param {boolean} isHeld whether the server takes no changes now @returns {State} */
export function stateOf(page, isHeld) {
  const queued = page.pending ? `: ${counted(page.pending, "change")} queued` : "";
  /** @type {(state: string, about: string, more?: string) => State} */
  const made = (state, about, more = "") => ({ state, more, about });
  if (page.link === "refused" || page.link === "closed")
    return made(
      "ended",
      "The server does not let you in any more. What you changed is kept in this browser.",
    );
  if (page.link === "offline")
    return made("offline", "Your changes are kept in this browser, and sent later.", queued);
  if (page.link !== "online") return made("reconnecting", "The connection is being made again.");
  if (page.mode === "read-only") return made("read-only", "You can look at this page, but not change it.");
  if (isHeld) return made("read-only", "The server takes no changes just now. Yours are sent later.");
  if (page.behind)
    return made("catching up", "Changes of others arrive late, because the connection is slow.");
  if (page.saved !== "saved") return made("saving", "Your changes are being saved.");
  return made("saved", "Everything is saved.");
}

export class StateWord {
  /** @type {any} */
  #timer;
  #shown = "";
  #wasOffline = false;

  /** @param {HTMLElement} place @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(place, workspace) {
    this.place = place;
    this.workspace = workspace;
    this.word = h("span", {});
    this.more = h("span", { class: "more" });
    place.append(h("span", { class: "word" }, this.word, this.more));
    workspace.on("status", () => this.draw());
    this.show();
  }

  /** Good news is shown at once. The rest is shown when it lasts. */
  draw() {
    const { state } = stateOf(this.workspace.page, this.workspace.isHeld);
    const isLate = state === "saving" || state === "reconnecting";
    if (isLate && state !== this.#shown) this.#timer ??= setTimeout(() => this.show(), SHOWS_AFTER);
    else this.show();
  }

  show() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { page } = this.workspace;
    const { state, more, about } = stateOf(page, this.workspace.isHeld);
    this.#shown = state;
    change(this.place, { "data-state": state, title: about });
    change(this.word, { textContent: state });
    change(this.more, { textContent: more });
    const isOffline = state === "offline" || state === "ended";
    if (isOffline !== this.#wasOffline && (isOffline || page.link === "online")) {
      this.#wasOffline = isOffline;
      this.workspace.announce(isOffline ? `${state}. ${about}` : "You are online again.");
    }
  }
}
