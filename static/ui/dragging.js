// Reordering the items of a list by mouse and by touch. `lifting.js` does the same by keys.
//
// Items are named by their ids, never by their places: others may move, add and delete items meanwhile.

import { h } from "./elements.js";
import { Lifting } from "./lifting.js";

/** @typedef {import("./lifting.js").List} List */
/** @typedef {{id: string, top: number, bottom: number}} Stop */

const LONG_PRESS = 250;
const EDGE = 56; // so near to its edge, a list scrolls by itself
const FASTEST = 14; // pixels a frame

/** Let the items of a list change places. @param {HTMLElement} root @param {List} list */
export function sortable(root, list) {
  root.dataset.sorted = "";
  const [dragging, lifting] = [new Dragging(root, list), new Lifting(root, list)];
  return {
    /** Call this when the list has changed. */
    refresh() {
      dragging.isStale = true;
      lifting.refresh();
    },
  };
}

class Dragging {
  isStale = false;
  /** @type {{id: string, name: string, x: number, y: number, from: [number, number], isTouch: boolean} | null} */
  #press = null;
  #isOn = false;
  /** @type {Stop[]} where the items were when they were measured */
  #stops = [];
  /** @type {string | null | undefined} the item that the dragged one shall precede; undefined for its own place */
  #before;
  #box = new DOMRect();
  #scroll = 0;
  #end = new AbortController();
  #line = h("div", { class: "drop-line" });
  #ghost = h("div", { class: "drag-ghost" });

  /** @param {HTMLElement} root @param {List} list */
  constructor(root, list) {
    this.root = root;
    this.list = list;
    root.addEventListener("pointerdown", (event) => this.#down(event));
    // A phone scrolls, or opens its own menu, unless this listener is there before the touch.
    for (const name of ["touchmove", "contextmenu"])
      root.addEventListener(name, (event) => this.#isOn && event.preventDefault(), { passive: false });
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const held = /** @type {HTMLElement | null} */ (target.closest("[data-handle], [data-drag]"));
    if (!held || held.closest("[data-sorted]") !== this.root) return;
    if (event.button || !event.isPrimary || this.#press) return;
    if (!held.dataset.handle && target.closest("input, textarea, select, [data-still]")) return;
    const id = held.dataset.handle ?? held.dataset.drag ?? "";
    if (!this.list.canMove(id)) return;
    const { clientX: x, clientY: y } = event;
    const isTouch = event.pointerType === "touch";
    this.#press = { id, name: this.list.nameOf(id), x, y, from: [x, y], isTouch };
    const { signal } = (this.#end = new AbortController());
    const timer = isTouch ? setTimeout(() => this.#begin(), LONG_PRESS) : 0;
    signal.addEventListener("abort", () => clearTimeout(timer));
    addEventListener("pointermove", (moved) => this.#move(moved), { signal });
    addEventListener("pointerup", () => this.#finish(true), { signal });
    addEventListener("pointercancel", () => this.#finish(false), { signal });
    addEventListener("blur", () => this.#finish(false), { signal });
    addEventListener("keydown", (key) => this.#escape(key), { signal, capture: true });
  }

  /** @param {PointerEvent} event */
  #move({ clientX, clientY, isPrimary }) {
    const press = this.#press;
    if (!press || !isPrimary) return;
    [press.x, press.y] = [clientX, clientY];
    if (this.#isOn) return;
    const far = Math.hypot(clientX - press.from[0], clientY - press.from[1]);
    if (press.isTouch && far > 10)
      this.#finish(false); // the user scrolls
    else if (!press.isTouch && far > 4) this.#begin();
  }

  #begin() {
    const press = this.#press;
    if (!press) return;
    this.#isOn = this.isStale = true;
    if (press.isTouch) navigator.vibrate?.(10);
    getSelection()?.removeAllRanges();
    document.body.classList.add("dragging");
    this.#ghost.textContent = press.name;
    // In a dialog or a sheet, only its own children are above it.
    (this.root.closest("dialog") ?? document.body).append(this.#line, this.#ghost);
    requestAnimationFrame(() => this.#draw());
  }

  /** Once a frame: scroll, find the place, and move the line and the name. */
  #draw() {
    const press = this.#press;
    if (!press || !this.#isOn) return;
    const { scroller } = this.list;
    if (this.isStale && !this.#measure(press.id)) return this.#finish(false);
    const step = this.#speed(press.y);
    if (step) scroller.scrollTop += step;
    const scrolled = scroller.scrollTop - this.#scroll;
    const others = this.#stops.filter(({ id }) => id !== press.id);
    const at = others.findIndex(({ top, bottom }) => press.y + scrolled < (top + bottom) / 2);
    const next = at < 0 ? null : others[at];
    const own = this.#stops[this.#stops.findIndex(({ id }) => id === press.id) + 1]?.id ?? null;
    this.#before = (next?.id ?? null) === own ? undefined : (next?.id ?? null);
    const last = others.at(at < 0 ? -1 : at - 1);
    const y = next ? (at > 0 && last ? (last.bottom + next.top) / 2 : next.top) : (last?.bottom ?? 0);
    this.#line.style.transform = `translate(${this.#box.left}px, ${y - scrolled}px)`;
    this.#line.classList.toggle("still", this.#before === undefined);
    this.#ghost.style.transform = `translate(${press.x + 14}px, ${press.y + (press.isTouch ? -44 : 10)}px)`;
    requestAnimationFrame(() => this.#draw());
  }

  /** Read where all items are; false when the dragged one is gone. @param {string} dragged */
  #measure(dragged) {
    this.isStale = false;
    const items = this.list.items();
    this.#box = this.list.scroller.getBoundingClientRect();
    this.#scroll = this.list.scroller.scrollTop;
    this.#stops = [...items].map(([id, element]) => {
      const { top, bottom } = element.getBoundingClientRect();
      return { id, top, bottom };
    });
    const width = items.get(dragged)?.getBoundingClientRect();
    if (width) [this.#box.x, this.#box.width] = [width.x, width.width];
    this.#line.style.width = `${this.#box.width}px`;
    for (const [id, element] of items) element.toggleAttribute("data-lifted", id === dragged);
    return width !== undefined;
  }

  /** How far the list scrolls in this frame. @param {number} y */
  #speed(y) {
    const { top, bottom } = this.#box;
    const near = Math.max(0, top + EDGE - y) - Math.max(0, y - bottom + EDGE);
    return -Math.round((Math.min(1, Math.abs(near) / EDGE) * Math.sign(near) || 0) * FASTEST);
  }

  /** @param {KeyboardEvent} event */
  #escape(event) {
    if (event.key !== "Escape" || !this.#isOn) return;
    event.preventDefault();
    event.stopPropagation();
    this.#finish(false);
  }

  /** @param {boolean} isDropped */
  #finish(isDropped) {
    const [press, before, wasOn] = [this.#press, this.#before, this.#isOn];
    this.#end.abort();
    this.#press = null;
    this.#isOn = false;
    this.#before = undefined;
    if (!press || !wasOn) return;
    this.#line.remove();
    this.#ghost.remove();
    document.body.classList.remove("dragging");
    const items = this.list.items();
    for (const element of items.values()) element.removeAttribute("data-lifted");
    // The click that follows is none.
    const stop = (/** @type {Event} */ event) => (event.preventDefault(), event.stopPropagation());
    addEventListener("click", stop, { capture: true, once: true });
    setTimeout(() => removeEventListener("click", stop, { capture: true }), 0);
    if (!items.has(press.id)) this.list.say(`${press.name} was deleted meanwhile.`);
    else if (isDropped && before !== undefined && (before === null || items.has(before)))
      this.list.drop(press.id, before);
  }
}
