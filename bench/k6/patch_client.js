// A client of the patch lane: docs/wire.md says what it must do.

import { Client } from "./client.js";
import * as figures from "./figures.js";
import { numbersIn } from "./marks.js";
import { settings } from "./settings.js";

/**
 * An edit that has no answer.
 * @typedef {{number: number, mark: string, made: number, sent: boolean, tries: number}} Edit
 */

const MOST_TRIES = 8;
const AGAIN = ["rate_limited", "storage_unavailable", "unknown_version"];

export class PatchClient extends Client {
  #epoch = 0;
  #version = -1;
  /** @type {Edit[]} in the order of the user; the sent ones come first */
  #queue = [];
  #inFlight = 0;
  #length = 0; // of the stored text
  #exists = false; // whether the document has this client's text
  #isHeld = false; // the server asked to send nothing
  #isWaiting = false; // for answers, and for the time of a retry
  #retryAt = 0;
  #hasTimer = false;
  #sentLast = "";

  get door() {
    const { doc } = this.part;
    return {
      address: `${settings.url.replace(/^http/, "ws")}/v1/docs/${encodeURIComponent(doc)}/live`,
      protocols: ["weft.v1"],
    };
  }

  greet() {
    /** @type {Record<string, any>} */
    const open = { type: "open", token: this.token, client: this.part.name, accept: ["splice"] };
    if (this.#version >= 0) open.since = { epoch: this.#epoch, version: this.#version };
    if (!this.edits && settings.max_fps) open.max_fps = settings.max_fps;
    this.send(JSON.stringify(open));
  }

  get waiting() {
    return this.#queue.length;
  }

  lose() {
    this.#forgetSent();
  }

  /** @param {string} data */
  receive(data) {
    const message = JSON.parse(data);
    for (const each of Array.isArray(message) ? message : [message]) this.#handle(each, data);
    if (this.isOpen) this.look(data);
    this.#pump();
  }

  /** @param {any} message @param {string} data */
  #handle(message, data) {
    const { type } = message;
    if (type === "change") this.#change(message);
    else if (type === "ack") this.#ack(message);
    else if (type === "reject") this.#reject(message);
    else if (type === "opened") this.#open(message, data);
    else if (type === "backpressure" && message.direction === "in") this.#hold(message.state === "on");
    else if (type === "backpressure" && message.state === "on") figures.behind.add(1);
    else if (type === "disconnect_notice") this.wait = message.retry_after_ms ?? 0;
  }

  // --- what the server says ------------------------------------------------------------------

  /** @param {any} message @param {string} data */
  #open(message, data) {
    this.opened();
    this.#forgetSent();
    if (message.resync) figures.resyncs.add(1);
    if (message.changes) {
      for (const change of message.changes) this.#change(change);
    } else {
      this.sight.begin(data);
      const text = message.value[this.key];
      this.#exists = text !== undefined;
      this.#length = 0;
      const there = new Set(numbersIn(text ?? "", this.part.name));
      for (const edit of this.#queue.filter(({ number }) => there.has(number))) this.#accept(edit);
      this.#length = (text ?? "").length;
    }
    this.#epoch = message.epoch;
    this.#version = message.version;
  }

  /** @param {any} change */
  #change({ from, version, id, acks = [] }) {
    if ((from ?? version) !== this.#version + 1) figures.gaps.add(1);
    if (from !== undefined && from !== version) figures.merged.add(1);
    this.#version = version;
    for (const done of [...acks.map((/** @type {any} */ ack) => ack.id), id]) {
      const edit = this.#find(done);
      if (edit) this.#accept(edit);
    }
  }

  /** @param {any} ack */
  #ack({ id, version, duplicate }) {
    if (!duplicate && version > this.#version) {
      if (version !== this.#version + 1) figures.gaps.add(1);
      this.#version = version;
    }
    const edit = this.#find(id);
    if (edit) this.#accept(edit);
  }

  /** @param {Edit} edit */
  #accept(edit) {
    this.#queue.splice(this.#queue.indexOf(edit), 1);
    if (edit.sent) this.#inFlight -= 1;
    this.#length += edit.mark.length;
    this.#exists = true;
    this.stored.push(edit.number);
    figures.ack.add(Date.now() - edit.made);
    figures.edits.add(1);
    figures.answered("");
  }

  /** @param {any} reject */
  #reject({ id, code, message, after, retry_after_ms: wait = 1000 }) {
    const edit = this.#find(id);
    if (!edit) return;
    if (edit.sent) this.#inFlight -= 1;
    edit.sent = false;
    edit.tries += 1;
    this.#isWaiting = true; // until every sent edit has its answer: the later ones depend on it
    if (after) return; // refused only because an earlier edit was
    figures.answered(figures.shareOf(code));
    if (AGAIN.includes(code) && edit.tries < MOST_TRIES) {
      if (code !== "unknown_version") this.#retryAt = Math.max(this.#retryAt, Date.now() + wait);
      return;
    }
    this.#queue.splice(this.#queue.indexOf(edit), 1);
    console.error(`${this.part.name}: ${code}: ${message}`);
  }

  /** @param {boolean} isHeld */
  #hold(isHeld) {
    this.#isHeld = isHeld;
    if (isHeld) figures.pauses.add(1);
  }

  // --- what the client says ------------------------------------------------------------------

  /** @param {{number: number, mark: string, made: number}} edit */
  make(edit) {
    this.#queue.push({ ...edit, sent: false, tries: 0 });
    this.#pump();
  }

  #pump() {
    if (!this.isOpen || this.isEnding || this.#isHeld || !this.#mayGoOn()) return;
    let offset = this.#length;
    let hasText = this.#exists;
    for (const edit of this.#queue) {
      if (!edit.sent) {
        if (this.#inFlight >= settings.window) return;
        this.#send(edit, offset, hasText);
      }
      offset += edit.mark.length;
      hasText = true;
    }
  }

  /** Whether a refusal leaves the client free to send: it has every answer, and has waited. */
  #mayGoOn() {
    if (!this.#isWaiting) return true;
    if (this.#inFlight) return false;
    const left = this.#retryAt - Date.now();
    if (left > 0) {
      if (!this.#hasTimer) setTimeout(() => this.#retry(), left);
      this.#hasTimer = true;
      return false;
    }
    this.#isWaiting = false;
    this.#sentLast = "";
    return true;
  }

  #retry() {
    this.#hasTimer = false;
    this.#pump();
  }

  /** @param {Edit} edit @param {number} offset in this client's text @param {boolean} hasText */
  #send(edit, offset, hasText) {
    const id = this.#idOf(edit);
    const path = `/${this.key}`;
    const op = hasText
      ? { op: "splice", path, offset, delete: 0, insert: edit.mark }
      : { op: "add", path, value: edit.mark };
    const after = this.#find(this.#sentLast)?.sent ? this.#sentLast : "";
    edit.sent = this.send(JSON.stringify({ type: "patch", id, base: this.#version, after, ops: [op] }));
    if (!edit.sent) return;
    this.#inFlight += 1;
    this.#sentLast = id;
  }

  show() {
    const cursor = { path: `/${this.key}`, offset: this.#length };
    this.send(JSON.stringify({ type: "presence", state: this.#exists ? { cursor } : {} }));
  }

  /** @param {Edit} edit */
  #idOf({ number }) {
    return `${this.part.name}.${number}`;
  }

  /** @param {string | undefined} id */
  #find(id) {
    return id ? this.#queue.find((edit) => this.#idOf(edit) === id) : undefined;
  }

  /** A new connection knows nothing of what the old one sent. */
  #forgetSent() {
    for (const edit of this.#queue) edit.sent = false;
    this.#inFlight = 0;
    this.#sentLast = "";
    this.#isHeld = this.#isWaiting = false;
    this.#retryAt = 0;
  }
}
