// The left side of the history: the story with its filters, and what is loaded of it.

import { change, h } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { List } from "./list.js";
import { refusal } from "./restoring.js";
import { isMark } from "./story.js";

/** @typedef {import("./story.js").Sitting} Sitting */
/** @typedef {{page: string, id: string, name: string}} Section */

const NAMED_AT_ONCE = 4;

export class Panel {
  #isNamed = false;
  #isLearning = false;
  isOpen = true;

  /**
   * @param {{story: import("./story.js").Story, labels: import("./labels.js").Labels, only: Section | null, choose: (sitting: Sitting | null) => void, drawn: () => void}} parts
   *   with `only`, the panel lists the versions that changed this section
   */
  constructor({ story, labels, only, choose, drawn }) {
    this.story = story;
    this.labels = labels;
    this.only = only;
    this.drawn = drawn;
    this.list = new List({
      choose,
      labels: (sitting) => labels.of(sitting),
      need: (sittings, isEnd) => void this.#need(sittings, isEnd),
    });
    const named = h(
      "button",
      {
        ...{ type: "button", class: "quiet", "aria-pressed": "false" },
        onclick: () => {
          this.#isNamed = !this.#isNamed;
          change(named, { "aria-pressed": `${this.#isNamed}` });
          this.draw();
        },
      },
      "Named only",
    );
    this.chip = h(
      "button",
      {
        ...{ type: "button", class: "chip", hidden: !only, onclick: () => this.#all() },
        "aria-label": `Only ${only?.name}: show all versions`,
      },
      `Only ${only?.name}`,
      icon("close"),
    );
    this.state = h("div", { class: "state", role: "status" });
    this.element = h(
      "aside",
      { "aria-label": "Versions" },
      h("div", { class: "filters" }, h("h2", {}, "Versions"), this.chip, named),
      this.list.element,
      this.state,
    );
  }

  /** The entries that the user wants to see. */
  get #wanted() {
    const { only, story, labels } = this;
    const all = this.#isNamed ? story.sittings.filter((each) => isMark(each)) : story.sittings;
    const key = `${only?.page} ${only?.id}`;
    return only ? all.filter((each) => labels.of(each)?.some((label) => label.key === key)) : all;
  }

  draw() {
    if (!this.isOpen) return;
    const { list, story } = this;
    const wanted = this.#wanted;
    if (list.chosen) list.chosen = story.find(list.chosen.by.user, list.chosen.to) ?? list.chosen;
    list.show(wanted);
    if (this.only && !list.chosen && wanted.length) list.choose(wanted[0]);
    const words = this.#words(wanted.length === 0);
    const again = h("button", { type: "button", onclick: () => this.again() }, "Try again");
    this.drawn();
    if ((this.state.firstChild?.textContent ?? "") !== words)
      this.state.replaceChildren(...(words ? [h("p", {}, words)] : []), ...(story.error ? [again] : []));
  }

  /** @param {boolean} isEmpty */
  #words(isEmpty) {
    const { error, isComplete } = this.story;
    if (error?.code === "offline") return "The history needs a connection. What was loaded stays here.";
    if (error) return refusal(error);
    if (!isComplete || (this.only && this.#unknown.length)) return "Looking through older versions…";
    if (!isEmpty) return "";
    return this.#isNamed ? "No version has a name yet." : "There are no earlier versions.";
  }

  /** Ask again for what could not be loaded. */
  again() {
    this.story.error = null;
    this.draw();
    void this.story.more();
  }

  /** Show the versions of all sections again. */
  #all() {
    this.only = null;
    change(this.chip, { hidden: true });
    this.list.element.focus();
    this.draw();
  }

  get #unknown() {
    return this.story.sittings.filter((each) => !this.labels.of(each));
  }

  /** Name the entries in sight, and load more at the end. @param {Sitting[]} sittings @param {boolean} isEnd */
  async #need(sittings, isEnd) {
    const { story, labels, only } = this;
    if (this.#isLearning || !this.isOpen || story.error) return;
    this.#isLearning = true;
    // Which entries a section has is known when they are named.
    const unknown = !only ? sittings : isEnd ? this.#unknown : [];
    try {
      for (const each of unknown.slice(0, NAMED_AT_ONCE)) await labels.learn(each);
    } catch (error) {
      story.error = error;
    }
    this.#isLearning = false;
    if (unknown.length) return this.draw();
    if (isEnd && !story.isComplete && !story.isLoading) void story.more(this.#isNamed || only ? 500 : 100);
  }
}
