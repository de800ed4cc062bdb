// Reordering the items of a list by keys: Space lifts an item, arrows choose a place, Space drops it.
// The document changes only at the drop.

import { h } from "./elements.js";

/**
 * A list whose items change places. An element with `data-handle` (a button) or `data-drag`, both with
 * the id of an item, starts a drag.
 *
 * @typedef {object} List
 * @property {() => Map<string, Element>} items the ids and elements now, in order
 * @property {HTMLElement} scroller
 * @property {(id: string) => boolean} canMove
 * @property {(id: string) => string} nameOf
 * @property {(id: string, before: string | null) => boolean | void} drop put an item before another one, or at the end
 * @property {(words: string) => void} say
 */

export class Lifting {
  /** @type {{id: string, name: string, before: string | null, order: string[]} | null} */
  #lifted = null;
  #line = h("div", { class: "drop-line" });
  #scrolled = () => this.#show();

  /** @param {HTMLElement} root @param {List} list */
  constructor(root, list) {
    this.root = root;
    this.list = list;
    root.addEventListener("keydown", (event) => this.#key(event));
    // A browser presses a button when Space is released.
    root.addEventListener(
      "keyup",
      (event) => event.key === " " && this.#idOf(event) && event.preventDefault(),
    );
    root.addEventListener("focusout", () => this.#lifted && this.#end("put back"));
  }

  /** The list has changed. */
  refresh() {
    const lifted = this.#lifted;
    if (!lifted) return;
    const now = [...this.list.items().keys()];
    if (!now.includes(lifted.id)) return this.#end("was deleted meanwhile");
    // The item that was to follow may be gone: then it is the next one that is still there.
    const { before, order } = lifted;
    const rest = before === null ? [] : order.slice(order.indexOf(before));
    lifted.before = rest.find((each) => each !== lifted.id && now.includes(each)) ?? null;
    lifted.order = now;
    this.#show();
  }

  /** The item whose handle an event came from. @param {Event} event */
  #idOf({ target }) {
    const handle = /** @type {HTMLElement} */ (target).closest("[data-handle]");
    const isOwn = handle?.closest("[data-sorted]") === this.root;
    return isOwn ? /** @type {HTMLElement} */ (handle).dataset.handle : undefined;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const id = this.#idOf(event);
    const { key } = event;
    const isPress = key === " " || key === "Enter";
    if (!id || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#lifted) {
      if (isPress) this.#drop();
      else if (key === "Escape") this.#end("put back");
      else if (!this.#step(key)) return;
    } else if (isPress && this.list.canMove(id)) this.#lift(id);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  /** @param {string} id */
  #lift(id) {
    const order = [...this.list.items().keys()];
    const at = order.indexOf(id);
    if (at < 0) return;
    this.#lifted = { id, name: this.list.nameOf(id), before: order[at + 1] ?? null, order };
    this.list.say(`${this.#lifted.name} lifted, ${this.#place}. Arrows move it, Space drops it.`);
    this.#show();
  }

  /** Choose another place. @param {string} key */
  #step(key) {
    const lifted = /** @type {any} */ (this.#lifted);
    const others = this.#others;
    const at = lifted.before === null ? others.length : others.indexOf(lifted.before);
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: others.length }[key];
    if (to === undefined) return key !== "Tab";
    lifted.before = others[Math.max(0, to)] ?? null;
    this.list.say(this.#place);
    this.#show();
    return true;
  }

  #drop() {
    const { id, before, order, name } = /** @type {any} */ (this.#lifted);
    const place = this.#place;
    const isMoved = before !== (order[order.indexOf(id) + 1] ?? null);
    this.#lifted = null;
    this.#show();
    if (isMoved) this.list.drop(id, before);
    this.list.say(`${name} dropped, ${place}.`);
  }

  /** @param {string} words */
  #end(words) {
    const name = this.#lifted?.name;
    this.#lifted = null;
    this.#show();
    this.list.say(`${name} ${words}.`);
  }

  get #others() {
    return (this.#lifted?.order ?? []).filter((each) => each !== this.#lifted?.id);
  }

  get #place() {
    const others = this.#others;
    const before = this.#lifted?.before ?? null;
    const at = before === null ? others.length : others.indexOf(before);
    return `place ${at + 1} of ${others.length + 1}`;
  }

  /** Mark the lifted item, and draw the line where it would go. */
  #show() {
    const { id = null, before = null } = this.#lifted ?? {};
    const items = this.list.items();
    for (const [name, element] of items) element.toggleAttribute("data-lifted", name === id);
    const { scroller } = this.list;
    // Only while an item is lifted: the scroller may outlive the list.
    if (id === null) {
      scroller.removeEventListener("scroll", this.#scrolled);
      return this.#line.remove();
    }
    scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    const next = items.get(before ?? "");
    const target = next ?? [...items.values()].at(-1);
    target?.scrollIntoView({ block: "nearest" });
    const box = target?.getBoundingClientRect() ?? new DOMRect();
    (this.root.closest("dialog") ?? document.body).append(this.#line);
    this.#line.style.width = `${box.width}px`;
    this.#line.style.transform = `translate(${box.left}px, ${next ? box.top : box.bottom}px)`;
  }
}
