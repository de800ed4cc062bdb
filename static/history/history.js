// The history of the page, over the editor: who changed what and when, the page as it was, and the way
// back to it. The editor behind it stays as it is.

import { at, tokensOf } from "../editor/place_words.js";
import { nameOf } from "../templates/sections.js";
import { onBack } from "../ui/back.js";
import { h } from "../ui/elements.js";
import { Blame } from "./blame.js";
import { Labels } from "./labels.js";
import { Panel } from "./panel.js";
import { Past } from "./past.js";
import { Story } from "./story.js";
import { Versions } from "./versions.js";

/** @typedef {import("../editor/commands.js").Parts} Parts */

const SOON = 800; // milliseconds until new versions are asked for

/** @type {Promise<unknown> | undefined} */
let styled;
/** @type {History | null} */
let shown = null;

/** @param {Parts} parts @param {{pointer?: string}} asked `pointer` is of a section, to see only its versions */
export async function open(parts, { pointer }) {
  styled ??= new Promise((resolve) => {
    const href = new URL("./history.css", import.meta.url).href;
    document.head.append(h("link", { rel: "stylesheet", href, onload: resolve, onerror: resolve }));
  });
  await styled;
  shown ??= new History(parts, pointer);
}

class History {
  #timer = 0;
  #isStale = false; // the document has another value than the page that is shown

  /** @param {Parts} parts @param {string} [pointer] */
  constructor(parts, pointer) {
    const { workspace } = parts;
    this.workspace = workspace;
    this.page = workspace.page;
    const { history } = this.page;
    const section = pointer && at(workspace.value, tokensOf(pointer).slice(0, 4));
    const only = section?.id ? { page: workspace.key, id: section.id, name: nameOf(section) } : null;
    const versions = new Versions((version) => history.at(version));
    const list = (/** @type {any} */ options) => history.list(options);
    const labels = new Labels(versions);
    const blame = new Blame(list, versions);
    this.story = new Story(list, () => this.panel.draw());
    this.panel = new Panel({
      ...{ story: this.story, labels, only },
      choose: (sitting) => this.past.choose(sitting),
      drawn: () => this.past.tell(),
    });
    this.past = new Past(parts, {
      ...{ versions, blame, labels, only },
      close: () => this.close(),
      named: (sitting, name) => {
        this.story.named(sitting.to, name);
        return this.story.find(sitting.by.user, sitting.to) ?? sitting;
      },
    });
    this.element = h(
      "div",
      { class: "history", role: "dialog", "aria-modal": "true", "aria-label": "History" },
      this.past.head.bar,
      this.panel.element,
      this.past.element,
    );
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.off = [
      workspace.on("value", () => this.#live((this.#isStale = true))),
      workspace.on("status", () => this.#live()),
      workspace.on("public", () => void this.story.renew()),
      onBack(() => this.close()),
    ];
    this.#open();
  }

  #open() {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const others = /** @type {HTMLElement[]} */ (
      [...document.body.children].filter((each) => !each.matches(".toasts, #announcer, script, [inert]"))
    );
    for (const each of others) each.inert = true;
    document.body.append(this.element);
    // A key without a target must not reach the editor.
    const keep = (/** @type {KeyboardEvent} */ event) => {
      const isElsewhere = event.target !== document.body || document.querySelector("dialog:modal");
      if (isElsewhere || isUndo(event)) return;
      event.stopImmediatePropagation();
      if (event.key === "Escape") this.close();
      else this.panel.list.element.focus();
    };
    addEventListener("keydown", keep, { capture: true });
    this.off.push(() => {
      for (const each of others) each.inert = false;
      removeEventListener("keydown", keep, { capture: true });
      focused?.focus({ preventScroll: true });
    });
    this.past.resize(innerWidth > 900 ? Number(document.body.dataset.width) || 1280 : 1280);
    this.panel.draw();
    this.panel.list.element.focus();
    void this.past.show();
    void this.story.more();
  }

  close() {
    if (shown !== this) return;
    shown = null;
    this.panel.isOpen = false;
    this.past.end();
    clearTimeout(this.#timer);
    this.element.remove();
    for (const off of this.off) off();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!isUndo(event)) event.stopPropagation();
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.preventDefault();
    this.close();
  }

  /** Others go on while the history is open. @param {boolean} [isDue] */
  #live(isDue = this.page.version > this.story.newest) {
    const { page, story } = this;
    if (page.link !== "online") return;
    if (story.error?.code === "offline") {
      this.panel.again();
      void this.past.show(true);
    }
    if (isDue) this.#timer ||= window.setTimeout(() => this.#renew(), SOON);
  }

  #renew() {
    const { page, story } = this;
    this.#timer = 0;
    if (story.isLoading) return this.#live(true);
    if (page.version > story.newest && story.rows.length) void story.news();
    if (this.#isStale) this.past.changed();
    this.#isStale = false;
  }
}

/** Whether a key takes a change back, or makes it again: also while the history is open. @param {KeyboardEvent} event */
function isUndo({ key, ctrlKey, metaKey }) {
  return (ctrlKey || metaKey) && /^[zy]$/i.test(key);
}
