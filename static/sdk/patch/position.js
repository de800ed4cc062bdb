// Where a text is: its pointer in each version of the value.

import { element } from "./carry.js";
import { child, get, parse, render } from "./patch.js";

/** The pointer of a text. It follows the text when elements of lists move. */
export class Place {
  /** @type {any[]} the id of the list element at each token */
  #ids = [];

  /** @param {string} pointer */
  constructor(pointer) {
    this.tokens = parse(pointer);
  }

  /** The pointer of the text in another version of the value; null when its element is gone. @param {any} value */
  find(value) {
    const found = this.#byIds(value);
    return found && render(found);
  }

  /** @param {any} before @param {any} now */
  follow(before, now) {
    this.tokens = element(before, now, this.tokens) ?? this.#byIds(now) ?? this.tokens;
    if (this.find(now) === null) return;
    this.#ids = this.tokens.map((_, depth) => {
      const holder = get(now, this.tokens.slice(0, depth));
      return Array.isArray(holder) ? child(holder, this.tokens[depth])?.id : undefined;
    });
  }

  /** @param {any} value */
  #byIds(value) {
    const found = [];
    for (const [depth, token] of this.tokens.entries()) {
      const id = this.#ids[depth];
      const isKnown = typeof id === "string" && Array.isArray(value);
      const at = isKnown ? `${value.findIndex((/** @type {any} */ each) => each?.id === id)}` : token;
      if (isKnown && at === "-1") return null;
      found.push(at);
      value = child(value, at);
    }
    return found;
  }
}
