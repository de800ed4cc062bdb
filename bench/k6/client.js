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
const CLOSES_WITHIN_MS = 2000;
const STEP_MS = 250; // between two looks at the end

export class Client {
  /** @type {any} */
  socket = null;
  isOpen = false;
  isEnding = false;
  /** The last connection has ended. */
  ended = () => {};
  /** The numbers of edits that must be in the document at the end. @type {number[]} */
  stored = [];
  #openedAt = 0;
  #up = 0;
  #down = 0;
  #delay = FIRST_DELAY;
  /** Milliseconds to wait before the next attempt, from `disconnect_notice`. */
  wait = 0;
  #connected = 0;
  /** @type {any} the timer of a close that the server does not answer */
  #atEnd;
  #next = 0; // the number of the next edit
  #text = ""; // the stored document, read at the end
  #vanished = 0; // edits of others that reached this client, and are not in it

  /** @param {Part} part @param {{edits: boolean}} does */
  constructor(part, { edits }) {
    this.part = part;
    this.edits = edits;
    this.key = `marks-${part.name}`;
    this.sight = new Sight(part.name);
    this.token = tokenOf(part.user, edits ? "editor" : "viewer");
  }

  /** Runs until the end of the plan. */
  async run() {
    const { part } = this;
    await until(part.connects);
    const ended = new Promise((done) => (this.ended = () => done(undefined)));
    this.#connect();
    if (this.edits) this.#arm();
    if (this.edits && settings.presence) this.#show();
    setTimeout(() => this.#leave(), Math.max(0, part.leaves - Date.now()));
    const atLast = setTimeout(() => this.#end(), Math.max(0, part.plan.last - Date.now()));
    await ended;
    clearTimeout(atLast); // k6 waits for every timer
    this.#report();
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

  /** Whether the server says that an edit is stored. */
  get hasAcks() {
    return true;
  }

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
    socket.addEventListener("open", () => (this.isEnding ? socket.close() : this.greet()));
    socket.addEventListener("message", (/** @type {{data: any}} */ { data }) => {
      if (this.isOpen) this.#down += data.length ?? data.byteLength;
      this.receive(data);
    });
    socket.addEventListener("error", () => {});
    socket.addEventListener("close", (/** @type {{code?: number}} */ event) =>
      this.#closed(event?.code ?? 0),
    );
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
    clearTimeout(this.#atEnd);
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
    if (due === undefined) return;
    setTimeout(
      () => {
        const now = Date.now();
        figures.lag.add(Math.max(0, now - due));
        if (this.isEnding) return;
        const number = this.#next;
        this.#next += 1;
        this.make({ number, mark: mark(this.part.name, number, now), made: now });
        this.#arm();
      },
      Math.max(0, due - Date.now()),
    );
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

  /** Ends when the client has every answer, and every edit of the others; or at the last moment. */
  async #leave() {
    while (!this.isEnding) {
      if (!this.waiting && (await this.#isComplete())) return this.#end();
      await until(Date.now() + STEP_MS);
    }
  }

  /** Reads the stored document, and compares it with what this client has sent and seen. */
  async #isComplete() {
    if (this.#text === "" || this.#count().missing) {
      // What is accepted, or reached a peer, before this request must be in its answer.
      const seen = this.sight.copy();
      const headers = { Authorization: `Bearer ${this.token}` };
      const answer = await http.asyncRequest("GET", addressOf(this.part.doc), null, {
        headers,
        tags: { name: "check" },
      });
      this.#text = answer.status === 200 ? String(answer.body) : "";
      this.#vanished = this.#text === "" ? 0 : seen.vanished(this.#text);
    }
    const { missing, unseen } = this.#count();
    return this.#text !== "" && unseen === 0 && (missing === 0 || this.hasAcks);
  }

  /** What the stored document has, at the newest read. */
  #count() {
    const found = numbersIn(this.#text, this.part.name);
    const there = new Set(found);
    const missing = this.#text === "" ? 0 : this.stored.filter((number) => !there.has(number)).length;
    // A client that cannot read the document has seen nothing.
    const unseen = this.#text === "" ? 1 : this.sight.unseen(this.#text);
    return { missing, twice: found.length - there.size, unseen };
  }

  #end() {
    if (this.isEnding) return;
    this.isEnding = true;
    const { missing, twice, unseen } = this.#count();
    const lost = this.#vanished + (this.hasAcks ? missing : 0);
    const unanswered = this.waiting + (this.hasAcks ? 0 : missing);
    const counts = { lost, unanswered, twice, unseen, gaps: this.sight.missed };
    for (const [name, count] of Object.entries(counts)) /** @type {any} */ (figures)[name].add(count);
    if (lost) console.error(`${this.part.name}: ${this.part.doc} has lost ${lost} edits`);
    if (this.socket?.readyState !== 1) return this.ended();
    this.socket.close();
    this.#atEnd = setTimeout(() => this.ended(), CLOSES_WITHIN_MS);
  }

  #report() {
    if (!this.#openedAt) return;
    // A client that came late is not measured by the few seconds that were left.
    const seconds = Math.max(settings.seconds, (Date.now() - this.#openedAt) / 1000);
    figures.up.add(this.#up / seconds);
    figures.down.add(this.#down / seconds);
  }
}
