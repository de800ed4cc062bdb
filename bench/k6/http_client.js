// Clients over HTTP: one edits, as a script or an agent does; the other reads.

import http from "k6/http";
import * as figures from "./figures.js";
import { mark, numbersIn } from "./marks.js";
import { addressOf, until } from "./plan.js";
import { settings } from "./settings.js";
import { tokenOf } from "./tokens.js";

/** @typedef {import("./plan.js").Part} Part */

/** After a 412. */
const FIRST_PAUSE_MS = 5;
const MOST_PAUSE_MS = 500;
const TEMPORARY = [0, 412, 429, 503];

class HttpClient {
  up = 0;
  down = 0;

  /** @param {Part} part @param {string} role */
  constructor(part, role) {
    this.part = part;
    this.token = tokenOf(part.user, role);
    this.address = addressOf(part.doc);
  }

  /**
   * Sends a request. k6 gives up after a minute.
   * @param {string} method @param {string} address @param {string} name in the table of k6
   * @param {string | null} body @param {Record<string, string>} headers
   */
  request(method, address, name, body = null, headers = {}) {
    const answer = http.request(method, address, body, {
      headers: { ...headers, Authorization: `Bearer ${this.token}` },
      tags: { name },
    });
    this.up += body?.length ?? 0;
    this.down += String(answer.body ?? "").length;
    if (answer.status === 0) figures.closed.add(1);
    return answer;
  }

  /** Reports the bytes per second of the run. */
  report() {
    figures.up.add(this.up / settings.seconds);
    figures.down.add(this.down / settings.seconds);
  }
}

/** An edit waits for its time. The tool is late only when the client was not busy. @param {number} due */
async function time(due) {
  if (due <= Date.now()) return;
  await until(due);
  figures.lag.add(Math.max(0, Date.now() - due));
}

export class HttpEditor extends HttpClient {
  #exists = false;
  /** @type {number[]} */
  #stored = [];

  /** @param {Part} part @param {{isStrict: boolean}} how strict: with `If-Match` */
  constructor(part, { isStrict }) {
    super(part, "editor");
    this.isStrict = isStrict;
    this.key = `marks-${part.name}`;
  }

  async run() {
    for (let number = 0, due; (due = this.part.due(number)) !== undefined; number += 1) {
      await time(due);
      if (Date.now() > this.part.plan.last) {
        figures.unanswered.add(1);
        continue;
      }
      await this.#edit(number, due);
    }
    this.report();
    await this.#check();
  }

  /** Reads, then edits; again under the same key, until there is an answer. @param {number} number @param {number} due */
  async #edit(number, due) {
    const text = mark(this.part.name, number, Date.now());
    for (let tries = 1; Date.now() < this.part.plan.last; tries += 1) {
      const answer = this.#try(number, text);
      if (answer.status === 200) return this.#accept(number, due);
      if (answer.status !== 0) figures.answered(shareOf(answer));
      if (!TEMPORARY.includes(answer.status))
        return console.error(`${this.part.name}: ${answer.status} ${answer.body}`);
      await this.#wait(answer, tries);
    }
    figures.unanswered.add(1);
  }

  /** Sends the edit once; before it, when it is strict, a read for the tag of the document. @param {number} number @param {string} text */
  #try(number, text) {
    const headers = /** @type {Record<string, string>} */ ({
      "Content-Type": "application/json-patch+json",
      "Idempotency-Key": `${this.part.name}.${number}`,
      "Weft-Client": this.part.name,
    });
    if (this.isStrict) {
      const answer = this.request("GET", `${this.address}?pointer=/title`, "tag");
      figures.reads.add(1);
      if (answer.status !== 200) return answer;
      figures.read.add(answer.timings.duration);
      headers["If-Match"] = tagOf(answer);
    }
    const path = `/${this.key}`;
    const op = this.#exists
      ? { op: "add", path: `${path}/-`, value: text }
      : { op: "add", path, value: [text] };
    return this.request("PATCH", this.address, "edit", JSON.stringify([op]), headers);
  }

  /** Waits as long as the server says; after a 412, for a random time that grows. @param {any} answer */
  async #wait({ status, headers }, tries = 1) {
    const pause = Math.random() * Math.min(MOST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
    await until(Date.now() + (status === 412 ? pause : 1000 * Number(headers?.["Retry-After"] ?? 1)));
  }

  /** @param {number} number @param {number} due */
  #accept(number, due) {
    this.#exists = true;
    this.#stored.push(number);
    figures.ack.add(Date.now() - due);
    figures.edits.add(1);
    figures.answered("");
  }

  /** Reads the document, and counts accepted edits that are not in it. */
  async #check() {
    let answer = this.request("GET", this.address, "check");
    while (answer.status !== 200 && Date.now() < this.part.plan.last) {
      await this.#wait(answer);
      answer = this.request("GET", this.address, "check");
    }
    // A client that cannot read the document has seen nothing.
    if (answer.status !== 200) return figures.unseen.add(1);
    const found = numbersIn(String(answer.body), this.part.name);
    const there = new Set(found);
    figures.lost.add(this.#stored.filter((number) => !there.has(number)).length);
    figures.twice.add(found.length - there.size);
  }
}

/** Reads one address at the rate of the settings, with `If-None-Match`. */
export class HttpReader extends HttpClient {
  /** @param {Part} part @param {string} address @param {string} name in the table of k6 */
  constructor(part, address, name) {
    super(part, "viewer");
    this.address = address;
    this.name = name;
  }

  async run() {
    let tag = "";
    for (let number = 0, due; (due = this.part.due(number)) !== undefined; number += 1) {
      await time(due);
      if (Date.now() > this.part.plan.last) break;
      const headers = /** @type {Record<string, string>} */ ({ "Accept-Encoding": "br, gzip" });
      if (tag) headers["If-None-Match"] = tag;
      const answer = this.request("GET", this.address, this.name, null, headers);
      tag = tagOf(answer) ?? tag;
      figures.reads.add(1);
      if (answer.status === 200 || answer.status === 304) figures.read.add(answer.timings.duration);
      else figures.answered(shareOf(answer));
    }
    this.report();
  }
}

/** @param {any} answer */
function tagOf({ headers }) {
  return headers?.Etag ?? headers?.ETag;
}

/** @param {{status: number}} answer */
function shareOf({ status }) {
  if (status === 429) return "rate_limited";
  if (status === 412) return "stale";
  return status === 409 ? "conflict" : "refused";
}
