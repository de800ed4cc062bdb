// The list of the story. Only the entries in sight have elements, so a long history stays quick.

import { avatar } from "../ui/avatars.js";
import { change, h, keyed } from "../ui/elements.js";
import { icon } from "../ui/icons.js";
import { called, day, deed, published, span } from "./entries.js";
import { isMark } from "./story.js";

/** @typedef {import("./story.js").Sitting} Sitting */
/** @typedef {import("./labels.js").Label} Label */
/** @typedef {{key: string, top: number, height: number, day?: string, sitting?: Sitting}} Item an item without day and sitting is the page now */

const HEIGHTS = { day: 40, entry: 60, more: 20 };
const BEYOND = 400; // pixels

export class List {
  /** @type {Item[]} */
  #items = [];
  #height = 0;
  #isDue = false;
  /** The entry that is shown; null is the page now. @type {Sitting | null} */
  chosen = null;

  /**
   * @param {{choose: (sitting: Sitting | null) => void, labels: (sitting: Sitting) => Label[] | null, need: (sittings: Sitting[], isEnd: boolean) => void}} how
   *   `need` is told of the entries in sight whose names are unknown, and whether the end is in sight
   */
  constructor(how) {
    this.how = how;
    this.rows = h("div", { role: "presentation" });
    this.element = h(
      "div",
      { class: "story", role: "listbox", tabindex: "0", "aria-label": "Versions of the page" },
      this.rows,
    );
    this.element.addEventListener("scroll", () => this.soon(), { passive: true });
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.element.addEventListener("click", ({ target }) => {
      const key = /** @type {Element} */ (target).closest("[data-key]")?.getAttribute("data-key");
      const item = this.#items.find((each) => each.key === key);
      if (item && !item.day) this.choose(item.sitting ?? null);
    });
    new ResizeObserver(() => this.soon()).observe(this.element);
  }

  /** @param {Sitting[]} sittings newest first */
  show(sittings) {
    /** @type {Item[]} */
    const items = [];
    let top = 0;
    const add = (/** @type {string} */ key, /** @type {number} */ height, /** @type {any} */ more = {}) => {
      items.push({ key, top, height, ...more });
      top += height;
    };
    add("now", HEIGHTS.entry);
    let last = "";
    for (const sitting of sittings) {
      // A date in words takes long, so it is made once a day.
      const date = new Date(sitting.at).toDateString();
      if (date !== last) add(`day ${date}`, HEIGHTS.day, { day: day(sitting.at) });
      last = date;
      const more = sitting.publications.length ? HEIGHTS.more : 0;
      add(`${sitting.to} ${sitting.by.user}`, HEIGHTS.entry + more, { sitting });
    }
    this.#items = items;
    this.#height = top;
    this.draw();
  }

  soon() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.draw();
    });
  }

  draw() {
    const { scrollTop, clientHeight } = this.element;
    const end = scrollTop + clientHeight + BEYOND;
    const from = this.#items.findIndex(({ top, height }) => top + height >= scrollTop - BEYOND);
    const to = this.#items.findIndex(({ top }) => top > end);
    const chosen = this.#items.find((each) => this.#isChosen(each));
    const seen = this.#items.slice(Math.max(from, 0), to < 0 ? undefined : to);
    // The chosen entry is always there, because the list names it to screen readers.
    if (chosen && !seen.includes(chosen)) seen[chosen.top < scrollTop ? "unshift" : "push"](chosen);
    this.rows.style.height = `${this.#height}px`;
    const total = this.#items.filter((each) => !each.day);
    keyed(this.rows, seen, {
      key: ({ key }) => key,
      make: (item) => this.#make(item),
      update: (element, item) => this.#update(element, item, total),
    });
    change(this.element, { "aria-activedescendant": chosen ? idOf(chosen) : null });
    const unknown = seen.flatMap(({ sitting }) => (sitting && !this.how.labels(sitting) ? [sitting] : []));
    const isEnd = clientHeight > 0 && this.#height < end;
    if (unknown.length || isEnd) this.how.need(unknown, isEnd);
  }

  /** @param {Item} item */
  #isChosen({ day: date, sitting }) {
    return !date && (sitting ?? null) === this.chosen;
  }

  /** @param {Item} item */
  #make(item) {
    if (item.day) return h("div", { class: "day", role: "presentation" }, item.day);
    const { sitting } = item;
    const face = sitting ? avatar(sitting.by) : h("span", { class: "now" }, icon("page"));
    face.ariaHidden = "true"; // the name is beside it
    const date = h("span", { class: "unseen" }, sitting ? ` ${day(sitting.at)} ` : "");
    const time = h("time", {}, date, "");
    return h(
      "div",
      { class: "entry", role: "option", id: idOf(item), "data-key": item.key },
      face,
      h("p", { class: "title" }, h("b"), h("span", { class: "badge", hidden: true }), time),
      h("p", { class: "deed" }),
      h("p", { class: "steps" }),
    );
  }

  /** @param {HTMLElement} element @param {Item} item @param {Item[]} total */
  #update(element, item, total) {
    element.style.transform = `translateY(${item.top}px)`;
    if (item.day) return;
    const { sitting } = item;
    const labels = sitting ? this.how.labels(sitting) : null;
    const isNamed = Boolean(sitting?.name);
    const [title, told, steps] = /** @type {any} */ (element.querySelectorAll("p"));
    const [name, badge, time] = title.children;
    const who = sitting ? called(sitting.by) : "";
    change(name, { textContent: sitting ? (sitting.name ?? who) : "The page now" });
    change(badge, { textContent: "Live", hidden: !sitting?.published });
    if (sitting && time.lastChild.data !== span(sitting)) time.lastChild.data = span(sitting);
    const deeds = sitting ? deed(sitting, labels) : "With everything up to this moment";
    change(told, { textContent: isNamed ? `${who} · ${deeds}` : deeds });
    change(steps, { textContent: sitting ? published(sitting) : "" });
    element.style.height = `${item.height}px`;
    change(element, {
      "aria-selected": `${this.#isChosen(item)}`,
      "aria-setsize": total.length,
      "aria-posinset": total.indexOf(item) + 1,
      class: `entry${isNamed ? " named" : ""}${sitting && isMark(sitting) ? " marked" : ""}`,
    });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    const entries = this.#items.filter((each) => !each.day);
    const at = entries.findIndex((each) => this.#isChosen(each));
    const page = Math.max(1, Math.floor(this.element.clientHeight / HEIGHTS.entry) - 1);
    /** @type {Record<string, number>} */
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 };
    Object.assign(steps, { PageDown: at + page, PageUp: at - page });
    if (!(key in steps)) return;
    event.preventDefault();
    this.choose(entries[Math.max(0, Math.min(steps[key], entries.length - 1))]?.sitting ?? null);
  }

  /** @param {Sitting | null} sitting */
  choose(sitting) {
    this.chosen = sitting;
    const item = this.#items.find((each) => this.#isChosen(each));
    const { scrollTop, clientHeight } = this.element;
    // The day above an entry stays in sight, too.
    if (item && item.top - HEIGHTS.day < scrollTop) this.element.scrollTop = item.top - HEIGHTS.day;
    else if (item && item.top + item.height > scrollTop + clientHeight)
      this.element.scrollTop = item.top + item.height - clientHeight;
    this.draw();
    this.how.choose(sitting);
  }
}

/** @param {Item} item */
function idOf({ key }) {
  return `entry-${key.replace(/\W/g, "-")}`;
}
