// A text of the value.

import { Binding } from "./binding.js";
import { get, PatchError } from "../patch/patch.js";
import { wellFormed } from "./typing.js";

export class Text {
  /** @param {import("./binding.js").Owner} page @param {string} pointer */
  constructor(page, pointer) {
    this.page = page;
    this.pointer = pointer;
  }

  /** The text as the user sees it. */
  get value() {
    return `${get(this.page.value, this.pointer) ?? ""}`;
  }

  /** Replaces a part of the text. `offset` and `count` are UTF-16 units. @param {number} offset @param {number} count @param {string} insert */
  splice(offset, count, insert) {
    if (wellFormed(insert) !== insert) throw new PatchError("invalid_patch", "`insert` has a half of a surrogate pair", this.pointer);
    return this.page.patch([{ op: "splice", path: this.pointer, offset, delete: count, insert }]);
  }

  /**
   * Shows the text in an input, a textarea or a contenteditable, and makes what the user types
   * there a change. The caret stays at its place while others type.
   * @param {HTMLElement} element
   * @param {{carets?: boolean, describe?: (names: string[]) => string}} [options] `carets: false` draws no carets of others
   */
  bind(element, options) {
    return new Binding(this.page, this.pointer, element, options);
  }
}
