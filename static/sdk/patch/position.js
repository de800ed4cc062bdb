// Where a text is: its pointer in each version of the value.

import { element } from "./carry.js";
import { parse, render } from "./patch.js";

/** The pointer of a text. It follows the text when elements of lists move. */
export class Place {
  /** @type {any} the newest value that has the place */
  #seen = undefined;

  /** @param {string} pointer */
  constructor(pointer) {
    this.tokens = parse(pointer);
  }

  /** The pointer of the text in another version of the value; null when its element is gone. @param {any} value */
  find(value) {
    const found = element(this.#seen, value, this.tokens, true);
    return found && render(found);
  }

  /** @param {any} value the newest version */
  follow(value) {
    const found = element(this.#seen, value, this.tokens, true);
    if (found) [this.tokens, this.#seen] = [found, value];
  }
}
