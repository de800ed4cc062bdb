// The values of a document: the newest from the server, and the one that the user sees.

import { carry } from "../patch/carry.js";
import { apply, same } from "../patch/patch.js";

/** @typedef {import("../patch/patch.js").Op} Op */
/** @typedef {import("./entries.js").Entry} Entry */
/** @typedef {import("../patch/carry.js").Carried} Carried */
/** @typedef {import("./endings.js").Reason} Reason */
/** @typedef {{epoch: number | null, version: number, value: any}} Version */
/** @typedef {{do: string, [key: string]: any}} Effect */
/** @typedef {{version: number, by: any, paths: string[]}} Other a change of another author */
/** @typedef {{mine: boolean, kind: string, by?: any, others?: Other[]}} Info `others`: the changes of other authors that the value shows for the first time */

/** @typedef {{id: string, ops: Op[], now: number, step?: string, fence?: number}} Edit */

/**
 * @typedef {{type: "load", last?: Version, entries: Entry[]}
 *   | ({type: "edit"} & Edit)
 *   | {type: "undo", id: string, redo: boolean, scope?: string, version?: number, change?: string, now: number}
 *   | {type: "stored", ids: string[]}
 *   | {type: "opened" | "change" | "ack" | "reject", [field: string]: any}
 *   | {type: "closed", code?: number}
 *   | {type: "hold", isHeld: boolean}
 *   | {type: "forget", ids: string[]}
 *   | {type: "tick" | "retry"}} Event
 */

/** @type {Version} */
const NOTHING = { epoch: null, version: 0, value: undefined };

const DEPENDS = {
  code: "conflict",
  message: "it builds on a change that was refused",
};

/**
 * Invariant: `value` is the frame's value with the entries of `own`, and then of `queue`. All
 * entries of `own` and `queue` have the frame's version as base. When `isExact` is false, the
 * frame's value is another version. Then entries that the user adds have no base.
 */
export class Values {
  /** The newest value from the server. */
  confirmed = NOTHING;
  /** The value that the entries were made on. */
  frame = NOTHING;
  isExact = true;
  /** @type {Entry[]} answered entries that are not in the frame, oldest first */
  own = [];
  /** @type {Entry[]} the other entries, oldest first */
  queue = [];
  /** @type {any} the value that the user sees; undefined before the first value */
  value = undefined;
  /** @type {Other[]} changes of other authors that are not in the frame */
  others = [];
  /** @type {Op[]} the known operations from the frame to `confirmed` */
  since = [];
  /** @type {Effect[]} */
  effects = [];
  /** @type {Map<Entry, boolean>} entries to store, or else to remove, after this event */
  writes = new Map();

  /** @param {Effect} effect */
  emit(effect) {
    this.effects.push(effect);
  }

  /**
   * Applies a new version to `confirmed`. When it does not fit, asks for the whole value.
   * @param {{version: number, from?: number}} message
   * @param {Op[]} ops
   * @returns {boolean}
   */
  learn({ version, from = version }, ops) {
    const { confirmed } = this;
    if (version <= confirmed.version) return true;
    try {
      if (from > confirmed.version + 1) throw new Error(`version ${from - 1} is missing`);
      this.confirmed = { ...confirmed, version, value: apply(confirmed.value, ops) };
      this.since.push(...ops);
      return true;
    } catch (error) {
      this.emit({ do: "reload", reason: /** @type {Error} */ (error).message });
      return false;
    }
  }

  /** The value with the entries of `own`, but without those of `queue`. */
  get mine() {
    return this.addAll(this.frame.value, this.own);
  }

  /** @param {any} value @param {Info} info @param {Op[]} [ops] how the old value became this one, if it is known */
  show(value, info, ops) {
    const before = this.value;
    this.value = value;
    if (before !== value) this.emit({ do: "show", value, before, info, ops });
  }

  /** A value with an entry. On an uncertain frame, an entry that does not fit is left out. @param {any} value @param {Entry} entry */
  add(value, { ops }) {
    try {
      return apply(value, ops);
    } catch {
      return value;
    }
  }

  /** A value with entries. @param {any} value @param {Entry[]} entries @returns {any} */
  addAll(value, entries) {
    return entries.reduce((before, entry) => this.add(before, entry), value);
  }

  /** Computes the shown value again. @param {Info} info @param {Op[]} [ops] */
  showAll(info, ops) {
    this.show(this.addAll(this.mine, this.queue), info, ops);
  }

  /** The shown value before an entry of the queue. @param {Entry} entry */
  before(entry) {
    return this.addAll(this.mine, this.queue.slice(0, this.queue.indexOf(entry)));
  }

  /**
   * Moves the frame to the newest version when the entries can certainly be carried there.
   * Otherwise they keep their base, and the server rebases them.
   * @param {Info} info
   */
  catchUp(info) {
    const { queue, isExact, confirmed } = this;
    if (this.frame === confirmed && isExact) return;
    if (queue.some((entry) => entry.base !== null && (entry.sent || !isExact))) return;
    const carried = this.carryAll(queue, this.mine, confirmed.value, { isForced: !isExact });
    if (!carried) return;
    this.dropEntries(this.own);
    this.moveTo(carried, info);
  }

  /**
   * Makes the newest version the frame of these entries.
   * @param {Map<Entry, Carried>} carried
   * @param {Info} info
   */
  moveTo(carried, info) {
    const { epoch, version } = (this.frame = this.confirmed);
    const isAlone = !this.own.length && !this.queue.length;
    for (const [entry, { ops, merged }] of carried) {
      Object.assign(entry, { ops, epoch, base: version, sent: false });
      if (merged.length) entry.merged = [...(entry.merged ?? []), ...merged];
    }
    this.queue = [...carried.keys()];
    this.own = [];
    this.isExact = true;
    this.keep(this.queue);
    this.showAll({ ...info, others: this.others }, isAlone ? this.since : undefined);
    this.others = [];
    this.since = [];
  }

  /**
   * Carries entries from one value to another; null when one of them cannot be carried. With
   * `isForced`, such an entry is refused instead.
   * @param {Entry[]} entries
   * @param {any} from
   * @param {any} to
   * @param {{isForced: boolean, overwrite?: boolean}} options
   */
  carryAll(entries, from, to, { isForced, overwrite = false }) {
    /** @type {Map<Entry, Carried>} */
    const carried = new Map();
    if (same(from, to)) from = to;
    for (const entry of [...entries]) {
      const one = carry(entry.ops, from, to, isForced ? overwrite : null);
      if (one) {
        carried.set(entry, one);
        ({ from, to } = one);
      } else if (isForced) {
        from = this.add(from, entry);
        this.end(entry, DEPENDS, "refused", from);
      } else return null;
    }
    return carried;
  }

  /**
   * Ends an entry that was not accepted or was taken back, and the later entries that build on it.
   * @param {Entry} entry
   * @param {Reason | undefined} reason
   * @param {string} state
   */
  refuse(entry, reason, state) {
    const later = this.queue.slice(this.queue.indexOf(entry) + 1);
    if (this.isExact) {
      const to = this.before(entry);
      const from = this.add(to, entry);
      this.end(entry, reason, state, from);
      const carried = this.carryAll(later, from, to, { isForced: true, overwrite: true });
      for (const [each, { ops }] of carried ?? []) each.ops = ops;
      this.keep([...(carried?.keys() ?? [])]);
    } else {
      // Without the exact frame, it is not certain what the other stored entries mean.
      this.end(entry, reason, state, this.value);
      for (const each of later) if (each.base !== null) this.end(each, DEPENDS, "refused", this.value);
    }
    this.showAll({ mine: true, kind: state });
  }

  /**
   * Ends an entry that was not accepted, or was taken back. `value` is the value with it.
   * @param {Entry} entry
   * @param {Reason | undefined} reason
   * @param {string} state
   * @param {any} value
   */
  end(entry, reason, state, value) {
    this.queue = this.queue.filter((each) => each !== entry);
    this.dropEntries([entry]);
    const { version, value: theirs } = this.confirmed;
    const result = { version, merged: [], conflicts: [] };
    this.emit({ do: "end", id: entry.id, state, result, reason, entry: { ...entry }, value, theirs });
  }

  /** Stores the newest state of entries, together with all that this event changes. @param {Entry[]} entries */
  keep(entries) {
    for (const entry of entries) this.writes.set(entry, true);
  }

  /** @param {Entry[]} entries */
  dropEntries(entries) {
    for (const entry of entries) this.writes.set(entry, false);
  }
}
