// When each client connects, edits and ends, and what it edits. `setup` makes the plan once.

import exec from "k6/execution";
import http from "k6/http";
import { settings } from "./settings.js";
import { makesTokens, tokenOf } from "./tokens.js";

/** Time after the last edit, in which the peers receive it. */
const GRACE_MS = 1000;
const WORDS = "the page of a spring sale with a picture and a button that leads to the shop ";

/**
 * @typedef {object} Plan
 * @property {string} run a name of this run, in names of clients and documents
 * @property {string[]} docs
 * @property {boolean} isNew whether the run made the documents
 * @property {number} connects when the first client connects
 * @property {number} begins when the first edit is due
 * @property {number} ends when no edit is due any more
 * @property {number} last when each client ends at the latest
 */

/** Creates the documents, and returns the plan. @returns {Plan} */
export function setup() {
  const run = Date.now().toString(36).slice(-6);
  const name = settings.doc || `load-${run}`;
  const docs = Array.from({ length: settings.docs }, (_, number) =>
    settings.docs > 1 ? `${name}-${number}` : name,
  );
  for (const doc of docs) create(doc);
  const connects = Date.now();
  const begins = connects + 1000 * settings.ramp_seconds;
  const ends = begins + 1000 * settings.seconds;
  return {
    run,
    docs,
    isNew: settings.doc === "",
    connects,
    begins,
    ends,
    last: ends + 1000 * settings.drain_seconds,
  };
}

/** Creates and publishes the documents, and returns the plan. @returns {import("./plan.js").Plan} */
export function setupPublished() {
  const plan = setup();
  const headers = {
    Authorization: `Bearer ${tokenOf("load-publisher", "publisher")}`,
    "Content-Type": "application/json",
  };
  for (const doc of plan.docs) {
    const { status, body } = http.post(`${addressOf(doc)}/publish`, "{}", { headers });
    if (status !== 200) exec.test.abort(`${doc} cannot be published: ${status} ${body}`);
  }
  return plan;
}

/** Deletes the documents that the run has made, when a token of an admin can be made. @param {Plan} plan */
export function teardown(plan) {
  if (!plan.isNew || !makesTokens) return;
  const headers = { Authorization: `Bearer ${tokenOf("load-admin", "admin")}` };
  for (const doc of plan.docs) http.del(addressOf(doc), null, { headers });
}

/** @param {string} doc */
export function addressOf(doc) {
  return `${settings.url}/v1/docs/${encodeURIComponent(doc)}`;
}

/** The public value of a document. @param {string} doc */
export function publishedOf(doc) {
  return `${settings.url}/v1/published/${settings.tenant}/${encodeURIComponent(doc)}`;
}

/** Creates a document, unless it exists. @param {string} doc */
function create(doc) {
  const headers = {
    Authorization: `Bearer ${tokenOf("load-editor", "editor")}`,
    "Content-Type": "application/json",
  };
  const answer = http.put(addressOf(doc), JSON.stringify(page(settings.page_bytes)), { headers });
  if (answer.status !== 201 && answer.status !== 409) {
    exec.test.abort(
      `${settings.url} did not create the document ${doc}: ${answer.status} ${answer.body ?? answer.error}`,
    );
  }
}

/** A page of sections with about so many bytes of JSON. @param {number} bytes */
export function page(bytes) {
  const sections = /** @type {object[]} */ ([]);
  for (let size = 0; size < bytes; size += 500) {
    const number = sections.length;
    sections.push({
      id: `s${number}`,
      type: "text",
      content: { headline: `Section ${number}`, text: WORDS.repeat(6).slice(0, 400) },
    });
  }
  return { title: "A load test", sections };
}

/** One client of the plan. */
export class Part {
  /** @param {Plan} plan @param {string} group @param {number} number @param {number} count of clients in the group */
  constructor(plan, group, number, count) {
    this.plan = plan;
    this.number = number;
    this.name = `${plan.run}-${group}${number.toString(36)}`;
    this.doc = plan.docs[number % plan.docs.length];
    this.connects = plan.connects + ((plan.begins - plan.connects) * number) / count;
    // The clients do not edit all at the same moment.
    this.first = plan.begins + (1000 / settings.rate) * ((number * 0.618) % 1);
    this.user = `load-${this.name}`;
  }

  /** One of so many kinds, by turns; each document has clients of every kind. @param {number} kinds */
  kind(kinds) {
    return Math.floor(this.number / this.plan.docs.length) % kinds;
  }

  /** When an edit is due; `undefined` after the end. @param {number} number from 0 */
  due(number) {
    const at = this.first + (1000 * number) / settings.rate;
    return at < this.plan.ends ? at : undefined;
  }

  /** When the client may leave, if it has every answer. */
  get leaves() {
    return Math.min(this.plan.ends + GRACE_MS, this.plan.last);
  }
}

/** The part of the client that runs now. @param {Plan} plan @param {string} group @param {number} count */
export function partOf(plan, group, count) {
  return new Part(plan, group, exec.scenario.iterationInTest, count);
}

/** Waits until a time. @param {number} time */
export function until(time) {
  return new Promise((done) => setTimeout(() => done(undefined), Math.max(0, time - Date.now())));
}
