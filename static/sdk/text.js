// A text of the value.

import { get } from "./patch.js";

export class Text {
  /** @param {import("./page.js").Page} page @param {string} pointer */
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
    return this.page.patch([{ op: "splice", path: this.pointer, offset, delete: count, insert }]);
  }
}
