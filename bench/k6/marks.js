// A mark is the text of one edit: who made it, its number, and when. Peers find it in what they
// receive, on both lanes, and measure how long it took. The last check finds every mark again.

/** A mark has the time modulo this many milliseconds, about 16 hours, in five digits. */
const DAY = 36 ** 5;
const MARK = /~([0-9a-z-]+)\.([0-9a-z]+):([0-9a-z]+);/g;

/** @param {string} name of the client: digits, letters and `-` @param {number} number from 0 @param {number} now */
export function mark(name, number, now) {
  return `~${name}.${number.toString(36)}:${(now % DAY).toString(36)};`;
}

/** The numbers of a client's marks in a text, in their order. @param {string} text @param {string} name */
export function numbersIn(text, name) {
  return [...text.matchAll(MARK)].filter((match) => match[1] === name).map((match) => parseInt(match[2], 36));
}

/** What one client has seen of the others. */
export class Sight {
  /** @type {Map<string, number>} the newest number of each client */
  #newest = new Map();
  /** Marks that never came. */
  missed = 0;

  /** @param {string} own the name of this client, whose marks do not count */
  constructor(own) {
    this.own = own;
  }

  /** Remembers what was there before this client came. @param {string} text */
  begin(text) {
    for (const [, name, number] of text.matchAll(MARK)) {
      this.#newest.set(name, Math.max(parseInt(number, 36), this.#newest.get(name) ?? -1));
    }
  }

  /** What this client has seen until now. */
  copy() {
    const copy = new Sight(this.own);
    copy.#newest = new Map(this.#newest);
    return copy;
  }

  /** How many marks of others a text has that this client has not seen. @param {string} text */
  unseen(text) {
    return new Sight(this.own).after(text).#missing(this);
  }

  /** How many marks this client has seen that a text does not have. @param {string} text */
  vanished(text) {
    return this.#missing(new Sight(this.own).after(text));
  }

  /** @param {string} text */
  after(text) {
    this.begin(text);
    return this;
  }

  /** How many marks of others another one has not seen. @param {Sight} other */
  #missing(other) {
    let count = 0;
    for (const [name, number] of this.#newest) {
      if (name !== this.own) count += Math.max(0, number - (other.#newest.get(name) ?? -1));
    }
    return count;
  }

  /** Returns the milliseconds that each new mark of a text took. @param {string} text @param {number} now */
  look(text, now) {
    const took = [];
    for (const [, name, number, at] of text.matchAll(MARK)) {
      const newest = this.#newest.get(name) ?? -1;
      const seen = parseInt(number, 36);
      if (name === this.own || seen <= newest) continue;
      this.missed += seen - newest - 1;
      this.#newest.set(name, seen);
      took.push(((now % DAY) - parseInt(at, 36) + DAY) % DAY);
    }
    return took;
  }
}
