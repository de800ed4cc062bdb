// A change of the user, and how it ends.

/**
 * A change of the user. Its `state` is `pending`, `sending` or `retrying`. It ends once: as
 * `durable`, `merged`, `overwritten`, `undone`, `refused` or `failed`.
 */
export class Change {
  state = "pending";

  /** @param {string} id */
  constructor(id) {
    this.id = id;
    /** @type {Promise<{version: number, merged: string[], conflicts: any[]}>} */
    this.durable = new Promise((resolve, reject) => {
      /** @type {(state: string, result: any, refusal?: Error) => void} */
      this.end = (state, result, refusal) => {
        this.state = state;
        if (refusal) reject(refusal);
        else resolve(result);
      };
    });
    this.durable.catch(() => {}); // a page need not await it
  }
}
