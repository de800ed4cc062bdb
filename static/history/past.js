// The right side of the history: the page as it was, what differs, who wrote it, and the way back.

import { at, lasting, tokensOf } from "../editor/place_words.js";
import { differences } from "../safety/differences.js";
import { change, h } from "../ui/elements.js";
import { hasMoved, pagesOf, placeOf } from "./compare.js";
import { moment } from "./entries.js";
import { Frames } from "./frames.js";
import { Head } from "./head.js";
import { mayName, mayRestore, nameVersion, refusal, restore, restoreAll } from "./restoring.js";
import { Viewer } from "./viewer.js";

/** @typedef {import("./story.js").Sitting} Sitting */
/** @typedef {import("./viewer.js").Framed} Framed */

const QUICK = 120; // milliseconds: arrow keys pass by many entries

export class Past {
  /** The entry that is shown, as it was when it was chosen; null is the page now. @type {Sitting | null} */
  #chosen = null;
  #isNow = false; // compared with the page now
  #asks = false; // who wrote this?
  #asked = 0;
  #step = 0;
  /** @type {any} the value that is shown */
  #value = null;
  /** @type {any} what it is compared with */
  #before = null;

  /**
   * @param {import("../editor/commands.js").Parts} parts
   * @param {{versions: import("./versions.js").Versions, blame: import("./blame.js").Blame, labels: import("./labels.js").Labels, only: import("./panel.js").Section | null, close: () => void, named: (sitting: Sitting, name: string) => Sitting}} how
   */
  constructor(parts, how) {
    this.workspace = parts.workspace;
    this.how = how;
    this.key = this.workspace.key;
    this.head = new Head({
      close: how.close,
      resize: (width) => this.resize(width),
      name: () => this.#name(),
      restore: () => this.#chosen && void restoreAll(this.workspace, this.#told(this.#chosen)),
      compare: (isNow) => {
        this.#isNow = isNow;
        void this.show();
      },
      who: () => {
        this.#asks = !this.#asks;
        void this.show(true);
      },
      step: (by) => this.#go(this.#step + by),
      page: (key) => {
        this.key = key;
        void this.show();
      },
    });
    this.board = h("div", { class: "board" });
    this.nothing = h("div", { class: "nothing", role: "status", hidden: true });
    this.stage = h("div", { class: "stage" }, this.nothing, this.board);
    this.element = h(
      "section",
      { class: "past", "aria-label": "The page as it was" },
      this.head.line,
      this.head.elsewhere,
      this.stage,
    );
    this.viewer = new Viewer(this.stage, this.board, parts);
    this.frames = new Frames(this.viewer, this.board, {
      who: (place, framed) => this.#who(place, framed),
      say: (words) => this.workspace.announce(words),
      restore: (framed) => this.#restoring(framed),
      isOwn: ({ part: { page, id } }) => {
        const labels = this.#chosen && how.labels.of(this.#chosen);
        return !labels || labels.some(({ key }) => key === `${page} ${id}`);
      },
    });
    new ResizeObserver(() => this.viewer.resize()).observe(this.stage);
  }

  /** @param {number} width */
  resize(width) {
    this.viewer.resize(width);
    this.head.resized(width);
  }

  /** @param {Sitting | null} sitting */
  choose(sitting) {
    this.#chosen = sitting && { ...sitting };
    void this.show(false, QUICK);
  }

  /** The document has another value. */
  changed() {
    if (!this.#chosen || this.#isNow) void this.show(true);
    else this.#framed();
  }

  /** The names of the sections are known now. */
  tell() {
    this.head.tell(this.#chosen, {
      labels: this.#chosen && this.how.labels.of(this.#chosen),
      ...{ isNow: this.#isNow, asks: this.#asks },
      ...{ mayName: mayName(this.workspace), mayRestore: mayRestore(this.workspace) },
    });
  }

  /** Draw nothing any more. */
  end() {
    this.#asked += 1;
  }

  /** Draw what is chosen. @param {boolean} [isSame] whether only its values may have changed, so that the page stays where it is @param {number} [delay] in milliseconds */
  async show(isSame = false, delay = 0) {
    const mine = (this.#asked += 1);
    const [chosen, { versions }] = [this.#chosen, this.how];
    this.tell();
    if (delay) await new Promise((resolve) => setTimeout(resolve, delay));
    if (mine !== this.#asked) return;
    if (!isSame) change(this.stage, { "aria-busy": "true" });
    try {
      const isFirst = chosen !== null && /^(create|import)$/.test(chosen.kind) && !this.#isNow;
      const [after, before] = await Promise.all([
        chosen ? versions.at(chosen.to) : this.workspace.value,
        !chosen || isFirst ? null : this.#isNow ? this.workspace.value : this.#previous(chosen),
      ]);
      if (mine !== this.#asked) return;
      [this.#value, this.#before] = [after, before];
      this.head.site(pagesOf(after), this.key);
      const shown = { after, before, key: this.key, every: this.#asks && !chosen };
      const isThere = await this.viewer.draw(shown);
      if (mine !== this.#asked) return;
      this.#say(isThere ? "" : "This page of the site did not exist in this version.");
      if (!isThere) return;
      if (!isSame) this.#step = 0;
      this.#framed();
      if (!isSame) this.#go(0);
    } catch (error) {
      if (mine === this.#asked) this.#say(refusal(error), true);
    } finally {
      if (mine === this.#asked) change(this.stage, { "aria-busy": null });
    }
  }

  /** The value before an entry; null when the server does not keep it. @param {Sitting} sitting */
  #previous({ from }) {
    return this.how.versions.at(from - 1).catch((error) => {
      if (error.code === "unknown_version") return null;
      throw error;
    });
  }

  /** @param {string} words in place of the page @param {boolean} [isError] */
  #say(words, isError = false) {
    change(this.nothing, { hidden: !words });
    change(this.board, { hidden: words !== "" });
    const again = h("button", { type: "button", onclick: () => void this.show() }, "Try again");
    this.nothing.replaceChildren(h("p", {}, words), ...(isError ? [again] : []));
    if (words) this.head.none();
  }

  #framed() {
    const { framed, elsewhere } = this.viewer;
    this.#step = Math.min(this.#step, Math.max(0, framed.length - 1));
    const isSaved = this.#chosen !== null || !this.workspace.page.pending;
    this.frames.show(this.#isNow, { asks: this.#asks && !this.#chosen, isSaved });
    this.head.differences(this.#step, framed.length, elsewhere, this.#isNow);
  }

  /** Go to a difference; without one, to the section that is asked for or to the top. @param {number} step */
  #go(step) {
    const { framed, elsewhere } = this.viewer;
    const id = this.how.only?.id ?? "";
    const own = framed.findIndex(({ part }) => part.id === id);
    if (!framed.length) {
      const node = this.viewer.section(this.viewer.holder, id);
      if (node) this.#scroll(node);
      else this.stage.scrollTop = 0;
      return;
    }
    this.#step = step === 0 && own > 0 ? own : (step + framed.length) % framed.length;
    const { node } = framed[this.#step];
    this.#scroll(node.querySelector("ins, del, [data-picture]") ?? node);
    this.head.differences(this.#step, framed.length, elsewhere, this.#isNow);
  }

  /** @param {Element} node */
  #scroll(node) {
    const [box, stage] = [node, this.stage].map((each) => each.getBoundingClientRect());
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const room = Math.max(72, (stage.height - box.height) / 3);
    const top = this.stage.scrollTop + box.top - stage.top - room;
    this.stage.scrollTo({ top, behavior: isCalm ? "auto" : "smooth" });
  }

  /** Who wrote what a place shows, or changed a section last. @param {string} place @param {Framed} [framed] */
  #who(place, framed) {
    const [chosen, { blame }] = [this.#chosen, this.how];
    const upto = chosen?.to ?? this.workspace.page.version;
    if (!framed) return blame.of(this.#value, place, upto);
    const { kind, pointer } = framed.part;
    const section = lasting(kind === "removed" ? this.#before : this.#value, pointer);
    const from = this.#isNow ? 1 : (chosen?.from ?? 1);
    const differs = (/** @type {any} */ before, /** @type {any} */ after) =>
      differences(before, after).some(
        (each) => each.kind === "moved" && lasting(after, each.pointer) === section,
      );
    return blame.of(this.#value, section, upto, { from, ...(kind === "moved" && { differs }) });
  }

  /** What restores a section; null when there is nothing to restore. @param {Framed} framed */
  #restoring({ part: { id, kind, name, page, pointer } }) {
    const [chosen, now] = [this.#chosen, this.workspace.value];
    const isGone = kind === "removed";
    if (!chosen || !mayRestore(this.workspace) || (isGone && this.#isNow)) return null;
    const place = placeOf(now, page, id);
    const then = isGone ? this.#before : this.#value;
    const isSame =
      place !== null &&
      !differences(at(now, tokensOf(place)), at(then, tokensOf(pointer))).length &&
      !hasMoved(then, now, page, id);
    if (isSame || (isGone && place !== null)) return null;
    const version = isGone ? chosen.from - 1 : chosen.to;
    const time = moment(isGone ? chosen.since : chosen.at);
    return () => void restore(this.workspace, { version, pointer, words: name, time });
  }

  /** The version of an entry, and its time as a sentence has it. @param {Sitting} sitting */
  #told({ to, at: time }) {
    return { version: to, time: moment(time) };
  }

  #name() {
    const chosen = this.#chosen;
    if (!chosen) return;
    nameVersion(this.workspace, { version: chosen.to, name: chosen.name }, (name) => {
      this.#chosen = { ...this.how.named(chosen, name) };
      this.tell();
    });
  }
}
