// A small writer of Yjs updates (V1) and of the sync protocol. It knows one text that only grows:
// a Y.Text under a key of the root map `content`, written by one Yjs client.
//
// k6 has no Yjs. tests/load/test_yjs_update.py gives what this module writes to pycrdt.

const ROOT = "content";
const TEXT = 7; // an item with a shared type
const STRING = 4; // an item with characters
const Y_TEXT = 2;
const HAS_ORIGIN = 0x80;
const HAS_KEY = 0x20;

const SYNC = 0;
const AWARENESS = 1;
const STEP_1 = 0;
const STEP_2 = 1;
const UPDATE = 2;

/** @param {string} text @returns {number[]} its bytes in UTF-8 */
export function utf8(text) {
  return Array.from(unescape(encodeURIComponent(text)), (letter) => letter.charCodeAt(0));
}

/** A variable-length number; up to 2^53, so it uses no bit operations. @param {number} number @returns {number[]} */
export function varUint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push(128 + (number % 128));
  return [...bytes, number];
}

/** @param {string} text */
export function varString(text) {
  const bytes = utf8(text);
  return [...varUint(bytes.length), ...bytes];
}

/** Reads numbers one after the other. */
export class Reader {
  at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
  }

  varUint() {
    let number = 0;
    for (let factor = 1; ; factor *= 128) {
      if (this.at >= this.bytes.length) throw new Error("the message ends too early");
      const byte = this.bytes[this.at];
      this.at += 1;
      number += (byte % 128) * factor;
      if (byte < 128) return number;
    }
  }

  /** Bytes with their length before them. */
  varBytes() {
    const length = this.varUint();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

/** The text of one Yjs client. Its clock 0 is the Y.Text, and each UTF-16 unit takes one more. */
export class GrowingText {
  text = "";

  /** @param {number} client the Yjs client id @param {string} key in the root map */
  constructor(client, key) {
    this.client = client;
    this.key = key;
  }

  /** The clock of the next item. */
  get clock() {
    return this.text.length ? this.text.length + 1 : 0;
  }

  /** Appends, and returns the update. @param {string} text */
  append(text) {
    const before = this.clock;
    this.text += text;
    return this.since(before);
  }

  /** The update with all items from a clock on; an empty update when there are none. @param {number} clock */
  since(clock) {
    const missing = this.text.slice(Math.max(0, clock - 1));
    if (!missing) return [0, 0];
    const isNew = clock === 0;
    const first = Math.max(1, clock);
    const structs = [...(isNew ? this.#type() : []), ...this.#string(first, missing)];
    return [1, isNew ? 2 : 1, ...varUint(this.client), ...varUint(clock), ...structs, 0].flat();
  }

  /** The item with the Y.Text: its parent is the root map. */
  #type() {
    return [TEXT + HAS_KEY, 1, ...varString(ROOT), ...varString(this.key), Y_TEXT];
  }

  /** Characters after those that are there. @param {number} clock @param {string} text */
  #string(clock, text) {
    const id = (/** @type {number} */ at) => [...varUint(this.client), ...varUint(at)];
    // The first characters have no neighbour on their left, so they name their parent instead.
    const place = clock === 1 ? [STRING, 0, ...id(0)] : [STRING + HAS_ORIGIN, ...id(clock - 1)];
    return [...place, ...varString(text)];
  }
}

// --- the sync protocol and awareness ---------------------------------------------------------

/** Numbers of clients and clocks. @param {Map<number, number>} clocks */
function stateVector(clocks) {
  return [
    ...varUint(clocks.size),
    ...[...clocks].flatMap(([client, clock]) => [...varUint(client), ...varUint(clock)]),
  ];
}

/** @param {Uint8Array} bytes @returns {Map<number, number>} */
export function readStateVector(bytes) {
  const reader = new Reader(bytes);
  const clocks = new Map();
  for (let left = reader.varUint(); left; left -= 1) clocks.set(reader.varUint(), reader.varUint());
  return clocks;
}

/** @param {number} kind @param {number[]} body */
function sync(kind, body) {
  return Uint8Array.from([SYNC, kind, ...varUint(body.length), ...body]).buffer;
}

/** Asks for what a client does not have. @param {Map<number, number>} clocks */
export const step1 = (clocks) => sync(STEP_1, stateVector(clocks));
/** @param {number[]} update */
export const step2 = (update) => sync(STEP_2, update);
/** @param {number[]} update */
export const update = (update) => sync(UPDATE, update);

/** A state of this client for all others. @param {number} client @param {number} clock @param {object} state */
export function awareness(client, clock, state) {
  const body = [1, ...varUint(client), ...varUint(clock), ...varString(JSON.stringify(state))];
  return Uint8Array.from([AWARENESS, ...varUint(body.length), ...body]).buffer;
}

/**
 * The messages of a frame: what each is, and its bytes.
 * @param {ArrayBuffer} data
 * @returns {{kind: "step1" | "step2" | "update" | "other", bytes: Uint8Array}[]}
 */
export function messages(data) {
  const reader = new Reader(new Uint8Array(data));
  const found = [];
  while (reader.at < reader.bytes.length) {
    const type = reader.varUint();
    // Permission denied, or a question, is the rest of the frame.
    if (type !== SYNC && type !== AWARENESS) break;
    const kind =
      type === SYNC ? /** @type {const} */ (["step1", "step2", "update"])[reader.varUint()] : undefined;
    found.push({ kind: kind ?? /** @type {const} */ ("other"), bytes: reader.varBytes() });
  }
  return found;
}
