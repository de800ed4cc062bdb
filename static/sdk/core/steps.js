// Undo and redo: of unsent entries in this page, of all other changes by the server.

import { carry } from "../patch/carry.js";
import { apply } from "../patch/patch.js";
import { isFinal } from "./endings.js";

/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {{id: string, redo: boolean, scope?: string, version?: number, after: any[], done?: any}} Ask `done`: the change of the server, when the answer was lost */
/**
 * What the requests need of the state machine.
 * @typedef {{isOnline: boolean, inFlight: string, sentStep: string | undefined,
 *   edit: (edit: import("./values.js").Edit, kind: "edit" | "redo") => void,
 *   wait: (reject: any, tries: number) => void}} Sending
 */
/** @typedef {{undone?: {pointers: string[]}[], skipped?: string[], goesOn?: boolean} | null} Done */

export class Steps {
  /** @type {Ask[]} requests to the server without an answer, oldest first */
  asks = [];
  /** @type {({ops: Op[][], value: any, step?: string} | null)[]} unsent steps that were taken back, with the value then; null for a step that the server took back */
  #taken = [];
  #serverHas = { undo: true, redo: false };

  /** @param {import("./values.js").Values & Sending} core */
  constructor(core) {
    this.core = core;
  }

  get canUndo() {
    return this.core.queue.at(-1)?.sent === false || this.#canAsk("undo");
  }

  get canRedo() {
    return Boolean(this.#taken.at(-1)) || this.#canAsk("redo");
  }

  /** A new edit: nothing can be redone any more. */
  forget() {
    this.#taken = [];
    this.knows({});
  }

  /** The requests of another user are not asked. */
  leave() {
    for (const { id } of this.asks) this.#end(id, {});
    this.asks = [];
    this.forget();
  }

  /** What the server can take back for this user; without these fields, what an edit leaves. @param {{can_undo?: boolean, can_redo?: boolean}} message */
  knows({ can_undo: undo = true, can_redo: redo = false }) {
    this.#serverHas = { undo, redo };
  }

  /** @param {Omit<Ask, "after"> & {now: number, change?: string}} event */
  ask(event) {
    const { id, redo, scope, version, change, now } = event;
    const isWhole = scope === undefined && version === undefined;
    const done = change ? this.#takeOut(change) : redo ? this.#putBack(isWhole, id, now) : this.#takeBack(isWhole);
    if (done && !done.goesOn) this.#end(id, done);
    else if (this.core.isOnline) this.asks.push({ ...event, after: this.core.queue.map((each) => each.id) });
    else this.#end(id, done ?? {});
  }

  /** Sends the next request. */
  send() {
    const [{ id, redo, scope, version }] = this.asks;
    this.core.inFlight = id;
    this.core.emit({ do: "send", message: { type: redo ? "redo" : "undo", id, scope, version } });
  }

  /** Whether a change is the effect of a request. Only the answer tells what it has skipped, so it is asked again. @param {any} change */
  accepted({ id, version, ops }) {
    const ask = this.asks.find((each) => each.id === id);
    if (ask) ask.done = { version, undone: [{ version, pointers: pointersOf(ops) }] };
    return ask;
  }

  /** The kind of the answered request; undefined when the message answers none. @param {any} message */
  answered(message) {
    const ask = this.#remove(message.id);
    if (!ask) return undefined;
    if (!ask.redo) this.#taken.push(null);
    // What a second answer says of the buttons is old.
    if (!message.duplicate) this.knows({ can_redo: !ask.redo || this.#serverHas.redo, ...message });
    this.#end(ask.id, message);
    return ask.redo ? "redo" : "undo";
  }

  /** Whether the message refuses one of the requests for ever. @param {any} message */
  refused(message) {
    const ask = this.asks.find(({ id }) => id === message.id);
    if (!ask) return false;
    if (!isFinal(message)) {
      this.core.wait(message, 0);
      return true;
    }
    const kind = ask.redo ? "redo" : "undo";
    if (ask.done) return Boolean(this.answered({ id: ask.id, duplicate: true, ...ask.done }));
    this.#remove(ask.id);
    if (message.code !== "nothing_to_undo") {
      this.core.emit({ do: "asked", id: ask.id, reason: message });
    } else {
      if (ask.version === undefined && !ask.scope) this.#serverHas[kind] = false;
      this.#end(ask.id, {});
    }
    return true;
  }

  /** @param {"undo" | "redo"} kind */
  #canAsk(kind) {
    const { isOnline, queue } = this.core;
    return isOnline && (queue.length ? kind === "undo" : this.#serverHas[kind]);
  }

  /** Takes the newest unsent step out of the queue. @param {boolean} isWhole @returns {Done} */
  #takeBack(isWhole) {
    const { core } = this;
    const last = core.queue.at(-1);
    if (!isWhole || !last || last.sent) return null;
    const isOther = (/** @type {import("./entries.js").Entry} */ each) => each !== last && (each.sent || !last.step || each.step !== last.step);
    const taken = core.queue.splice(core.queue.findLastIndex(isOther) + 1);
    core.showAll({ mine: true, kind: "undo" });
    this.#taken.push({ ops: taken.map(({ ops }) => ops), value: core.value, step: last.step });
    for (const each of taken) core.end(each, undefined, "undone", core.value);
    const goesOn = core.isOnline && last.step !== undefined && core.sentStep === last.step;
    return { undone: [{ pointers: pointersOf(taken.flatMap(({ ops }) => ops)) }], goesOn };
  }

  /** Takes an unsent entry out of the queue, also when there are later ones. @param {string} change @returns {Done} */
  #takeOut(change) {
    const entry = this.core.queue.find(({ id, sent }) => id === change && !sent);
    if (!entry) return {};
    this.core.refuse(entry, undefined, "undone");
    return { undone: [{ pointers: pointersOf(entry.ops) }] };
  }

  /** Makes the newest step that was taken out again. @param {boolean} isWhole @param {string} id @param {number} now @returns {Done} */
  #putBack(isWhole, id, now) {
    const step = this.#taken.at(-1);
    if (!isWhole || (!step && !this.core.isOnline)) return null;
    this.#taken.pop();
    if (!step) return null;
    /** @type {Op[][]} a large step has several patches, which together are too large for one */
    const patches = [];
    let [from, to] = [step.value, this.core.value];
    for (const ops of step.ops) {
      const carried = carry(ops, from, to);
      if (!carried) return { skipped: pointersOf(step.ops.flat()) };
      patches.push(carried.ops);
      ({ from, to } = carried);
    }
    for (const [index, ops] of patches.entries()) {
      this.core.edit({ id: `${id}.r${index || ""}`, ops, now, step: step.step }, "redo");
    }
    return { undone: [{ pointers: pointersOf(patches.flat()) }] };
  }

  /** @param {string} id */
  #remove(id) {
    const ask = this.asks.find((each) => each.id === id);
    this.asks = this.asks.filter((each) => each !== ask);
    if (ask && this.core.inFlight === id) this.core.inFlight = "";
    return ask;
  }

  /** @param {string} id @param {{version?: number, undone?: any[], skipped?: string[]}} result */
  #end(id, { version, undone = [], skipped = [] }) {
    this.core.emit({ do: "asked", id, result: { version, undone, skipped } });
  }
}

/** @param {Op[]} ops */
const pointersOf = (ops) => [...new Set(ops.map(({ path }) => path))];
