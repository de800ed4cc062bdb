// A text of the value.

import { Binding } from "./binding.js";
import { get } from "../patch/patch.js";

export class Text {
  #page;

  /** @param {import("./binding.js").Owner} page @param {string} pointer */
  constructor(page, pointer) {
    this.#page = page;
    this.pointer = pointer;
  }

  /** The text as the user sees it. */
  get value() {
    return `${get(this.#page.value, this.pointer) ?? ""}`;
  }

  /**
   * Shows the text in an input, a textarea or a contenteditable, and makes what the user types
   * there a change. The caret stays at its place while others type.
   * @param {HTMLElement} element
   * @param {{carets?: boolean, describe?: (names: string[]) => string}} [options] `carets: false` draws no carets of others
   */
  bind(element, options) {
    return new Binding(this.#page, this.pointer, element, options);
  }
}
