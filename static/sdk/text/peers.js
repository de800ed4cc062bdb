// Where the carets of other users are in one text. `caret.js` draws them, when there are any.

import { Carets } from "./caret.js";
import { mapping } from "../patch/splices.js";

/** @typedef {import("../people/presence.js").Peer} Peer */
/** @typedef {import("../patch/splices.js").Splice} Splice */
/** @typedef {import("./caret.js").Caret} Caret */

export class Peers {
  /** @type {Caret[]} */
  list = [];
  /** @type {Carets | null} */
  #carets = null;

  /** @param {import("./field.js").Control | import("./field.js").Editable} field @param {(names: string[]) => string} [describe] */
  constructor(field, describe) {
    this.field = field;
    this.describe = describe;
  }

  /** Moves the carets through a change. The caret of its author goes to its end. @param {Splice[]} splices @param {any} by */
  move(splices, by) {
    const map = mapping(splices);
    const last = splices[splices.length - 1];
    for (const caret of this.list) {
      const isAuthor = last && by?.session === caret.peer.session;
      const end = isAuthor && last.offset + last.insert.length;
      [caret.at, caret.other] = [caret.at, caret.other].map((at) => end || map(at));
    }
  }

  /**
   * Takes the carets from the presence. A caret whose state did not change stays where it is.
   * @param {Peer[]} peers
   * @param {string | null} path
   * @param {(at: number) => number} map from the newest text of the server to the shown text
   */
  update(peers, path, map) {
    this.list = peers.flatMap((peer) => {
      const { state } = peer;
      const { path: place, offset, length = 0 } = state?.cursor ?? {};
      if (place !== path || !Number.isInteger(offset + length)) return [];
      const known = this.list.find((each) => each.state === state);
      return [known ?? { peer, state, at: map(offset), other: map(offset + length) }];
    });
  }

  /** @param {string} text the text that the element shows */
  draw(text) {
    if (this.list.length) this.#carets ??= new Carets(this.field, this.describe);
    this.#carets?.draw(this.list, text);
  }

  end() {
    this.list = [];
    this.draw("");
  }
}
