// Versions that were public once, and versions with a name: each may become public again.

import { avatar } from "../ui/avatars.js";
import { h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { addressOf } from "./live_card.js";
import { called, refusal, when } from "./words.js";

/** @typedef {import("./publication.js").Publication} Publication */
/** @typedef {{version: number, at: string, by: {user: string, name: string}, name?: string, publications?: {what: string, by: {user: string, name: string}, at: string}[]}} Row */

const ENOUGH = 8;
const PAGE = 200;

export class Past {
  /** @type {Row[]} */
  rows = [];
  /** @type {string | undefined | null} null before the first page */
  #cursor = null;
  #isLoading = false;
  #failed = "";

  /** @param {Publication} model @param {{mayPublish: boolean, choose: (older: import("./publication.js").Older) => void, back: () => void}} actions */
  constructor(model, actions) {
    this.model = model;
    this.actions = actions;
    this.list = h("ul", { class: "past" });
    this.more = h("button", { type: "button", onclick: () => void this.load() }, "Show older");
    this.note = h("p", { class: "soft", role: "status" });
    this.element = h(
      "section",
      { class: "older", "aria-label": "Older versions" },
      h(
        "header",
        {},
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            "aria-label": "Back",
            title: "Back",
            onclick: () => actions.back(),
          },
          icon("back"),
        ),
        h("h3", {}, "Older versions"),
      ),
      h("p", { class: "soft" }, "Versions that were public, and versions with a name."),
      this.list,
      this.note,
      this.more,
    );
    void this.load();
  }

  /** Load rows until there are enough new ones. */
  async load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    this.draw();
    const wanted = this.rows.length + ENOUGH;
    try {
      do {
        const more = this.#cursor ? { cursor: this.#cursor } : {};
        const page = await this.model.page.history.list({ limit: PAGE, ...more });
        this.#cursor = page.cursor;
        this.rows.push(...page.items.filter(({ name, publications }) => name || publications?.length));
      } while (this.#cursor && this.rows.length < wanted);
      this.#failed = "";
    } catch (error) {
      this.#failed =
        /** @type {any} */ (error).code === "offline" ? "This list needs a connection." : refusal(error);
    }
    this.#isLoading = false;
    this.draw();
  }

  draw() {
    this.list.replaceChildren(...this.rows.map((row) => this.#row(row)));
    this.more.hidden = this.#isLoading || (!this.#cursor && !this.#failed);
    this.more.textContent = this.#failed ? "Try again" : "Show older";
    this.note.textContent =
      this.#failed ||
      (this.#isLoading ? "Loading…" : this.rows.length ? "" : "No version was published or named yet.");
  }

  /** @param {Row} row */
  #row(row) {
    const { model } = this;
    const me = model.page.user;
    const published = row.publications?.filter(({ what }) => what === "published").at(-1);
    const isLive = model.live?.version === row.version;
    const who = published?.by ?? row.by;
    const time = when(published?.at ?? row.at);
    const words = `${published ? "Published by" : "Changed by"} ${called(who, me).replace("You", "you")}`;
    const about = row.name ? `${words}, ${time}` : words;
    const again = this.actions.mayPublish ? `Publish this${published ? " again" : ""}…` : "Compare";
    return h(
      "li",
      {},
      avatar(who, called(who, me)),
      h("div", {}, h("strong", {}, row.name || time), h("span", { class: "soft" }, about)),
      isLive && h("span", { class: "pill good" }, "Live"),
      published &&
        model.live &&
        h(
          "a",
          {
            class: "button quiet",
            href: `${addressOf(model)}?version=${row.version}`,
            target: "_blank",
            rel: "noopener",
            "aria-label": `View the version of ${time}`,
            title: "View",
          },
          icon("eye"),
        ),
      !isLive &&
        h(
          "button",
          { type: "button", "aria-label": `${again} ${time}`, onclick: () => void this.#choose(row) },
          again,
        ),
    );
  }

  /** @param {Row} row */
  async #choose({ version, name = "", at, publications }) {
    try {
      const value = await this.model.page.history.at(version);
      const time = publications?.findLast(({ what }) => what === "published")?.at ?? at;
      this.actions.choose({ version, value, name, at: time });
    } catch (error) {
      this.#failed = refusal(error);
      this.draw();
    }
  }
}
