// The document at its older versions: the last few that were asked for.

const MOST = 8;

export class Versions {
  /** @type {Map<number, Promise<any>>} the one that was used last is the last */
  #kept = new Map();

  /** @param {(version: number) => Promise<any>} load */
  constructor(load) {
    this.load = load;
  }

  /** The value at a version. Never change it. @param {number} version @returns {Promise<any>} */
  at(version) {
    const asked = this.#kept.get(version) ?? (version > 0 ? this.load(version) : Promise.resolve({}));
    this.#kept.delete(version);
    this.#kept.set(version, asked);
    asked.catch(() => this.#kept.delete(version));
    if (this.#kept.size > MOST) this.#kept.delete(/** @type {number} */ (this.#kept.keys().next().value));
    return asked;
  }
}
