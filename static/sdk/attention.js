// Changes that need a decision of the user: refused, failed, or written over another value.

import { WeftError } from "./errors.js";
import { get, PatchError } from "./patch.js";

/** @typedef {import("./patch.js").Op} Op */
/** @typedef {import("./change.js").Change} Change */

/**
 * @typedef {object} Stored
 * @property {string} id
 * @property {string} reason a code of the server, `overwritten`, or `lost` when a bound text had no place any more
 * @property {string} message a sentence for the user
 * @property {string} path
 * @property {any} yours
 * @property {any} theirs
 * @property {any} [by]
 * @property {number} [version]
 * @property {number} at when the change was made, in milliseconds
 * @property {Op[]} ops
 */

/** @typedef {Stored & {reapply: () => Change, takeTheirs: () => Change, discard: () => void}} Item */

export class Attention {
  /** @type {Item[]} oldest first; a new list when it changes */
  items = [];

  /** @param {import("./session.js").Session} session @param {import("./page.js").Page} page */
  constructor(session, page) {
    this.session = session;
    this.page = page;
    session.on("kept", (/** @type {Stored[]} */ stored) => this.#add(stored));
    for (const name of ["loaded", "adopted", "opened"]) session.on(name, () => void this.#load());
  }

  /** Keeps a text of the user that became no change. @param {{path: string, yours: string, theirs: any, message: string}} what */
  keep(what) {
    const { env, outbox } = this.session;
    const ops = [{ op: "replace", path: what.path, value: what.yours }];
    const item = { id: this.session.nextId(), reason: "lost", at: env.now(), ops, ...what };
    void outbox.write({ put: [], remove: [], items: [item] }).then(() => this.#add([item]));
  }

  async #load() {
    this.#add(await this.session.outbox.attention(), false);
  }

  /** @param {Stored[]} stored @param {boolean} [isNew] */
  #add(stored, isNew = true) {
    const known = new Set(this.items.map(({ id }) => id));
    const items = stored.filter(({ id }) => !known.has(id)).map((each) => this.#item(each));
    if (!items.length) return;
    this.#set([...this.items, ...items].sort((a, b) => a.at - b.at));
    if (!isNew) return;
    for (const item of items) this.session.emit(item.reason === "overwritten" ? "conflict" : "refused", item);
  }

  /** @param {Stored} stored @returns {Item} */
  #item(stored) {
    const discard = () => {
      this.#set(this.items.filter(({ id }) => id !== stored.id));
      this.session.outbox.forget(stored.id);
    };
    const write = (/** @type {Op[]} */ ops) => {
      const made = this.#patch(ops);
      discard();
      return made;
    };
    const { path, theirs } = stored;
    return {
      ...stored,
      discard,
      reapply: () => write(stored.ops),
      takeTheirs: () => write([{ op: "replace", path, value: theirs ?? null }]),
    };
  }

  /** @param {Op[]} ops */
  #patch(ops) {
    const { page } = this;
    const isGone = (/** @type {Op} */ op) => op.op === "replace" && get(page.value, op.path) === undefined;
    try {
      return page.patch(ops.map((op) => (isGone(op) ? { ...op, op: "add" } : op)));
    } catch (error) {
      if (!(error instanceof PatchError)) throw error;
      throw new WeftError("cannot_reapply", `the place of this change is gone (${error.message}): copy \`yours\`, then discard it`, error);
    }
  }

  /** @param {Item[]} items */
  #set(items) {
    this.items = items;
    this.session.emit("tray", items);
    this.session.emit("status");
  }
}

/**
 * The item of a change that was not accepted.
 * @param {import("./values.js").Effect} effect
 * @returns {Stored}
 */
export function refusedItem({ entry, reason, value, theirs: now }) {
  const path = reason.path ?? entry.ops[0]?.path ?? "";
  const conflict = reason.conflicts?.[0];
  const theirs = conflict && "theirs" in conflict ? conflict.theirs : get(now, path);
  // A splice fits only the text that it was made on, so the item has the whole text.
  const whole = (/** @type {Op} */ op) => ({ op: "replace", path: op.path, value: get(value, op.path) });
  const ops = entry.ops.map((/** @type {Op} */ op) => (op.op === "splice" ? whole(op) : op));
  const { code, message, by, version } = reason;
  return { id: entry.id, reason: code, message, path, yours: get(value, path), theirs, by, version, at: entry.time, ops };
}

/**
 * The items of a change that replaced values which its author had not seen.
 * @param {import("./values.js").Effect} effect
 * @param {number} at
 * @returns {Stored[]}
 */
export function overwrittenItems({ id, result }, at) {
  return (result?.conflicts ?? []).map((/** @type {any} */ { path, yours, theirs, by }, /** @type {number} */ index) => ({
    id: `${id}/${index}`,
    reason: "overwritten",
    message: `your change replaced a change of ${by?.name ?? "another user"}`,
    path,
    yours,
    theirs,
    by,
    version: result.version,
    at,
    ops: [{ op: "replace", path, value: yours }],
  }));
}
