// The state machine of one document in one tab: events in, effects out. SPEC.md has its rules.
//
// It has no DOM, no clock and no socket. `handle` takes an event and returns effects. The caller
// performs them, and reports their results as further events.

import { conflictsOf, isFinal } from "./endings.js";
import { fits, joins, squash } from "./entries.js";
import { apply } from "../patch/patch.js";
import { Steps } from "./steps.js";
import { Values } from "./values.js";

/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("./values.js").Version} Version */
/** @typedef {import("./values.js").Effect} Effect */
/** @typedef {import("./values.js").Event} Event */

const MOST_TRIES = 8;
const NEW_HISTORY = "the document was restored or made again";
const TOO_OFTEN = "refused too often: ";
const TOO_BIG = "send smaller parts";

export class Core extends Values {
  steps = new Steps(this);
  /** The id of the sent request that has no answer; empty when there is none. */
  inFlight = "";
  isOnline = false;
  /** @type {string | undefined} the undo step of the newest sent entry */
  sentStep = undefined;
  /** The limits of the newest `opened`. */
  limits = {};
  /** Whether the server asked to send no patches. */
  isHeld = false;
  /** Whether the time of the next retry has not come yet. */
  isWaiting = false;
  #places = 0;
  /** @type {Set<Entry>} entries with edits of this tick */
  #edited = new Set();
  /** @type {Map<string, number>} how many writes of an entry are not completed */
  #writing = new Map();

  /**
   * Handles an event by the method of its type.
   * @param {Event} event
   * @returns {Effect[]}
   */
  handle(event) {
    /** @type {any} */ (this)[event.type](event);
    if (event.type !== "edit") this.#next();
    this.#write();
    return this.effects.splice(0);
  }

  /** The changes that have no answer yet. */
  get waiting() {
    return this.queue.filter((entry) => entry.answered === undefined);
  }

  // --- the page ------------------------------------------------------------------------------

  /** Starts with what an earlier page has stored. @param {{last?: Version, entries: Entry[]}} stored */
  load({ last, entries }) {
    if (last) this.confirmed = this.frame = last;
    this.#places = entries.at(-1)?.place ?? 0;
    // Answered entries matter only to the entries that build on them.
    if (entries.some((entry) => entry.answered === undefined)) this.queue = entries;
    else this.dropEntries(entries);
    this.isExact = /** @type {Values} */ (this).queue.every(({ base, epoch }) => base === last?.version && epoch === last?.epoch);
    this.showAll({ mine: false, kind: "open" });
  }

  /** @param {import("./values.js").Edit} edit @param {"edit" | "redo"} [kind] */
  edit(edit, kind = "edit") {
    if (kind === "edit") this.steps.forget();
    const value = apply(this.value, edit.ops);
    const { id, ops, now, step, fence } = edit;
    const last = this.queue.at(-1);
    const isSame = last !== undefined && this.isExact && joins(last, edit);
    const both = isSame ? squash(last.ops, ops) : [];
    if (isSame && fits(both, this.limits)) {
      last.ops = both;
      last.time = now;
    } else {
      const { epoch, version } = this.frame;
      const base = this.isExact ? version : null;
      this.queue.push({ id, place: (this.#places += 1), epoch, base, ops, time: now, step, fence, sent: false });
    }
    if (!this.#edited.size) this.emit({ do: "tick" });
    this.#edited.add(/** @type {Entry} */ (this.queue.at(-1)));
    this.show(value, { mine: true, kind }, ops);
  }

  /** @param {any} ask */
  undo(ask) {
    this.steps.ask(ask);
  }

  /** Removes entries that are of another user than the page is now. @param {{ids: string[]}} event */
  forget({ ids }) {
    this.queue = this.queue.filter(({ id }) => !ids.includes(id));
    this.steps.leave();
    this.showAll({ mine: false, kind: "open" });
  }

  // --- the storage ---------------------------------------------------------------------------

  /** The edits of a tick are stored together, by what follows each event. */
  tick() {}

  /** Stores all that an event has changed as one write, so that a crash leaves no half of it. */
  #write() {
    if (!this.writes.size) return;
    const [put, remove] = /** @type {Entry[][]} */ ([[], []]);
    for (const [entry, isKept] of this.writes) (isKept ? put : remove).push({ ...entry });
    this.writes.clear();
    for (const { id } of put) this.#writing.set(id, (this.#writing.get(id) ?? 0) + 1);
    this.emit({ do: "store", put, remove });
  }

  /** @param {{ids: string[]}} event */
  stored({ ids }) {
    for (const id of ids) {
      const left = (this.#writing.get(id) ?? 1) - 1;
      if (left) this.#writing.set(id, left);
      else this.#writing.delete(id);
    }
  }

  // --- the server ----------------------------------------------------------------------------

  /** @param {any} message */
  opened(message) {
    const { epoch, version, value, changes } = message;
    this.isOnline = true;
    this.isHeld = this.isWaiting = false;
    this.inFlight = "";
    this.limits = message.limits ?? {};
    if (changes) {
      for (const change of changes) this.change(change);
    } else {
      const isNew = this.confirmed.epoch !== null && this.confirmed.epoch !== epoch;
      this.confirmed = { epoch, version, value };
      if (this.frame.epoch === null) this.frame = this.confirmed;
      if (isNew) this.#leaveHistory();
      this.catchUp({ mine: false, kind: "open" });
      if (this.frame === this.confirmed) this.showAll({ mine: false, kind: "open" });
    }
    this.steps.knows(message);
    if (!this.queue.length) return;
    // The new connection does not know the answered entries that the others build on.
    this.queue = [.../** @type {Values} */ (this).own, ...this.queue];
    this.own = [];
  }

  /** @param {any} message */
  change(message) {
    if (!this.learn(message, message.ops)) return;
    const { id, version, kind, by, ops, acks = [] } = message;
    const answered = acks.filter((/** @type {any} */ ack) => this.steps.answered(ack) || this.#answered(ack));
    const entry = this.queue.find((each) => each.id === id);
    // A change does not tell what it has overwritten. So the entry is sent again, for its answer.
    if (entry) this.keep([Object.assign(entry, { accepted: version })]);
    const mine = Boolean(answered.length || entry || (id && this.steps.accepted(message)));
    if (!mine) {
      this.others.push({ version, by, paths: ops.map((/** @type {Op} */ op) => op.path) });
      // Another tab of this user made it.
      if (id || acks.length) this.steps.knows({ can_redo: kind !== "edit" });
    }
    this.catchUp({ mine, kind, by });
  }

  /** @param {any} message */
  ack(message) {
    const entry = this.queue.find(({ id }) => id === message.id);
    if (!message.duplicate && !this.learn(message, message.ops ?? entry?.ops ?? [])) return;
    const kind = this.steps.answered(message) ?? "edit";
    this.#answered(message);
    this.catchUp({ mine: true, kind });
  }

  /** Ends the entry that a message answers. Returns whether there is one. @param {any} ack */
  #answered(ack) {
    const entry = this.queue.find(({ id }) => id === ack.id);
    if (!entry) return false;
    if (this.inFlight === ack.id) this.inFlight = "";
    // Entries that were answered before stay in front of it, until they are sent again.
    if (entry === this.queue[0]) {
      this.queue = this.queue.slice(1);
      this.own.push(entry);
    }
    if (entry.answered !== undefined) return true;
    entry.answered = ack.version;
    this.keep([entry]);
    this.steps.knows({});
    const merged = [...(entry.merged ?? []), ...(ack.merged ?? [])];
    const conflicts = conflictsOf(ack, this.others);
    const state = conflicts.length ? "overwritten" : merged.length ? "merged" : "durable";
    this.emit({ do: "end", id: ack.id, state, result: { version: ack.version, merged, conflicts } });
    return true;
  }

  /** @param {any} message */
  reject(message) {
    if (this.inFlight === message.id) this.inFlight = "";
    if (this.steps.refused(message)) return;
    const entry = this.queue.find(({ id }) => id === message.id);
    if (!entry) return;
    if (!isFinal(message)) {
      entry.tries = (entry.tries ?? 0) + Number(message.code !== "storage_unavailable");
      this.keep([entry]);
      if (entry.tries < MOST_TRIES) {
        this.emit({ do: "state", id: entry.id, state: "retrying" });
        this.wait(message, entry.tries);
        return;
      }
    }
    const version = entry.answered ?? entry.accepted;
    // An entry that was sent again was accepted before.
    if (version !== undefined) this.#answered({ id: entry.id, version });
    else if (!isFinal(message)) this.refuse(entry, { ...message, message: `${TOO_OFTEN}${message.message}` }, "failed");
    else if (message.code === "unknown_version" && this.#renewed(entry)) return;
    else this.refuse(entry, message, "refused");
    this.catchUp({ mine: true, kind: "edit" });
  }

  /** @param {any} reject @param {number} tries */
  wait({ retry_after_ms }, tries) {
    this.isWaiting = true;
    this.emit({ do: "wait", tries, ms: retry_after_ms });
  }

  /** @param {{isHeld: boolean}} event */
  hold({ isHeld }) {
    this.isHeld = isHeld;
  }

  retry() {
    this.isWaiting = false;
  }

  /** @param {{code?: number}} event */
  closed({ code }) {
    const sent = this.waiting.find(({ id }) => id === this.inFlight);
    this.isOnline = this.isHeld = this.isWaiting = false;
    this.inFlight = "";
    if (!sent) return;
    if (code === 1009) this.refuse(sent, { code: "too_large", message: TOO_BIG }, "failed");
    else this.emit({ do: "state", id: sent.id, state: "retrying" });
  }

  /** Makes an entry whose base is too old on the newest value; false when this is not certain. @param {Entry} entry */
  #renewed(entry) {
    if (!this.isExact || entry !== this.queue[0]) return false;
    const { mine, confirmed } = this;
    const first = this.carryAll([entry], mine, confirmed.value, { isForced: false });
    if (!first) return false;
    this.dropEntries(this.own);
    const carried = this.carryAll(this.queue, mine, confirmed.value, { isForced: true });
    this.moveTo(carried ?? first, { mine: false, kind: "edit" });
    return true;
  }

  /** A new history has begun. No entry fits it. */
  #leaveHistory() {
    const reason = { code: "unknown_version", message: NEW_HISTORY };
    let value = this.mine;
    for (const entry of this.queue) {
      value = this.add(value, entry);
      if (entry.answered === undefined) this.end(entry, reason, "refused", value);
      else this.dropEntries([entry]);
    }
    this.queue = [];
  }

  // --- sending -------------------------------------------------------------------------------

  get #isFree() {
    return this.isOnline && !this.isHeld && !this.isWaiting && !this.inFlight;
  }

  /** Stores the edits of this tick, and sends the next request when none is in flight. */
  #next() {
    const [entry] = this.queue;
    const [ask] = this.steps.asks;
    const isAsking = ask && !entry?.sent && !ask.after.includes(entry?.id); // entries before it go first
    const isNext = entry && entry.base !== null && this.#isFree && !isAsking;
    const edited = this.queue.filter((each) => this.#edited.has(each) || (isNext && each === entry && !each.sent));
    this.#edited.clear();
    if (isNext) entry.sent = true;
    this.keep(edited);
    if (isAsking && this.#isFree) this.steps.send();
    if (!isNext || this.#writing.has(entry.id) || this.writes.has(entry)) return;
    const { id, base, ops, step, fence } = entry;
    this.inFlight = id;
    this.sentStep = step;
    if (entry.answered === undefined) this.emit({ do: "state", id, state: "sending" });
    this.emit({ do: "send", message: { type: "patch", id, base, ops, after: "", step, fence } });
  }
}
