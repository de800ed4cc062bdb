// A client of the Yjs lane, as y-websocket is one. The lane has no acks: peers measure its edits, and
// the check at the end finds each edit that was sent.

import { Client } from "./client.js";
import * as figures from "./figures.js";
import { settings } from "./settings.js";
import { awareness, GrowingText, messages, readStateVector, step1, step2, update } from "./yjs_update.js";

const ONCE = 4096; // letters of a text that are made from bytes at once

export class YjsClient extends Client {
  #text;
  /** Whether the server may get updates: it has the answer to its step 1. */
  #isSynced = false;
  /** The clocks of the newest step 1 of the server. @type {Map<number, number>} */
  #clocks = new Map();
  #shown = 0;
  /** Whether the client has what was in the document before. */
  #hasBegun = false;

  /** @param {import("./plan.js").Part} part @param {{edits: boolean}} does */
  constructor(part, does) {
    super(part, does);
    // As Yjs chooses ids: at random. Several runs may edit one document.
    this.#text = new GrowingText(2 + Math.floor(Math.random() * 2 ** 32), this.key);
  }

  get door() {
    const { doc, name } = this.part;
    const address = `${settings.url.replace(/^http/, "ws")}/v1/yjs/${encodeURIComponent(doc)}?client=${name}`;
    return { address, protocols: [], params: { headers: { Authorization: `Bearer ${this.token}` } } };
  }

  /** Asks for the document. After a loss: for what is newer than the server's last step 1. */
  greet() {
    this.send(step1(this.#clocks));
  }

  get hasAcks() {
    return false;
  }

  lose() {
    this.#isSynced = false;
  }

  /** @param {ArrayBuffer} data */
  receive(data) {
    for (const { kind, bytes } of messages(data)) {
      if (kind === "step1") this.#answer(bytes);
      else if (kind === "step2" || kind === "update") this.#read(kind, bytes);
    }
  }

  /** Sends what the server does not have. @param {Uint8Array} bytes */
  #answer(bytes) {
    this.#clocks = readStateVector(bytes);
    this.send(step2(this.#text.since(this.#clocks.get(this.#text.client) ?? 0)));
    this.#isSynced = true;
  }

  /** @param {"step2" | "update"} kind @param {Uint8Array} bytes */
  #read(kind, bytes) {
    if (kind === "step2" && !this.isOpen) this.opened();
    // An update may overtake the answer to step 1. The answer contains it, and all before it.
    if (!this.isOpen) return;
    const text = lettersOf(bytes);
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.sight.begin(text);
    }
    this.look(text);
  }

  /** @param {{number: number, mark: string, made: number}} edit */
  make({ number, mark }) {
    const bytes = this.#text.append(mark);
    this.stored.push(number);
    figures.edits.add(1);
    // Without a connection, the edit is in the next step 2.
    if (this.#isSynced) this.send(update(bytes));
  }

  show() {
    this.#shown += 1;
    this.send(
      awareness(this.#text.client, this.#shown, { cursor: this.#text.clock, user: { name: this.part.user } }),
    );
  }
}

/** The bytes as a text of one letter each: marks are ASCII. @param {Uint8Array} bytes */
function lettersOf(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += ONCE)
    pieces.push(String.fromCharCode.apply(null, /** @type {any} */ (bytes.subarray(at, at + ONCE))));
  return pieces.join("");
}
