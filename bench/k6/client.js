// One client on a WebSocket: it connects, comes back, edits when an edit is due, and ends with a
// check of the stored document. `PatchClient` and `YjsClient` add what differs.

import http from "k6/http";
import * as figures from "./figures.js";
import { mark, numbersIn, Sight } from "./marks.js";
import { addressOf, until } from "./plan.js";
import { settings } from "./settings.js";
import { tokenOf } from "./tokens.js";

/** @typedef {import("./plan.js").Part} Part */

/** Newer versions of k6 have the module under the first name. */
function socketsOfK6() {
  try {
    return require("k6/websockets");
  } catch {
    return require("k6/experimental/websockets");
  }
}

const { WebSocket } = socketsOfK6();

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;

export class Client {
  /** @type {any} */
  socket = null;
  isOpen = false;
  isEnding = false;
  /** The numbers of edits that must be in the document at the end. @type {number[]} */
  stored = [];
  #openedAt = 0;
  #up = 0;
  #down = 0;
  #delay = FIRST_DELAY;
  /** Milliseconds to wait before the next attempt, from `disconnect_notice`. */
  wait = 0;
  /** A close code that forbids another attempt. */
  finalCode = 0;
  #connected = 0;
  #next = 0; // the number of the next edit
  #hasMadeAll;

  /** @param {Part} part @param {{edits: boolean}} does */
  constructor(part, { edits }) {
    this.part = part;
    this.edits = edits;
    this.key = `marks-${part.name}`;
    this.sight = new Sight(part.name);
    this.#hasMadeAll = !edits;
    this.token = tokenOf(part.user, edits ? "editor" : "viewer");
  }

  /** Runs until the end of the plan. */
  async run() {
    const { part } = this;
    await until(part.connects);
    const ended = new Promise((done) => (this.ended = done));
    this.#connect();
    if (this.edits) this.#arm();
    if (this.edits && settings.presence) this.#show();
    setTimeout(() => this.leave(), Math.max(0, part.leaves - Date.now()));
    const atLast = setTimeout(() => this.#end(), Math.max(0, part.plan.last - Date.now()));
    await ended;
    clearTimeout(atLast); // k6 waits for every timer
    this.#report();
    if (this.edits) await this.#check();
  }

  // --- what a lane adds ----------------------------------------------------------------------

  /** Where the client connects. @returns {{address: string, protocols: string[], params?: object}} */
  get door() {
    throw new Error("a lane has an address");
  }

  /** The socket is connected: introduces the client. */
  greet() {}

  /** Handles a frame. @param {any} _data */
  receive(_data) {}

  /** Makes an edit, and sends it when the lane allows. @param {{number: number, mark: string, made: number}} _edit */
  make(_edit) {}

  /** Shows where the user is. */
  show() {}

  /** The socket has closed. */
  lose() {}

  /** How many edits have no answer. */
  get waiting() {
    return 0;
  }

  // --- the connection ------------------------------------------------------------------------

  #connect() {
    if (this.isEnding) return;
    const { address, protocols, params = {} } = this.door;
    const socket = new WebSocket(address, protocols, { ...params, tags: { name: "socket" } });
    this.socket = socket;
    this.#connected = Date.now();
    socket.binaryType = "arraybuffer";
    socket.addEventListener("open", () => this.greet());
    socket.addEventListener("message", (/** @type {{data: any}} */ { data }) => {
      if (this.isOpen) this.#down += data.length ?? data.byteLength;
      this.receive(data);
    });
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", (/** @type {{code?: number}} */ event) => this.#closed(event?.code ?? 0));
  }

  /** The server has let the client in. */
  opened() {
    figures.opening.add(Date.now() - this.#connected);
    this.#openedAt ||= Date.now();
    this.isOpen = true;
  }

  /** @param {string | ArrayBuffer} data */
  send(data) {
    if (this.socket?.readyState !== 1) return false;
    this.#up += typeof data === "string" ? data.length : data.byteLength;
    this.socket.send(data);
    return true;
  }

  /** @param {number} code 0 when k6 does not know it */
  #closed(code) {
    if (Date.now() - this.#connected > 60_000) this.#delay = FIRST_DELAY;
    this.isOpen = false;
    this.lose();
    if (this.isEnding) return this.ended();
    figures.closed.add(1);
    const isFinal = (code >= 4400 && code < 4500) || code === 1008 || code === 1009;
    if (isFinal) {
      console.error(`${this.part.name}: the server closed with ${code}`);
      return this.#end();
    }
    setTimeout(() => this.#connect(), Math.max(this.wait, this.#delay * (0.5 + Math.random())));
    this.#delay = Math.min(LONGEST_DELAY, 2 * this.#delay);
    this.wait = 0;
  }

  // --- edits ---------------------------------------------------------------------------------

  #arm() {
    const due = this.part.due(this.#next);
    if (due === undefined) {
      this.#hasMadeAll = true;
      return;
    }
    setTimeout(() => {
      const now = Date.now();
      figures.lag.add(Math.max(0, now - due));
      if (this.isEnding) return;
      const number = this.#next;
      this.#next += 1;
      this.make({ number, mark: mark(this.part.name, number, now), made: now });
      this.#arm();
    }, Math.max(0, due - Date.now()));
  }

  #show() {
    setTimeout(() => {
      if (this.isEnding || Date.now() > this.part.plan.ends) return;
      if (this.isOpen) this.show();
      this.#show();
    }, 1000 / settings.presence);
  }

  /** Measures what other clients have written. @param {string} text */
  look(text) {
    for (const took of this.sight.look(text, Date.now())) figures.peer.add(took);
  }

  // --- the end -------------------------------------------------------------------------------

  /** Ends when every edit has its answer, and the peers have had time to receive it. */
  leave() {
    if (this.#hasMadeAll && !this.waiting && Date.now() >= this.part.leaves) this.#end();
  }

  #end() {
    if (this.isEnding) return;
    this.isEnding = true;
    if (this.waiting) figures.unanswered.add(this.waiting);
    if (this.socket?.readyState === 1) this.socket.close();
    else this.ended();
  }

  #report() {
    const seconds = (Math.min(Date.now(), this.part.plan.last) - this.#openedAt) / 1000;
    if (!this.#openedAt || seconds <= 0) return;
    figures.up.add(this.#up / seconds);
    figures.down.add(this.#down / seconds);
  }

  /** Reads the document, and counts accepted edits that are not in it. */
  async #check() {
    const headers = { Authorization: `Bearer ${this.token}` };
    const address = `${addressOf(this.part.doc)}?pointer=/${this.key}`;
    for (let tries = 0; ; tries += 1) {
      const { status, body } = http.get(address, { headers, tags: { name: "check" } });
      const found = status === 200 ? numbersIn(String(body), this.part.name) : [];
      const there = new Set(found);
      const lost = this.stored.filter((number) => !there.has(number)).length;
      if (lost && tries < 20) {
        await until(Date.now() + 250);
        continue;
      }
      figures.lost.add(lost);
      figures.twice.add(found.length - there.size);
      if (lost) console.error(`${this.part.name}: ${lost} of ${this.stored.length} edits are not in ${this.part.doc}: ${status}`);
      return;
    }
  }
}
