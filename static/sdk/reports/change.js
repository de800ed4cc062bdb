// A change of the user, and how it ends.

/**
 * A change of the user. Its `state` is `pending`, `sending` or `retrying`. It ends once: as
 * `durable`, `merged`, `overwritten`, `undone`, `refused` or `failed`.
 */
export class Change {
  state = "pending";
  /** @type {(result: any) => void} */
  #resolve = () => {};
  /** @type {(error: Error) => void} */
  #reject = () => {};
  /** @type {Promise<{version: number, merged: string[], conflicts: any[]}>} */
  durable = new Promise((resolve, reject) => {
    this.#resolve = resolve;
    this.#reject = reject;
  });

  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.durable.catch(() => {}); // a page need not await it
  }

  /** @param {string} state @param {any} result @param {Error} [refusal] */
  end(state, result, refusal) {
    this.state = state;
    if (refusal) this.#reject(refusal);
    else this.#resolve(result);
  }
}
