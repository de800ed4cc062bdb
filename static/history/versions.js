// The document at its older versions: those that were asked for last.

const LEAST = 8;
const MOST = 64;
const MOST_CHARACTERS = 4_000_000; // of more than the least

export class Versions {
  /** @type {Map<number, Promise<any>>} the one that was used last is the last */
  #kept = new Map();
  /** @type {Map<number, number>} in characters of JSON */
  #sizes = new Map();

  /** @param {(version: number) => Promise<any>} load */
  constructor(load) {
    this.load = load;
  }

  /** The value at a version. Never change it. @param {number} version @returns {Promise<any>} */
  at(version) {
    const asked = this.#kept.get(version) ?? (version > 0 ? this.#ask(version) : Promise.resolve({}));
    this.#kept.delete(version);
    this.#kept.set(version, asked);
    this.#drop();
    return asked;
  }

  /** @param {number} version */
  #ask(version) {
    const asked = this.load(version);
    asked.then(
      (value) => {
        if (this.#kept.has(version)) this.#sizes.set(version, JSON.stringify(value).length);
        this.#drop();
      },
      () => this.#forget(version),
    );
    return asked;
  }

  /** @param {number} version */
  #forget(version) {
    this.#kept.delete(version);
    this.#sizes.delete(version);
  }

  #drop() {
    let size = [...this.#sizes.values()].reduce((sum, each) => sum + each, 0);
    for (const version of [...this.#kept.keys()]) {
      const count = this.#kept.size;
      if (count <= LEAST || (count <= MOST && size <= MOST_CHARACTERS)) return;
      size -= this.#sizes.get(version) ?? 0;
      this.#forget(version);
    }
  }
}
