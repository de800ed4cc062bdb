// What is drawn over the page for other people. It lies in the part that scrolls, beside the page.

import { h } from "../ui/elements.js";

/** @typedef {{element: HTMLElement, around: () => Element | null}} Placed */

export class Overlay {
  /** @type {Placed[]} */
  #placed = [];
  // An observer reports each element at first, after the layout that is due anyway.
  #seen = new ResizeObserver(() => this.place());

  /** @param {import("../editor/workspace.js").Workspace} workspace */
  constructor(workspace) {
    this.stage = /** @type {HTMLElement} */ (document.getElementById("stage"));
    const board = /** @type {HTMLElement} */ (this.stage.querySelector(".board"));
    this.layer = board.appendChild(h("div", { class: "frames others" }));
    for (const name of ["drawn", "resized"]) workspace.on(name, () => this.look());
  }

  /** Put an element around another one, as long as it is there. Return what removes it. @param {HTMLElement} element @param {() => Element | null} around */
  add(element, around) {
    const made = { element, around };
    this.#placed.push(made);
    element.hidden = true;
    this.layer.append(element);
    this.look();
    return () => {
      this.#placed = this.#placed.filter((each) => each !== made);
      element.remove();
    };
  }

  /** Measure after the next layout. */
  look() {
    this.#seen.disconnect();
    if (!this.#placed.length) return;
    for (const each of [this.layer.parentElement, ...this.#placed.map(({ around }) => around())])
      if (each) this.#seen.observe(each);
  }

  place() {
    const origin = this.layer.getBoundingClientRect();
    const boxes = this.#placed.map(({ around }) => around()?.getBoundingClientRect());
    this.#placed.forEach(({ element }, index) => {
      const box = boxes[index];
      element.hidden = !box;
      if (!box) return;
      element.style.left = `${box.left - origin.left}px`;
      element.style.top = `${box.top - origin.top}px`;
      element.style.width = `${box.width}px`;
      element.style.height = `${box.height}px`;
    });
  }

  /** On which side of the stage an element is out of sight: -1 above, 1 below, 0 when it is seen. @param {Element} element */
  side(element) {
    const [box, stage] = [element, this.stage].map((each) => each.getBoundingClientRect());
    return box.bottom < stage.top + 8 ? -1 : box.top > stage.bottom - 8 ? 1 : 0;
  }
}

/** Whether the user wants no motion. */
export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
