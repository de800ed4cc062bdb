// Where a text is: its pointer in each version of the value.

import { element } from "./carry.js";
import { get, parse, render } from "./patch.js";

/** The pointer of a text. It follows the text when elements of lists move. */
export class Place {
  /** @type {any} the newest value that has the place */
  #seen = undefined;

  /** @param {string} path in that value */
  constructor(path) {
    parse(path);
    this.path = path;
  }

  /** The pointer of the text in another version of the value; null when its element is gone. @param {any} value */
  find(value) {
    const found = element(this.#seen, value, parse(this.path), true);
    return found && render(found);
  }

  /** The text in another version of the value; empty when there is none. @param {any} value */
  textIn(value) {
    const path = this.find(value);
    return `${(path === null ? path : get(value, path)) ?? ""}`;
  }

  /** @param {any} value the newest version */
  follow(value) {
    const found = this.find(value);
    if (found !== null) [this.path, this.#seen] = [found, value];
  }
}
