// Where the carets of other users are in one text. `caret.js` draws them, when there are any.

/** @typedef {import("../people/presence.js").Peer} Peer */
/** @typedef {import("../patch/splices.js").Splice} Splice */
/** @typedef {import("./caret.js").Caret} Caret */

export class Peers {
  /** @type {Caret[]} */
  list = [];
  /** @type {Promise<import("./caret.js").Carets> | null} */
  #carets = null;
  #isEnded = false;

  /** @param {import("./field.js").Control | import("./field.js").Editable} field @param {((names: string[]) => string) | undefined} describe @param {(error: unknown) => void} failed */
  constructor(field, describe, failed) {
    this.field = field;
    this.describe = describe;
    this.failed = failed;
  }

  /** Moves the carets through a change. The caret of its author goes to its end. @param {(at: number) => number} map @param {any} by @param {Splice} splice */
  move(map, by, { offset, delete: count, insert }) {
    for (const caret of this.list) {
      const isAuthor = count + insert.length > 0 && by?.session === caret.peer.session;
      const end = offset + insert.length;
      [caret.at, caret.other] = isAuthor ? [end, end] : [map(caret.at), map(caret.other)];
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
      const { path: place, offset, length } = state?.cursor ?? {};
      if (place !== path || !Number.isInteger(offset)) return [];
      const known = this.list.find((each) => each.state === state);
      return [known ?? { peer, state, at: map(offset), other: map(offset + (Number.isInteger(length) ? length : 0)) }];
    });
  }

  /** @param {string} text the text that the element shows */
  draw(text) {
    if (!this.list.length && !this.#carets) return;
    this.#carets ??= import("./caret.js").then(({ Carets }) => new Carets(this.field, this.describe));
    this.#carets.then((carets) => this.#isEnded || carets.draw(this.list, text)).catch((error) => {
      this.#carets = null;
      this.failed(error);
    });
  }

  end() {
    this.#isEnded = true;
    void this.#carets?.then((carets) => carets.remove());
  }
}
